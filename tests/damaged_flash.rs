//! Bytes that keep their bits, and bits that are lost: what is found was saved, and saving goes on.

use crate::chip::{Chip, Error, Flash, N, Ram, Stage};
use crate::nor_flash::Cut;
use amc_core::Generator;
use amc_store::flash::{Blocking, Store, StoreError};
use rand_core::{Rng, SeedableRng};

/// Three saves of a chain, and where training stood.
fn three_saves<const WORD: usize, const PAGE: usize>(chip: &Chip<WORD, PAGE>) -> (Flash<WORD, PAGE>, Vec<Stage>) {
    let (mut flash, mut ram) = (Flash::new(chip.pages), Ram::new());
    let (mut state, mut stages) = (ram.begin(), Vec::new());
    for stage in 0..5 {
        if stage < 3 {
            chip.save(&mut flash, &mut ram, &state).unwrap();
        }
        stages.push(ram.stage(state.clone()));
        state = ram.resume(state);
    }
    (flash, stages)
}

/// Bytes that keep their bits: what was saved before is there, or what was to be saved, on other bytes.
#[test]
fn a_worn_out_flash_keeps_what_it_had() {
    let chip = Chip::<4, 64>::new(24);
    let (flash, stages) = three_saves(&chip);
    let (mut ram, state) = chip.load(&mut flash.clone());
    let state = ram.resume(state.unwrap());
    let (mut refused, mut moved) = (0, 0);
    let mut sound = flash.clone();
    chip.save(&mut sound, &mut ram, &state).unwrap();
    for byte in 64..flash.bytes.len() {
        let mut flash = flash.clone();
        flash.stuck = Some(byte);
        let kept = match chip.save(&mut flash, &mut ram, &state) {
            Ok(()) => {
                moved += usize::from(flash.erased != sound.erased);
                3
            }
            Err(error) => {
                assert!(matches!(error, Error::Written | Error::Full | Error::Corrupted), "byte {byte}: {error}");
                refused += 1;
                2
            }
        };
        let (loaded, found) = chip.load(&mut flash);
        assert!(loaded.stage(found.unwrap()) == stages[kept], "byte {byte}");
    }
    assert!(refused > 50 && moved > 50, "{refused} bytes are in the way, {moved} are gone round");
}

/// Bits that are lost later: the save before is found, and nothing that is damaged; saving goes on.
#[test]
fn a_save_that_rots_gives_way_to_the_one_before() {
    let chip = Chip::<4, 64>::new(24);
    let (flash, stages) = three_saves(&chip);
    let mut rotten = 0;
    for byte in 64..flash.bytes.len() {
        for bit in 0..8 {
            let mut flash = flash.clone();
            flash.bytes[byte] ^= 1 << bit;
            let (loaded, found) = chip.load(&mut flash);
            rotten += usize::from(loaded.stage(found.unwrap()) == stages[1]);
            chip.recover(flash.clone(), &stages, 2, (byte, Cut::Before));
            // The one that is left is not what the next save writes over: power fails in that.
            let (mut ram, state) = chip.load(&mut flash);
            let state = ram.resume(state.unwrap());
            flash.fail_after(100, Cut::Within);
            chip.save(&mut flash, &mut ram, &state).unwrap_err();
            let (left, found) = chip.load(&mut flash);
            assert!(stages[1..3].contains(&left.stage(found.expect("a save is left"))), "byte {byte}");
        }
    }
    // The parameters and centres at least; the head's pieces may be there twice, from the save before the last.
    assert!(rotten > 8 * 4 * 2 * N, "{rotten} bits of the newest");
}

