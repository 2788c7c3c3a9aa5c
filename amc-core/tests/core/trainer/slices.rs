//! Training in slices.

use amc_core::chain::{ChainError, Grid, Options};
use amc_core::sums::BLOCK;
use amc_core::trainer::{ACTIVATION, GAUSSIAN, GrowingBatch, TrainerError};

use crate::trainer::{Data, MOVES, NET, Place, Room, SAMPLES, Setting, place, settings};

/// The places after every step.
macro_rules! by_steps {
    ($trainer:expr) => {
        (0..MOVES)
            .map(|_| {
                $trainer.step();
                place($trainer.chain())
            })
            .collect::<Vec<Place>>()
    };
}

/// The places after every decision in slices of a piece; none where samples that have changed are not scored yet.
macro_rules! by_slices {
    ($trainer:expr) => {{
        let mut places = Vec::<Place>::new();
        while $trainer.chain().counters().steps < MOVES {
            let largest = $trainer.largest_piece();
            let spent = $trainer.slice(0);
            assert!(spent > 0 && spent <= largest.max($trainer.largest_piece()), "{spent}");
            let steps = $trainer.chain().counters().steps;
            // In place the current parameters are back when a move is decided.
            if steps > places.last().map_or(0, |place| place.4.steps) && $trainer.at_rest().is_some() {
                places.push(place($trainer.chain()));
            }
        }
        places
    }};
}

#[test]
fn slices_of_a_piece_make_the_same_moves() {
    let data = Data::new();
    for setting in settings() {
        let steps = with_trainer!(setting, data.samples(), |trainer| by_steps!(trainer));
        let slices = with_trainer!(setting, data.samples(), |trainer| by_slices!(trainer));
        assert_eq!(slices, steps, "{setting:?}");
    }
}

#[test]
fn slices_make_the_same_moves_on_batches_that_change() {
    let data = Data::new();
    for setting in settings().into_iter().filter(|setting| setting.signal_norm) {
        let mut rooms = [Room::new(), Room::new()];
        let [room, again] = &mut rooms;
        let batches = GrowingBatch::new(data.samples(), 10);
        let both = [
            (
                trainer_of!(with_signal_norm, setting, batches, |trainer| by_steps!(trainer)),
                trainer_of!(with_signal_norm, setting, batches, |trainer| by_slices!(trainer)),
            ),
            (
                trainer_of!(with_signal_norm, setting, room.random(&data), |trainer| by_steps!(trainer)),
                trainer_of!(with_signal_norm, setting, again.random(&data), |trainer| by_slices!(trainer)),
            ),
        ];
        for (steps, slices) in both {
            assert!(slices.len() > MOVES as usize * 9 / 10, "{} places of {setting:?}", slices.len());
            for place in slices {
                assert_eq!(place, steps[place.4.steps as usize - 1], "{setting:?}");
            }
        }
    }
}

#[test]
fn larger_slices_make_the_same_moves_and_as_many_as_fit() {
    let data = Data::new();
    let setting = Setting { options: Options::new(0.1).n_reset(4), in_place: false, signal_norm: true };
    let (multiply_adds, activations) = NET.operations();
    assert_eq!((multiply_adds, activations), (2 * 5 + 5 * 2, 7));
    let sample = multiply_adds + ACTIVATION * activations;
    let (draw, decide) = (NET.parameters() * GAUSSIAN, 2 * NET.parameters());
    let last = SAMPLES % BLOCK * sample + decide;
    let one = draw + 2 * (BLOCK * sample + decide) + last;
    trainer_of!(with_signal_norm, setting, data.samples(), |trainer| {
        assert_eq!(trainer.largest_piece(), (BLOCK * sample + decide).max(draw));
        // A draw and a block, then one block, which is all that fits, then what is left.
        assert_eq!(trainer.slice(draw + BLOCK * sample + decide), draw + BLOCK * sample + decide);
        assert_eq!(trainer.slice(BLOCK * sample + decide + last - 1), BLOCK * sample + decide);
        assert_eq!(trainer.chain().counters().steps, 0);
        assert_eq!(trainer.slice(last + draw - 1), last);
        assert_eq!(trainer.chain().counters().steps, 1);
    });
    let end = trainer_of!(with_signal_norm, setting, data.samples(), |trainer| {
        trainer.fit(|now| now.counters.steps == 40);
        place(trainer.chain())
    });
    trainer_of!(with_signal_norm, setting, data.samples(), |trainer| {
        let mut slices = 0;
        while trainer.chain().counters().steps < 40 {
            let before = trainer.chain().counters().steps;
            let spent = trainer.slice(10 * one);
            assert!(spent <= 10 * one);
            slices += 1;
            // As many moves as fit, or more, where some are given up early.
            assert!(trainer.chain().counters().steps >= before + 9);
        }
        assert!(slices <= 4);
        assert!(trainer.chain().counters().steps >= end.4.steps);
    });
}

#[test]
fn no_samples_are_no_work_and_new_ones_are_scored_first() {
    let data = Data::new();
    let setting = Setting { options: Options::new(0.1).n_reset(4), in_place: false, signal_norm: false };
    trainer_of!(new, setting, data.samples(), |trainer| {
        trainer.slice(0);
        trainer.slice(0);
        trainer.change_batches(|samples| *samples = data.samples().first(0));
        let before = place(trainer.chain());
        assert_eq!(trainer.slice(1_000_000), 0);
        assert_eq!(place(trainer.chain()), before);
        let few = data.samples().first(BLOCK + 1);
        trainer.change_batches(|samples| *samples = few);
        let expected = trainer.evaluate(&few).unwrap().loss;
        assert!(trainer.slice(0) > trainer.slice(0), "one sample in the second block");
        assert_eq!((trainer.loss(), trainer.chain().counters().steps), (expected, 0));
    });
}

#[test]
fn in_place_nothing_is_predicted_while_a_move_is_suspended() {
    let data = Data::new();
    let options = Options::new(0.1).n_reset(4).grid(Grid::DEFAULT);
    for in_place in [false, true] {
        let setting = Setting { options, in_place, signal_norm: false };
        trainer_of!(new, setting, data.samples(), |trainer| {
            let mut outputs = [[0.0; 2]; 3];
            let [before, between, after] = &mut outputs;
            trainer.predict(&[0.1, 0.2], before).unwrap();
            trainer.slice(0);
            trainer.slice(0);
            let suspended = trainer.predict(&[0.1, 0.2], between);
            match in_place {
                true => assert_eq!(suspended, Err(TrainerError::Chain(ChainError::Undecided))),
                false => assert_eq!((suspended, &*between), (Ok(()), &*before)),
            }
            assert!(trainer.at_rest().is_some());
            trainer.predict(&[0.1, 0.2], after).unwrap();
            assert_eq!(before, after);
        });
    }
}
