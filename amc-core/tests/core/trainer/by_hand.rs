//! The same moves by hand.

use amc_core::batch::{Minibatch, Progressive};
use amc_core::chain::{Chain, Decision, Memory};
use amc_core::trainer::{Batches, Buffers, GrowingBatch};
use amc_core::{Generator, Measurements, Rows, Samples, Score, Targets};

use crate::trainer::{
    BATCH, Data, LANES, MOVES, NET, OBJECTIVE, Place, Room, SAMPLES, Setting, buffers, place, settings,
};

/// A chain, and what its moves take.
struct ByHand<'m> {
    chain: Chain<'m, Generator>,
    gathered: &'m mut [f32],
    scratch: &'m mut [f32],
}

fn score(x: &[f32], samples: &Samples<'_, Rows<'_, f32>>, signal: &mut [f32], scratch: &mut [f32]) -> f32 {
    if let Some(inputs) = signal.first_mut() {
        *inputs = OBJECTIVE.input_signal(LANES, samples);
    }
    OBJECTIVE.evaluate(LANES, x, samples, scratch, Measurements { signal, correct: false }).unwrap().loss
}

impl<'m> ByHand<'m> {
    fn new(setting: Setting, (buffers, rng): (Buffers<'m>, Generator), first: &Samples<'_, Rows<'_, f32>>) -> Self {
        let Buffers { parameters, proposed, centres, signal, gathered, scratch, .. } = buffers;
        let (signal, gathered) = if setting.signal_norm { (signal, gathered) } else { (&mut [][..], &mut [][..]) };
        let loss = score(parameters, first, signal, scratch);
        gathered.copy_from_slice(signal);
        let memory = if setting.in_place { Memory::in_place(parameters) } else { Memory::new(parameters, proposed) };
        let memory = memory.centres(centres);
        let memory = if setting.signal_norm { memory.signal_norm(NET, signal) } else { memory };
        Self { chain: Chain::new(memory, setting.options, rng, loss).unwrap(), gathered, scratch }
    }

    /// A move, without early rejection.
    fn make(&mut self, samples: &Samples<'_, Rows<'_, f32>>) -> (Decision, u32) {
        let proposal = self.chain.propose(LANES);
        let measurements = Measurements { signal: self.gathered, correct: true };
        let Score { loss, correct } =
            OBJECTIVE.evaluate(LANES, proposal.parameters(), samples, self.scratch, measurements).unwrap();
        (proposal.decide_with(loss, self.gathered), correct)
    }

    fn rescore(&mut self, samples: &Samples<'_, Rows<'_, f32>>) {
        let loss = score(self.chain.parameters(), samples, self.gathered, self.scratch);
        self.chain.rescore_with(loss, self.gathered).unwrap();
    }
}

/// The places after every move of a trainer on `$batches`.
macro_rules! places {
    ($trainer:expr) => {
        (0..MOVES)
            .map(|_| {
                $trainer.step();
                place($trainer.chain())
            })
            .collect::<Vec<Place>>()
    };
}

/// Whether accepted and rejected moves, and resets, were made.
fn check_variety(places: &[Place]) {
    let counters = places.last().unwrap().4;
    assert!(counters.accepted > 10 && counters.resets > 1 && counters.accepted < MOVES * 4 / 5, "{counters:?}");
}

#[test]
fn on_all_samples() {
    let (data, mut memory) = (Data::new(), Vec::new());
    for setting in settings() {
        let mut by_hand = ByHand::new(setting, buffers(setting, &mut memory), &data.samples());
        let places = with_trainer!(setting, data.samples(), |trainer| places!(trainer));
        for (step, place_of_trainer) in places.iter().enumerate() {
            by_hand.make(&data.samples());
            assert_eq!(*place_of_trainer, place(&by_hand.chain), "step {step} of {setting:?}");
        }
        check_variety(&places);
    }
}

#[test]
fn on_random_batches() {
    let (data, mut memory) = (Data::new(), Vec::new());
    let all = data.samples();
    let Targets::Classes(classes) = all.targets else { panic!("classes") };
    for setting in settings().into_iter().filter(|setting| setting.signal_norm) {
        let mut order = vec![0; SAMPLES];
        let (mut subsets, mut rng) = (Minibatch::new(BATCH, &mut order), crate::trainer::batch_rng());
        let mut draw = || -> (Vec<f32>, Vec<u8>) {
            let drawn = subsets.draw(&mut rng).iter().map(|sample| *sample as usize);
            let row = |sample: usize| data.features[2 * sample..][..2].to_vec();
            drawn.map(|sample| (row(sample), classes[sample])).fold(
                Default::default(),
                |(mut rows, mut all), (row, class)| {
                    rows.extend(row);
                    all.push(class);
                    (rows, all)
                },
            )
        };
        fn batch(drawn: &(Vec<f32>, Vec<u8>)) -> Samples<'_, Rows<'_, f32>> {
            Samples { features: Rows::new(&drawn.0, 2, 1.0), targets: Targets::Classes(&drawn.1) }
        }

        let mut drawn = draw();
        let mut by_hand = ByHand::new(setting, buffers(setting, &mut memory), &batch(&drawn));
        let mut room = Room::new();
        let places = trainer_of!(with_signal_norm, setting, room.random(&data), |trainer| places!(trainer));
        for (step, place_of_trainer) in places.iter().enumerate() {
            if step > 0 {
                drawn = draw();
                by_hand.rescore(&batch(&drawn));
            }
            by_hand.make(&batch(&drawn));
            assert_eq!(*place_of_trainer, place(&by_hand.chain), "step {step} of {setting:?}");
        }
        check_variety(&places);
    }
}

#[test]
fn on_a_batch_that_grows() {
    let (data, mut memory) = (Data::new(), Vec::new());
    for setting in settings().into_iter().filter(|setting| setting.signal_norm) {
        let mut policy = Progressive::new(10, SAMPLES);
        let first = data.samples().first(policy.size());
        let mut by_hand = ByHand::new(setting, buffers(setting, &mut memory), &first);
        let batches = GrowingBatch::new(data.samples(), 10);
        let places = trainer_of!(with_signal_norm, setting, batches, |trainer| places!(trainer));
        assert_eq!(batches.samples().len(), 10);
        for (step, place_of_trainer) in places.iter().enumerate() {
            let (decision, correct) = by_hand.make(&data.samples().first(policy.size()));
            if decision == Decision::Accepted && policy.update(correct) {
                by_hand.rescore(&data.samples().first(policy.size()));
                by_hand.chain.restart();
            }
            assert_eq!(*place_of_trainer, place(&by_hand.chain), "step {step} of {setting:?}");
        }
        assert!(policy.size() > 20, "{} samples", policy.size());
    }
}