/// Bytes anywhere that are anything: what is found was saved, and saving goes on.
#[test]
fn damage_everywhere() {
    let chip = Chip::<4, 64>::new(24);
    let (flash, stages) = three_saves(&chip);
    let mut rng = Generator::seed_from_u64(5);
    for round in 0..3000 {
        let mut flash = flash.clone();
        for _ in 0..1 << (round % 8) {
            let at = rng.next_u32() as usize % flash.bytes.len();
            flash.bytes[at] = if round % 16 < 8 { rng.next_u32() as u8 } else { 0xff };
        }
        let (mut loaded, found) = chip.load(&mut flash);
        let state = match found {
            Some(state) => {
                assert!(stages[..3].contains(&loaded.stage(state.clone())), "round {round}");
                loaded.resume(state)
            }
            None => loaded.begin(),
        };
        chip.save(&mut flash, &mut loaded, &state).unwrap();
        let (again, found) = chip.load(&mut flash);
        assert!(again.stage(found.unwrap()) == loaded.stage(state), "round {round}");
    }
}

/// Firmware whose pieces are of another size finds what was saved, and saves in its turn.
#[test]
fn pieces_of_another_size() {
    let chips = [52, 20].map(Chip::<4, 128>::new);
    let pages = chips[0].pages.max(chips[1].pages);
    let chips = chips.map(|chip| Chip { pages, buffer: chips[0].buffer, ..chip });
    let (mut flash, mut ram) = (Flash::new(pages), Ram::new());
    let (mut state, mut stages) = (ram.begin(), vec![]);
    for stage in 0..9 {
        stages.push(ram.stage(state.clone()));
        let mut after = flash.clone();
        let chip = chips[stage / 2 % 2];
        chip.save(&mut after, &mut ram, &state).unwrap();
        for at in 0..after.operations - flash.operations {
            let mut flash = flash.clone();
            flash.fail_after(at, Cut::Within);
            chip.save(&mut flash, &mut ram, &state).unwrap_err();
            let (loaded, found) = chips[at % 2].load(&mut flash);
            let found = found.map(|state| loaded.stage(state));
            let allowed = [stage.checked_sub(1), Some(stage)].map(|at| at.map(|at| stages[at].clone()));
            assert!(allowed.contains(&found), "stage {stage}, operation {at}");
        }
        flash = after;
        state = ram.resume(state);
    }
}

#[test]
fn regions_pieces_and_buffers_that_cannot_serve_are_refused() {
    let new = |from, to, piece| {
        let store = Store::new(Blocking(Flash::<4, 64>::new(10)), from..to, piece);
        store.map(|_| ()).unwrap_err().to_string()
    };
    for (from, to) in [(0, 192), (0, 320), (32, 288), (0, 250), (0, 768), (640, 0), (0, 0)] {
        let error = new(from, to, 24);
        assert!(error.contains(&format!("{from:#x}..{to:#x} is not 4 or more pages")), "{error}");
    }
    for piece in [0, 16, 22, 48, 1 << 20] {
        let error = new(0, 640, piece);
        assert!(error.contains(&format!("pieces of {piece} bytes")) && error.contains("to the 44"), "{error}");
    }
    let words = |error| matches!(error, Err(StoreError::Words { .. }));
    assert!(words(Store::new(Blocking(Flash::<64, 256>::new(4)), 0..1024, 24).map(|_| ())));
    assert!(words(Store::new(Blocking(Flash::<4, 96, 12>::new(4)), 0..384, 24).map(|_| ())));

    let chip = Chip::<4, 64>::new(24);
    let (mut ram, mut flash) = (Ram::new(), Flash::new(chip.pages));
    let (state, untouched) = (ram.begin(), flash.bytes.clone());
    let small = Chip { pages: chip.pages - 4, ..chip };
    let error = small.save(&mut flash, &mut ram, &state).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { region, .. } if region == 64 * (chip.pages - 5)), "{error}");
    for buffer in [0, 31, 64] {
        let error = Chip { buffer, ..chip }.save(&mut flash, &mut ram, &state).unwrap_err();
        assert!(error.to_string().starts_with("buffer: "), "{error}");
    }
    assert_eq!(flash.bytes, untouched);
    chip.save(&mut flash, &mut ram, &state).unwrap();
    for buffer in [0, 31, 64] {
        let error = Chip { buffer, ..chip }.try_load(&mut flash).unwrap_err();
        assert!(error.to_string().starts_with("buffer: "), "{error}");
    }
}
