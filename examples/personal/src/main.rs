//! A classifier of eight digits learns two more from fifty images, five of each class: a head of ten classes is trained on
//! what the layers before it make of them. These stay in flash, a byte for a weight.
#![no_std]
#![no_main]

use amc_core::chain::{Options, TrainingMemory};
use amc_core::trainer::{IntoObjective, Trainer};
use amc_core::{Activation, Body, Generator, Layer, Loss, Net, Objective, Rows, Samples, Targets, Tiles};
use amc_cortex_m::CortexM;
use amc_firmware::golden::{IMAGES, PIXELS, stored};
use amc_firmware::timer::Stopwatch;
use amc_firmware::{board, report};
use cortex_m_rt::entry;
use model::{BODY, FROZEN, HEAD, HEAD_PARAMETERS, OBJECTIVE};
use rand_core::SeedableRng;
use static_cell::ConstStaticCell;

/// The net, as `amc export --rust --frozen i8` writes it.
mod model {
    include!("model.rs");
}

const UNITS: usize = BODY.outputs();
/// Classes that the net was trained on, and those that it is to know.
const KNOWN: usize = HEAD.outputs();
const CLASSES: usize = 10;
/// The head that is trained.
const NEW: Net<'static> = Net::new(UNITS, &[Layer::dense(CLASSES, Activation::Softmax)]);

/// Samples that the head is trained on together; of the body it is one.
const TILE: usize = 4;
const LANES: CortexM<TILE> = CortexM;
const ONE: CortexM<1> = CortexM;
const NEEDS: TrainingMemory = NEW.memory(TILE).signal_norm();
const OPTIONS: Options = Options::new(0.05).n_reset(20);
/// The loss at which it ends: further on it learns its fifty images by heart.
const ENOUGH: f32 = 0.01;
const MOST_MOVES: u64 = 4000;

/// Images to learn, of each class: the first that there are.
const OF_EACH: usize = 5;
const LEARNED: usize = OF_EACH * CLASSES;
/// Images that it is tried on: the last so many.
const HELD_OUT: usize = 360;
/// Per cent of them that have to be recognised.
const DEMANDED: usize = 80;

const FIT: &str = "nets, images and memory fit together";

/// The new head and its loss, known when the program is compiled.
#[derive(Clone, Copy)]
struct NewHead;

impl<'a> IntoObjective<'a> for NewHead {
    #[inline(always)]
    fn objective(self) -> Objective<'a> {
        Objective::new(NEW, Loss::MeanSquaredError)
    }
}

const FEATURES: usize = Body::numbers(&BODY, LEARNED, TILE);

/// What the body makes of the images to learn, and what training them takes.
struct Memory {
    features: [f32; FEATURES],
    training: [f32; NEEDS.numbers()],
}

static MEMORY: ConstStaticCell<Memory> =
    ConstStaticCell::new(Memory { features: [0.0; FEATURES], training: [0.0; NEEDS.numbers()] });
static SCRATCH: ConstStaticCell<[f32; Body::scratch(&BODY, 1)]> = ConstStaticCell::new([0.0; Body::scratch(&BODY, 1)]);

/// The layers that stay.
struct Eyes {
    body: Body<'static>,
    scratch: &'static mut [f32],
}

impl Eyes {
    /// What they make of an image, and its class.
    fn see(&mut self, image: usize, features: &mut [f32]) -> u8 {
        let (pixels, label) = stored(image, 1);
        let rows = Rows::new(pixels, PIXELS, 1.0 / 16.0);
        self.body.features(ONE, &rows, self.scratch, features).expect(FIT);
        label[0]
    }

    /// The held-out images that are recognised, by the outputs that `head` makes of features.
    fn right(&mut self, mut head: impl FnMut(&[f32], &mut [f32; CLASSES])) -> usize {
        let recognised = |image: &usize| {
            let (mut features, mut outputs) = ([0.0; UNITS], [f32::NEG_INFINITY; CLASSES]);
            let class = self.see(*image, &mut features);
            head(&features, &mut outputs);
            let own = outputs[usize::from(class)];
            outputs.iter().enumerate().all(|(other, y)| own > *y || other == usize::from(class))
        };
        (IMAGES - HELD_OUT..IMAGES).filter(recognised).count()
    }
}

#[entry]
fn main() -> ! {
    let mut eyes = Eyes { body: Body::try_stored(BODY, FROZEN).expect(FIT), scratch: SCRATCH.take() };
    let old = Objective::new(HEAD, OBJECTIVE.loss());
    let before = eyes.right(|features, outputs| {
        let mut scratch = [0.0; HEAD.scratch(1)];
        let made = old.predict(ONE, &HEAD_PARAMETERS, &Rows::new(features, UNITS, 1.0), 0, &mut scratch).expect(FIT);
        outputs[..KNOWN].copy_from_slice(made);
    });
    report!("before: {before} of {HELD_OUT} right, by a head that knows {KNOWN} of {CLASSES} classes");

    let Memory { features, training } = MEMORY.take();
    let (mut classes, mut of_class, mut image) = ([0; LEARNED], [0; CLASSES], 0);
    for (sample, label) in classes.iter_mut().enumerate() {
        // The next one of a class that has not enough.
        while of_class[usize::from(stored(image, 1).1[0])] == OF_EACH {
            image += 1;
        }
        let mut seen = [0.0; UNITS];
        *label = eyes.see(image, &mut seen);
        // A tile after another, and in a tile a feature after another.
        for (unit, x) in seen.into_iter().enumerate() {
            features[(sample / TILE * UNITS + unit) * TILE + sample % TILE] = x;
        }
        of_class[usize::from(*label)] += 1;
        image += 1;
    }
    let buffers = NEEDS.cut(training).expect(FIT);
    // Neurons of classes that it knows go on from what they are, and the others from 0; the biases follow the weights.
    for (new, old) in buffers.parameters.chunks_exact_mut(CLASSES).zip(HEAD_PARAMETERS.chunks_exact(KNOWN)) {
        new[..KNOWN].copy_from_slice(old);
    }
    let samples = Samples { features: Tiles::new(features, LEARNED, UNITS, 1.0), targets: Targets::Classes(&classes) };
    let rng = Generator::seed_from_u64(3);
    let mut trainer = Trainer::with_signal_norm(NewHead, LANES, samples, buffers, OPTIONS, rng).expect(FIT);
    let (mut instructions, mut moves) = (0_u64, 0);
    while trainer.loss() > ENOUGH && moves < MOST_MOVES {
        let watch = Stopwatch::start();
        trainer.step();
        instructions += u64::from(watch.instructions());
        moves += 1;
    }
    let after = eyes.right(|features, outputs| trainer.predict(features, outputs).expect(FIT));
    report!("after {moves} moves: {after} of {HELD_OUT} right, loss {:.4}", trainer.loss());
    report!("a move: {} instructions", instructions / moves.max(1));
    report!("RAM: {} bytes to train, {} of features", NEEDS.bytes(), size_of::<[f32; FEATURES]>());
    board::finish(100 * after >= DEMANDED * HELD_OUT)
}
