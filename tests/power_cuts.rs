//! Power fails at every write and at every erasure of a save: what was saved before is there, or what was to be saved,
//! and training goes on with the right bits.

mod nor_flash;

use amc_core::chain::{Chain, Memory, Options, State};
use amc_core::{
    Activation, Gather, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian,
};
use amc_store::Arithmetic;
use amc_store::flash::{Blocking, Store, StoreError, saved};
use amc_store::model::Model;
use amc_store::snapshot::{Expected, Slices, Snapshot};
use embassy_futures::block_on;
use nor_flash::{Cut, FlashError, PowerCutFlash};
use rand_core::SeedableRng;

const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
const N: usize = NET.parameters();
const XOR: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const P: Portable<4> = Portable::<4>;
const CUTS: [Cut; 3] = [Cut::Before, Cut::Within, Cut::After];
/// Saves of one run.
const STAGES: usize = 6;
/// Moves from one save to the next.
const MOVES: usize = 25;

fn options() -> Options {
    Options::new(0.3).epsilon(0.05).n_reset(4)
}

/// A machine's RAM.
#[derive(Clone, Debug)]
struct Ram {
    x: [f32; N],
    proposed: [f32; N],
    mu: [f32; N],
    signal: [f32; 2],
}

/// Where training stands.
#[derive(Clone, Debug, PartialEq)]
struct Stage {
    state: State<Generator>,
    numbers: Vec<u32>,
}

impl Ram {
    fn new() -> Self {
        Self { x: [5.0; N], proposed: [6.0; N], mu: [7.0; N], signal: [8.0; 2] }
    }

    fn memory(&mut self) -> Memory<'_> {
        let memory = Memory::new(&mut self.x, &mut self.proposed).centres(&mut self.mu);
        memory.signal_norm(NET, &mut self.signal)
    }

    fn stage(&self, state: State<Generator>) -> Stage {
        let numbers = self.x.iter().chain(&self.mu).chain(&self.signal).map(|x| x.to_bits()).collect();
        Stage { state, numbers }
    }

    /// A training from its beginning.
    fn begin(&mut self) -> State<Generator> {
        let mut rng = Generator::seed_from_u64(3);
        gaussian::fill(P, &mut rng, 0.3, &mut self.x);
        self.signal = [1.0, 0.5];
        let loss = evaluate(&self.x, &mut [0.0; 2]);
        Chain::new(self.memory(), options(), rng, loss).unwrap().state().unwrap()
    }

    /// Moves from one stage to the next.
    fn go_on(&mut self, state: State<Generator>) -> State<Generator> {
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

fn evaluate(x: &[f32], signal: &mut [f32; 2]) -> f32 {
    let samples = Samples {
        features: Rows::new(&[0.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], 2, 1.0),
        targets: Targets::Values(&[0.0, 1.0, 1.0, 0.0]),
    };
    let mut scratch = [0.0; NET.scratch(4)];
    XOR.evaluate(P, x, &samples, &mut scratch, Gather { signal, ..Gather::default() }).unwrap().loss
}

/// A kind of flash, its region, and the working memory that the store is given.
#[derive(Clone, Copy)]
struct Chip<const WORD: usize, const PAGE: usize> {
    pages: usize,
    slots: u32,
    buffer: usize,
}

type Flash<const WORD: usize, const PAGE: usize> = PowerCutFlash<WORD, PAGE>;
type Error = StoreError<FlashError>;

impl<const WORD: usize, const PAGE: usize> Chip<WORD, PAGE> {
    fn store<'f>(&self, flash: &'f mut Flash<WORD, PAGE>) -> Store<Blocking<&'f mut Flash<WORD, PAGE>>> {
        // The first page is somebody else's.
        Store::new(Blocking(flash), PAGE as u32..(PAGE * self.pages) as u32, self.slots).unwrap()
    }

    fn save(&self, flash: &mut Flash<WORD, PAGE>, ram: &mut Ram, state: &State<Generator>) -> Result<(), Error> {
        let chain = Chain::resume(ram.memory(), options(), state.clone()).unwrap();
        let snapshot = Snapshot::of(&chain, Arithmetic::Portable).unwrap().objective(XOR);
        block_on(self.store(flash).save_chain(&mut vec![0; self.buffer], &snapshot))
    }

    /// What a machine that is switched on finds.
    fn load(&self, flash: &mut Flash<WORD, PAGE>) -> (Ram, Option<State<Generator>>) {
        flash.power_on();
        let mut ram = Ram::new();
        let slices = Slices { parameters: &mut ram.x, centres: &mut ram.mu, signal: &mut ram.signal, streams: &mut [] };
        let expected = Expected { arithmetic: Arithmetic::Portable, objective: Some(XOR), options: Some(options()) };
        let state = block_on(self.store(flash).load_chain(&mut vec![0; self.buffer], &expected, slices)).unwrap();
        (ram, state)
    }

    fn new_flash(&self) -> Flash<WORD, PAGE> {
        Flash::new(self.pages)
    }

    /// Cuts power in every save of a run, everywhere, once, or twice where `twice` says so.
    fn cut_everywhere(&self, twice: bool) {
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut stages = vec![ram.stage(state.clone())];
        for _ in 0..STAGES + 2 {
            state = ram.go_on(state);
            stages.push(ram.stage(state.clone()));
        }
        let mut flash = self.new_flash();
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut cuts = 0;
        for stage in 0..STAGES {
            state = if stage == 0 { state } else { ram.go_on(state) };
            let mut after = flash.clone();
            self.save(&mut after, &mut ram, &state).unwrap();
            let operations = after.operations - flash.operations;
            for (at, cut) in (0..operations).flat_map(|at| CUTS.map(|cut| (at, cut))) {
                let mut flash = flash.clone();
                flash.fail_after(at, cut);
                let failed = self.save(&mut flash, &mut ram, &state);
                assert_eq!(failed, Err(StoreError::Flash(FlashError::Power)), "stage {stage}, operation {at}, {cut:?}");
                cuts += 1;
                self.recover(flash, &stages, stage, (at, cut));
            }
            if twice {
                // Power fails in one save after the other, at the same place each time.
                let mut flash = flash.clone();
                for at in (0..operations).chain((0..operations).rev()) {
                    flash.fail_after(at, Cut::Within);
                    assert!(self.save(&mut flash, &mut ram, &state).is_err());
                    self.recover(flash.clone(), &stages, stage, (at, Cut::Within));
                    flash.power_on();
                }
            }
            flash = after;
        }
        assert!(cuts > 3 * STAGES * 200 / WORD, "{cuts} cuts");
        assert!(flash.erased[0] == 0 && flash.erased[1] > 1, "{:?}", flash.erased);
    }

    /// A machine is switched on, finds this stage or the one before, and goes on.
    fn recover(&self, mut flash: Flash<WORD, PAGE>, stages: &[Stage], stage: usize, place: (usize, Cut)) {
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
            state = ram.go_on(state);
            at += 1;
            self.save(&mut flash, &mut ram, &state).unwrap();
            let (loaded, found) = self.load(&mut flash);
            assert!(loaded.stage(found.unwrap()) == stages[at], "stage {stage}, {place:?}");
        }
    }
}

