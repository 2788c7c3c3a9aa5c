//! A machine that trains, and keeps what it has come to in the smallest region of a flash.
#![allow(dead_code, reason = "each test uses a part of it")]

use amc_core::chain::{Chain, Memory, Options, State};
use amc_core::{
    Activation, Generator, Layer, Loss, Measurements, Net, Objective, Portable, Rows, Samples, Targets, gaussian,
};
use amc_store::Arithmetic;
use amc_store::flash::{Blocking, Store, StoreError, buffer_limit, region_minimum};
use amc_store::snapshot::{self, Expected, Slices, Snapshot};
use embassy_futures::block_on;
use rand_core::SeedableRng;

use crate::nor_flash::{Cut, FlashError, PowerCutFlash};

pub const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
pub const N: usize = NET.parameters();
pub const XOR: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
pub const P: Portable<4> = Portable::<4>;
pub const CUTS: [Cut; 3] = [Cut::Before, Cut::Within, Cut::After];
/// Moves from one save to the next.
pub const MOVES: usize = 25;

pub fn options() -> Options {
    Options::new(0.3).epsilon(0.05).n_reset(4)
}

/// A machine's RAM.
#[derive(Clone, Debug)]
pub struct Ram {
    pub x: [f32; N],
    pub proposed: [f32; N],
    pub mu: [f32; N],
    pub signal: [f32; 2],
}

/// Where training stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    pub state: State<Generator>,
    pub numbers: Vec<u32>,
}

impl Ram {
    pub fn new() -> Self {
        Self { x: [5.0; N], proposed: [6.0; N], mu: [7.0; N], signal: [8.0; 2] }
    }

    pub fn memory(&mut self) -> Memory<'_> {
        let memory = Memory::new(&mut self.x, &mut self.proposed).centres(&mut self.mu);
        memory.signal_norm(NET, &mut self.signal)
    }

    pub fn stage(&self, state: State<Generator>) -> Stage {
        let numbers = self.x.iter().chain(&self.mu).chain(&self.signal).map(|x| x.to_bits()).collect();
        Stage { state, numbers }
    }

    /// A training from its beginning.
    pub fn begin(&mut self) -> State<Generator> {
        let mut rng = Generator::seed_from_u64(3);
        gaussian::fill(P, &mut rng, 0.3, &mut self.x);
        self.signal = [1.0, 0.5];
        let loss = evaluate(&self.x, &mut [0.0; 2]);
        Chain::new(self.memory(), options(), rng, loss).unwrap().state().unwrap()
    }

    /// Moves from one stage to the next.
    pub fn resume(&mut self, state: State<Generator>) -> State<Generator> {
        let mut chain = Chain::resume(self.memory(), options(), state).unwrap();
        for _ in 0..MOVES {
            let proposal = chain.propose(P);
            let mut signal = [1.0, 0.0];
            let loss = evaluate(proposal.parameters(), &mut signal);
            proposal.decide_with(loss, &signal);
        }
        chain.state().unwrap()
    }
}

pub fn evaluate(x: &[f32], signal: &mut [f32; 2]) -> f32 {
    let samples = Samples {
        features: Rows::new(&[0.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, 1.0),
        targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]),
    };
    let mut scratch = [0.0; NET.scratch(4)];
    XOR.evaluate(P, x, &samples, &mut scratch, Measurements { signal, ..Measurements::default() }).unwrap().loss
}

/// A kind of flash, with the smallest region that a chain fits in, and the working memory that it needs.
#[derive(Clone, Copy)]
pub struct Chip<const WORD: usize, const PAGE: usize, const READ: usize = WORD> {
    pub piece: usize,
    pub pages: usize,
    pub buffer: usize,
}

pub type Flash<const WORD: usize, const PAGE: usize, const READ: usize = WORD> = PowerCutFlash<WORD, PAGE, READ>;
pub type Error = StoreError<FlashError>;

impl<const WORD: usize, const PAGE: usize, const READ: usize> Chip<WORD, PAGE, READ> {
    pub fn new(piece: usize) -> Self {
        let mut ram = Ram::new();
        let state = ram.begin();
        let chain = Chain::resume(ram.memory(), options(), state).unwrap();
        // The counters grow to two bytes.
        let length = Snapshot::of(&chain, Arithmetic::Portable).unwrap().objective(XOR).length().unwrap() + 4;
        let region = region_minimum(length, piece, PAGE, WORD.max(READ));
        assert_eq!(region % PAGE, 0);
        Self { piece, pages: 1 + region / PAGE, buffer: buffer_limit(snapshot::head_limit(&NET), piece) }
    }

