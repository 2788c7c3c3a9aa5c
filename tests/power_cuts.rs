//! Power fails at every write and at every erasure of a save: what was saved before is there, or what was to be saved,
//! and training goes on with the right bits.

use crate::chip::{CUTS, Chip, Flash, N, NET, Ram, XOR};
use amc_core::Generator;
use amc_store::Arithmetic;
use amc_store::flash::{Blocking, Store, buffer_limit, region_minimum};
use amc_store::model::{self, Model};
use amc_store::snapshot::{Expected, Slices};
use embassy_futures::block_on;

/// Pages smaller than the head of the chain, of one item each.
#[test]
fn words_of_4_bytes_in_pages_of_64() {
    let chip = Chip::<4, 64>::new(24);
    chip.cut_everywhere(Flash::new(chip.pages), 6, true);
}

/// What was on the chip is no map, and stays in the way until a half is erased.
#[test]
fn a_chip_of_garbage() {
    let chip = Chip::<4, 128>::new(52);
    chip.cut_everywhere(Flash::garbage(chip.pages), 4, true);
}

#[test]
fn words_of_1_byte() {
    let chip = Chip::<1, 128>::new(40);
    chip.cut_everywhere(Flash::new(chip.pages), 5, false);
}

#[test]
fn words_of_8_bytes_that_are_read_in_ones() {
    let chip = Chip::<8, 256, 1>::new(100);
    chip.cut_everywhere(Flash::new(chip.pages), 6, true);
}

#[test]
fn words_of_32_bytes() {
    let chip = Chip::<32, 512>::new(64);
    chip.cut_everywhere(Flash::new(chip.pages), 8, true);
}

/// Several saves to a page, and the smallest region there is.
#[test]
fn words_of_4_bytes_in_pages_of_1024() {
    let chip = Chip::<4, 1024, 1>::new(240);
    assert_eq!(chip.pages, 5);
    chip.cut_everywhere(Flash::new(chip.pages), 14, true);
}
#[test]
fn a_model_is_whole_or_the_one_before() {
    const PIECE: usize = 32;
    const REGION: usize = region_minimum(model::length_limit(&NET), PIECE, 64, 4);
    let mut buffer = [0; buffer_limit(model::head_limit(&NET), PIECE)];
    fn store(flash: &mut Flash<4, 64>) -> Store<Blocking<&mut Flash<4, 64>>> {
        Store::new(Blocking(flash), 0..REGION as u32, PIECE).unwrap()
    }
    let save = |flash: &mut Flash<4, 64>, value: f32| {
        let parameters = [value; N];
        let model = Model::new(XOR, Arithmetic::Portable, &parameters);
        block_on(store(flash).save_model(&mut buffer.clone(), &model))
    };
    let load = |flash: &mut Flash<4, 64>| {
        let mut x = [0.0; N];
        let found = block_on(store(flash).load_model(&mut buffer.clone(), &XOR, &mut x)).unwrap();
        found.map(|arithmetic| {
            assert!(arithmetic == Arithmetic::Portable && x == [x[0]; N]);
            x[0]
        })
    };
    let mut flash = Flash::new(REGION / 64);
    assert_eq!(load(&mut flash), None);
    for value in 1..6 {
        let mut after = flash.clone();
        save(&mut after, value as f32).unwrap();
        for (at, cut) in (0..after.operations - flash.operations).flat_map(|at| CUTS.map(|cut| (at, cut))) {
            let mut flash = flash.clone();
            flash.fail_after(at, cut);
            assert!(save(&mut flash, value as f32).is_err());
            flash.power_on();
            let found = load(&mut flash).unwrap_or(0.0);
            assert!(found == value as f32 || found == value as f32 - 1.0, "{value}, operation {at}, {cut:?}: {found}");
        }
        flash = after;
    }
    // A chain is not taken for it, and the last two are there to be copied.
    let mut store = store(&mut flash);
    let (mut ram, expected) =
        (Ram::new(), Expected { arithmetic: Arithmetic::Portable, objective: None, options: None });
    let slices = Slices { parameters: &mut ram.x, centres: &mut ram.mu, signal: &mut ram.signal, streams: &mut [] };
    let error = block_on(store.load_chain::<Generator>(&mut buffer, &expected, slices)).unwrap_err();
    assert!(error.to_string().contains("not a chain"), "{error}");
    let saved = block_on(store.saved(&mut buffer)).unwrap();
    assert_eq!(saved.map(|saved| saved.unwrap().generation()), [5, 4]);
    for saved in saved.into_iter().flatten() {
        let mut file = vec![0; saved.length()];
        block_on(store.copy(&mut buffer, &saved, &mut file)).unwrap();
        let stored = model::Stored::parse(&file).unwrap();
        assert!(stored.parameters().eq([saved.generation() as f32; N]));
    }
}