/// Pages smaller than the buffer, and than the blob.
#[test]
fn words_of_4_bytes_in_two_slots() {
    Chip::<4, 64> { pages: 15, slots: 2, buffer: 160 }.cut_everywhere(true);
}

#[test]
fn words_of_1_byte_in_five_slots() {
    Chip::<1, 32> { pages: 70, slots: 5, buffer: 96 }.cut_everywhere(false);
}

#[test]
fn words_of_8_bytes_in_three_slots_of_two_pages() {
    Chip::<8, 256> { pages: 7, slots: 3, buffer: 100 }.cut_everywhere(true);
}

#[test]
fn words_of_32_bytes_in_two_slots_of_one_page() {
    Chip::<32, 512> { pages: 3, slots: 2, buffer: 1024 }.cut_everywhere(true);
}

#[test]
fn a_model_is_whole_or_the_one_before() {
    let chip = Chip::<4, 64> { pages: 9, slots: 2, buffer: 64 };
    let save = |flash: &mut Flash<4, 64>, value: f32| {
        let model = Model { objective: XOR, arithmetic: Arithmetic::Portable, parameters: &[value; N] };
        block_on(chip.store(flash).save_model(&mut [0; 64], &model))
    };
    let load = |flash: &mut Flash<4, 64>| {
        let mut x = [0.0; N];
        let found = block_on(chip.store(flash).load_model(&mut [0; 64], &XOR, &mut x)).unwrap();
        found.map(|arithmetic| {
            assert!(arithmetic == Arithmetic::Portable && x == [x[0]; N]);
            x[0]
        })
    };
    let mut flash = chip.new_flash();
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
    // A chain is not taken for it, and a dump holds the last two.
    let error = chip.load_error(&mut flash);
    assert!(error.to_string().contains("not a chain"), "{error}");
    let kept: Vec<_> = saved(&flash.bytes).map(|saved| (saved.offset, saved.generation)).collect();
    assert_eq!(kept, [(64, 5), (64 + 4 * 64, 4)]);
}

impl<const WORD: usize, const PAGE: usize> Chip<WORD, PAGE> {
    fn load_error(&self, flash: &mut Flash<WORD, PAGE>) -> Error {
        let mut ram = Ram::new();
        let slices = Slices::<Generator> {
            parameters: &mut ram.x,
            centres: &mut ram.mu,
            signal: &mut ram.signal,
            streams: &mut [],
        };
        let expected = Expected { arithmetic: Arithmetic::Portable, objective: None, options: None };
        block_on(self.store(flash).load_chain(&mut vec![0; self.buffer], &expected, slices)).unwrap_err()
    }
}

