//! What hundreds of saves cost a flash, in a region of exactly the pages that they need. `cargo test -p amc-tests wear
//! -- --nocapture` prints the figures of amc-store's README.

use crate::nor_flash::PowerCutFlash;
use amc_core::{Activation, Layer, Loss, Net, Objective};
use amc_store::Arithmetic;
use amc_store::flash::{Blocking, Store, buffer_limit, region_limit, region_minimum};
use amc_store::model::{self, Model};
use embassy_futures::block_on;

const SAVES: usize = 500;

type Region = fn(usize, usize, usize, usize) -> usize;

/// Bytes written for a byte of a model, saves for an erasure of each page, and bytes read in a save and in a load.
#[derive(Debug, PartialEq)]
struct Wear {
    region: usize,
    written_per_byte: f64,
    saves_per_erasure: f64,
    read_by_save: usize,
    read_by_load: usize,
}

fn wear<const WORD: usize, const PAGE: usize>(net: Net<'_>, piece: usize, region: Region) -> Wear {
    let objective = Objective::new(net, Loss::MeanSquaredError);
    let mut x = vec![0.0; net.parameters()];
    let length = Model::new(objective, Arithmetic::Portable, &x).length().unwrap();
    let region = region(length, piece, PAGE, WORD);
    let mut buffer = vec![0; buffer_limit(model::head_limit(&net), piece)];
    let mut flash = PowerCutFlash::<WORD, PAGE>::new(region / PAGE);
    let (mut read_by_save, mut read_by_load) = (0, 0);
    for save in 0..SAVES {
        x.fill(save as f32);
        let read = flash.read;
        let mut store = Store::new(Blocking(&mut flash), 0..region as u32, piece).unwrap();
        let model = Model::new(objective, Arithmetic::Portable, &x);
        block_on(store.save_model(&mut buffer, &model)).unwrap();
        read_by_save += flash.read - read;
        let (read, mut loaded) = (flash.read, vec![0.0; x.len()]);
        let mut store = Store::new(Blocking(&mut flash), 0..region as u32, piece).unwrap();
        assert!(block_on(store.load_model(&mut buffer, &objective, &mut loaded)).unwrap().is_some());
        assert!(loaded == x, "save {save}");
        read_by_load += flash.read - read;
    }
    // Pages of a half are worn alike.
    for half in flash.erased.chunks(region / PAGE / 2) {
        assert!(half.iter().max().unwrap() - half.iter().min().unwrap() <= 1, "{half:?}");
    }
    let item = |data: usize| (8_usize.next_multiple_of(WORD) + (2 + data).next_multiple_of(WORD)) / WORD;
    let (body, erased) = (length - 4, flash.erased.iter().sum::<usize>());
    let last = if body % piece > 0 { item(body % piece) } else { 0 };
    let items = SAVES * (body / piece * item(piece) + last + item(18));
    // Where nothing is copied, what is not an item of these saves marks a page.
    let marks = flash.operations - erased - items;
    let copies = region < region_limit(length, piece, PAGE, WORD);
    assert!(copies || marks <= 2 * (erased + region / PAGE), "{marks} words beside the items");
    Wear {
        region,
        written_per_byte: ((flash.operations - erased) * WORD) as f64 / (SAVES * length) as f64,
        saves_per_erasure: SAVES as f64 / (erased as f64 / (region / PAGE) as f64),
        read_by_save: read_by_save / SAVES,
        read_by_load: read_by_load / SAVES,
    }
}

const TANH: Activation = Activation::Tanh;
const SMALL: Net<'static> = Net::new(4, &[Layer::dense(8, TANH), Layer::dense(1, Activation::Linear)]);
const DIGITS: Net<'static> = Net::new(64, &[Layer::dense(32, TANH), Layer::dense(10, Activation::Linear)]);

#[test]
fn hundreds_of_saves() {
    let twice: Region = |length, piece, page, word| 2 * region_limit(length, piece, page, word);
    for (what, wear) in [
        ("49 parameters, pages of 1024, words of 4, pieces of 240", wear::<4, 1024>(SMALL, 240, region_limit)),
        ("the same, twice the region", wear::<4, 1024>(SMALL, 240, twice)),
        ("the same, the smallest region", wear::<4, 1024>(SMALL, 240, region_minimum)),
        ("49 parameters, pages of 256, words of 1, pieces of 60", wear::<1, 256>(SMALL, 60, region_limit)),
        ("49 parameters, pages of 512, words of 32, pieces of 64", wear::<32, 512>(SMALL, 64, region_limit)),
        ("2410 parameters, pages of 4096, words of 4, pieces of 496", wear::<4, 4096>(DIGITS, 496, region_limit)),
        ("the same, twice the region", wear::<4, 4096>(DIGITS, 496, twice)),
        ("the same, the smallest region", wear::<4, 4096>(DIGITS, 496, region_minimum)),
        ("the same, pieces of 240", wear::<4, 4096>(DIGITS, 240, region_limit)),
        ("the same, pieces of 2032", wear::<4, 4096>(DIGITS, 2032, region_limit)),
        ("2410 parameters, pages of 2048, words of 8, pieces of 492", wear::<8, 2048>(DIGITS, 492, region_limit)),
        ("2410 parameters, pages of 8192, words of 16, pieces of 496", wear::<16, 8192>(DIGITS, 496, region_limit)),
    ] {
        println!("{what}: {wear:?}");
    }
}