    pub fn store<'f>(
        &self,
        flash: &'f mut Flash<WORD, PAGE, READ>,
    ) -> Store<Blocking<&'f mut Flash<WORD, PAGE, READ>>> {
        // The first page is somebody else's.
        Store::new(Blocking(flash), PAGE as u32..(PAGE * self.pages) as u32, self.piece).unwrap()
    }

    pub fn save(
        &self,
        flash: &mut Flash<WORD, PAGE, READ>,
        ram: &mut Ram,
        state: &State<Generator>,
    ) -> Result<(), Error> {
        let chain = Chain::resume(ram.memory(), options(), state.clone()).unwrap();
        let snapshot = Snapshot::of(&chain, Arithmetic::Portable).unwrap().objective(XOR);
        block_on(self.store(flash).save_chain(&mut vec![0; self.buffer], &snapshot))
    }

    pub fn try_load(&self, flash: &mut Flash<WORD, PAGE, READ>) -> Result<(Ram, Option<State<Generator>>), Error> {
        let mut ram = Ram::new();
        let slices = Slices { parameters: &mut ram.x, centres: &mut ram.mu, signal: &mut ram.signal, streams: &mut [] };
        let expected = Expected { arithmetic: Arithmetic::Portable, objective: Some(XOR), options: Some(options()) };
        let state = block_on(self.store(flash).load_chain(&mut vec![0; self.buffer], &expected, slices))?;
        Ok((ram, state))
    }

    /// What a machine that is switched on finds.
    pub fn load(&self, flash: &mut Flash<WORD, PAGE, READ>) -> (Ram, Option<State<Generator>>) {
        flash.power_on();
        self.try_load(flash).unwrap()
    }

    /// Cuts power in every save of a run, everywhere, once, or again and again where `again` says so.
    pub fn cut_everywhere(&self, mut flash: Flash<WORD, PAGE, READ>, saves: usize, again: bool) {
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut stages = vec![ram.stage(state.clone())];
        for _ in 0..saves + 2 {
            state = ram.resume(state);
            stages.push(ram.stage(state.clone()));
        }
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut cuts = 0;
        for stage in 0..saves {
            state = if stage == 0 { state } else { ram.resume(state) };
            let mut after = flash.clone();
            self.save(&mut after, &mut ram, &state).unwrap();
            let operations = after.operations - flash.operations;
            for (at, cut) in (0..operations).flat_map(|at| CUTS.map(|cut| (at, cut))) {
                let mut flash = flash.clone();
                flash.fail_after(at, cut);
                let failed = self.save(&mut flash, &mut ram, &state);
                assert_eq!(failed, Err(StoreError::Flash(FlashError::Power)), "stage {stage}, operation {at}, {cut:?}");
                cuts += 1;
                self.cut_while_loading(&flash, &stages, stage, (at, cut));
                self.recover(flash, &stages, stage, (at, cut));
            }
            if again {
                // Power fails in one save after the other, at the same place each time.
                let mut flash = flash.clone();
                for at in (0..operations).chain((0..operations).rev()) {
                    flash.fail_after(at, Cut::Within);
                    // What the saves before left behind may have made this one shorter.
                    cuts += usize::from(self.save(&mut flash, &mut ram, &state).is_err());
                    self.recover(flash.clone(), &stages, stage, (at, Cut::Within));
                    flash.power_on();
                }
            }
            flash = after;
        }
        assert!(cuts > 3 * saves * 200 / WORD, "{cuts} cuts");
        assert!(flash.erased[0] == 0 && flash.erased[1] > 0, "{:?}", flash.erased);
    }

    /// Loading repairs what a cut left: power fails in that too.
    pub fn cut_while_loading(
        &self,
        flash: &Flash<WORD, PAGE, READ>,
        stages: &[Stage],
        stage: usize,
        place: (usize, Cut),
    ) {
        let mut flash = flash.clone();
        flash.power_on();
        for (at, cut) in (0..).flat_map(|at| CUTS.map(|cut| (at, cut))) {
            let mut flash = flash.clone();
            flash.fail_after(at, cut);
            if self.try_load(&mut flash).is_ok() {
                break;
            }
            self.recover(flash, stages, stage, place);
        }
    }

    /// A machine is switched on, finds this stage or the one before, and goes on.
    pub fn recover(&self, mut flash: Flash<WORD, PAGE, READ>, stages: &[Stage], stage: usize, place: (usize, Cut)) {
        let (mut ram, found) = self.load(&mut flash);
        let (mut state, mut at) = match found {
            None => {
                assert_eq!(stage, 0, "{place:?}: nothing is left");
                (ram.begin(), 0)
            }
            Some(state) => {
                let found = ram.stage(state.clone());
                let at = stages.iter().position(|stage| *stage == found);
                let at = at.unwrap_or_else(|| panic!("stage {stage}, {place:?}: none of the saved states is found"));
                assert!(at == stage || at + 1 == stage, "stage {stage}, {place:?}: stage {at} is found");
                (state, at)
            }
        };
        for _ in 0..2 {
            state = ram.resume(state);
            at += 1;
            self.save(&mut flash, &mut ram, &state).unwrap();
            let (loaded, found) = self.load(&mut flash);
            assert!(loaded.stage(found.unwrap()) == stages[at], "stage {stage}, {place:?}");
        }
    }
}