#[test]
fn a_worn_out_flash_keeps_what_it_had() {
    let chip = Chip::<4, 64> { pages: 15, slots: 2, buffer: 160 };
    let (mut flash, mut ram) = (chip.new_flash(), Ram::new());
    let state = ram.begin();
    chip.save(&mut flash, &mut ram, &state).unwrap();
    let (before, old) = (ram.clone(), state.clone());
    let state = ram.go_on(state);
    // A byte of the parameters in the second slot.
    let at = 64 + 7 * 64 + 32 + 100;
    flash.stuck = Some(at);
    assert_eq!(chip.save(&mut flash, &mut ram, &state), Err(StoreError::Written { at: 64 + 7 * 64 }));
    let (loaded, found) = chip.load(&mut flash);
    assert!(loaded.stage(found.unwrap()) == before.stage(old));
}

/// Bits that are lost later: the save before is found, and nothing that is damaged.
#[test]
fn a_save_that_rots_gives_way_to_the_one_before() {
    let chip = Chip::<4, 64> { pages: 22, slots: 3, buffer: 160 };
    let (mut flash, mut ram) = (chip.new_flash(), Ram::new());
    let mut state = ram.begin();
    let mut stages = Vec::new();
    for _ in 0..3 {
        chip.save(&mut flash, &mut ram, &state).unwrap();
        stages.push(ram.stage(state.clone()));
        state = ram.go_on(state);
    }
    let newest = saved(&flash.bytes).max_by_key(|saved| saved.generation).unwrap();
    let (from, length) = (newest.offset, 32 + newest.blob.len());
    for byte in from..from + length {
        let mut flash = flash.clone();
        flash.bytes[byte] ^= 4;
        let (loaded, found) = chip.load(&mut flash);
        assert!(loaded.stage(found.unwrap()) == stages[1], "byte {}", byte - from);
    }
}

/// Slots of another size hold nothing; what a stranger wrote into a record is not believed.
#[test]
fn what_does_not_fit_a_slot_is_not_found() {
    let chip = Chip::<4, 64> { pages: 15, slots: 2, buffer: 160 };
    let (mut flash, mut ram) = (chip.new_flash(), Ram::new());
    let state = ram.begin();
    chip.save(&mut flash, &mut ram, &state).unwrap();
    assert!(Chip { slots: 3, ..chip }.load(&mut flash).1.is_some(), "the slots of 4 pages begin alike");
    assert_eq!(Chip { slots: 7, ..chip }.load(&mut flash).1, None);
    for length in [0_u32, 3, 7 * 64 - 31, u32::MAX] {
        let mut record = [&b"AMCSAVED"[..], &9_u64.to_le_bytes(), &length.to_le_bytes(), &[0; 8]].concat();
        record.extend(crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&record).to_le_bytes());
        flash.bytes[64 + 7 * 64..][..32].copy_from_slice(&record);
        assert_eq!(chip.load(&mut flash).1, Some(state.clone()), "a length of {length}");
        assert_eq!(saved(&flash.bytes).count(), 1);
    }
}

#[test]
fn regions_and_buffers_that_cannot_serve_are_refused() {
    let new = |from, to, slots| {
        let store = Store::new(Blocking(Flash::<4, 64>::new(10)), from..to, slots);
        store.map(|_| ()).unwrap_err().to_string()
    };
    for (from, to, slots) in
        [(0, 640, 1), (0, 640, 0), (0, 640, 11), (32, 640, 2), (0, 100, 2), (0, 704, 2), (640, 0, 2)]
    {
        let error = new(from, to, slots);
        assert!(error.contains(&format!("{from:#x}..{to:#x} is not {slots} slots")), "{error}");
    }
    assert!(matches!(Store::new(Blocking(Flash::<64, 128>::new(4)), 0..512, 2), Err(StoreError::Words { .. })));
    assert!(matches!(Store::new(Blocking(Flash::<4, 48>::new(4)), 0..192, 2), Err(StoreError::Words { .. })));
    let (mut ram, small) = (Ram::new(), Chip::<4, 64> { pages: 7, slots: 2, buffer: 160 });
    let state = ram.begin();
    let mut flash = small.new_flash();
    let untouched = flash.bytes.clone();
    assert!(matches!(small.save(&mut flash, &mut ram, &state), Err(StoreError::TooLarge { slot: 192, .. })));
    for buffer in [0, 31, 64] {
        let chip = Chip::<4, 64> { pages: 15, slots: 2, buffer };
        let mut flash = Flash::new(15);
        let untouched = flash.bytes.clone();
        let error = chip.save(&mut flash, &mut ram, &state).unwrap_err();
        assert!(error.to_string().starts_with("buffer: "), "{error}");
        assert_eq!(flash.bytes, untouched);
    }
    assert_eq!(flash.bytes, untouched);
    let chip = Chip::<4, 64> { pages: 15, slots: 2, buffer: 160 };
    let mut flash = chip.new_flash();
    chip.save(&mut flash, &mut ram, &state).unwrap();
    let error = Chip { buffer: 64, ..chip }.load_error(&mut flash);
    assert!(error.to_string().starts_with("buffer: "), "{error}");
}
