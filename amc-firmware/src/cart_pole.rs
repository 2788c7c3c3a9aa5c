//! A pole on a cart is balanced by a net that is told nothing but for how long it stood: a loss without a derivative.
//!
//! It depends on nothing but [`golden`](crate::golden), `amc_core` and `rand_core`, so that a test on the host can
//! include this file.

use amc_core::chain::{Chain, Memory, Options};
use amc_core::elementary::sin_cos_turns;
use amc_core::{Activation, Generator, Lanes, Layer, Loss, Net, Objective, Portable, Rows, gaussian};
use rand_core::SeedableRng;

use crate::golden::{Golden, checksum};

/// Where cart and pole are. They move by the equations of A. G. Barto, R. S. Sutton and C. W. Anderson, *Neuronlike adaptive
/// elements that can solve difficult learning control problems*, IEEE Trans. Syst. Man Cybern. 13 (1983) 834, in steps
/// of [`STEP`] by Euler's method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// The cart's place, m.
    pub x: f32,
    /// Its speed, m/s.
    pub speed: f32,
    /// The pole's angle from upright, rad.
    pub angle: f32,
    /// Its speed, rad/s.
    pub turning: f32,
}

/// s
pub const STEP: f32 = 0.02;
/// m/s²
const GRAVITY: f32 = 9.8;
/// kg
const CART: f32 = 1.0;
const POLE: f32 = 0.1;
/// Half the pole's length, m.
const HALF: f32 = 0.5;
/// Friction of the cart on its track, N, and of the pole on the cart, N m s.
const TRACK: f32 = 0.0005;
const HINGE: f32 = 0.000_002;
/// N
const FORCE: f32 = 10.0;
/// Beyond these it has failed: m, and 12 degrees in rad.
const FAR: f32 = 2.4;
const FALLEN: f32 = 0.209_439_51;

impl State {
    /// The state a step later, under a force on the cart in N.
    #[must_use]
    pub fn after(self, force: f32) -> Self {
        let Self { x, speed, angle, turning } = self;
        let ([sin], [cos]) = sin_cos_turns(Portable::<1>, [angle * (0.5 * core::f32::consts::FRAC_1_PI)]);
        let friction = if speed > 0.0 {
            TRACK
        } else if speed < 0.0 {
            -TRACK
        } else {
            0.0
        };
        let mass = CART + POLE;
        let push = (friction - force - POLE * HALF * turning * turning * sin) / mass;
        let inertia = HALF * (4.0 / 3.0 - POLE * cos * cos / mass);
        let bend = (GRAVITY * sin + cos * push - HINGE * turning / (POLE * HALF)) / inertia;
        let gain = (force + POLE * HALF * (turning * turning * sin - bend * cos) - friction) / mass;
        Self {
            x: x + STEP * speed,
            speed: speed + STEP * gain,
            angle: angle + STEP * turning,
            turning: turning + STEP * bend,
        }
    }

    fn stands(self) -> bool {
        self.x.abs() <= FAR && self.angle.abs() <= FALLEN
    }

    /// For a net, about from −1 to 1.
    fn features(self) -> [f32; 4] {
        [self.x / FAR, self.speed / 2.0, self.angle / FALLEN, self.turning / 2.0]
    }
}

/// The net that pushes the cart to the right where its output is above 0, and to the left elsewhere.
pub const NET: Net<'static> = Net::new(4, &[Layer::dense(8, Activation::Tanh), Layer::dense(1, Activation::Tanh)]);
const OBJECTIVE: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const N: usize = NET.parameters();

/// Steps of an episode: 10 s.
pub const STEPS: u32 = 500;
/// Episodes of a loss, each from a start of its own.
const EPISODES: usize = 8;
/// Episodes from other starts that the net is tried in.
pub const TRIED: usize = 16;
/// Moves of the chain.
pub const MOVES: u64 = 300;
const SEED: u64 = 1;
const START: f32 = 0.5;
const OPTIONS: Options = Options::new(0.3).n_reset(50);
const FIT: &str = "the net and the buffers fit together";

/// Steps for which the pole stands.
fn episode<L: Lanes>(lanes: L, parameters: &[f32], start: &State, scratch: &mut [f32]) -> u32 {
    let mut state = *start;
    for step in 0..STEPS {
        if !state.stands() {
            return step;
        }
        let features = state.features();
        let outputs = OBJECTIVE.predict(lanes, parameters, &Rows::new(&features, 4, 1.0), 0, scratch).expect(FIT);
        state = state.after(if outputs[0] > 0.0 { FORCE } else { -FORCE });
    }
    STEPS
}

/// The share of its time for which the pole does not stand.
fn loss<L: Lanes>(lanes: L, parameters: &[f32], starts: &[State], scratch: &mut [f32]) -> f32 {
    let stood: u32 = starts.iter().map(|start| episode(lanes, parameters, start, scratch)).sum();
    1.0 - stood as f32 / (STEPS as usize * starts.len()) as f32
}

/// Makes [`MOVES`] moves; gives what they came to, and in how many of [`TRIED`] other episodes the pole stands to the end.
///
/// # Panics
/// Never: the net and the buffers fit together.
pub fn run<L: Lanes>(lanes: L) -> (Golden, usize) {
    let mut scratch = [0.0; NET.scratch(16)];
    let mut rng = Generator::seed_from_u64(SEED);
    let mut numbers = [0.0; 4 * (EPISODES + TRIED)];
    gaussian::fill(lanes, &mut rng, 0.05, &mut numbers);
    let starts = numbers.as_chunks::<4>().0;
    let mut states = [State { x: 0.0, speed: 0.0, angle: 0.0, turning: 0.0 }; EPISODES + TRIED];
    for (state, [x, speed, angle, turning]) in states.iter_mut().zip(starts) {
        *state = State { x: *x, speed: *speed, angle: *angle, turning: *turning };
    }
    let (learned, tried) = states.split_at(EPISODES);

    let (mut parameters, mut proposed) = ([0.0; N], [0.0; N]);
    gaussian::fill(lanes, &mut rng, START, &mut parameters);
    let first = loss(lanes, &parameters, learned, &mut scratch);
    let mut chain = Chain::new(Memory::new(&mut parameters, &mut proposed), OPTIONS, rng, first).expect(FIT);
    for _ in 0..MOVES {
        let proposal = chain.propose(lanes);
        let loss = loss(lanes, proposal.parameters(), learned, &mut scratch);
        proposal.decide(loss);
    }
    let counters = chain.counters();
    let golden = Golden {
        hash: checksum(chain.parameters()),
        steps: counters.steps,
        accepted: counters.accepted,
        resets: counters.resets,
        loss_bits: chain.loss().to_bits(),
    };
    let to_the_end = |start: &&State| episode(lanes, chain.parameters(), start, &mut scratch) == STEPS;
    (golden, tried.iter().filter(to_the_end).count())
}
