//! Power fails at every write and at every erasure of a save: what was saved before is there, or what was to be saved,
//! and training goes on with the right bits.

mod nor_flash;

use amc_core::chain::{Chain, Memory, Options, State};
use amc_core::{
    Activation, Gather, Generator, Layer, Loss, Net, Objective, Portable, Rows, Samples, Targets, gaussian,
};
use amc_store::Arithmetic;
use amc_store::flash::{Blocking, Store, StoreError, buffer_limit, region_minimum};
use amc_store::model::{self, Model};
use amc_store::snapshot::{self, Expected, Slices, Snapshot};
use embassy_futures::block_on;
use nor_flash::{Cut, FlashError, PowerCutFlash};
use rand_core::{Rng, SeedableRng};

const NET: Net<'static> = Net::new(2, &[Layer::dense(3, Activation::Tanh), Layer::dense(1, Activation::Linear)]);
const N: usize = NET.parameters();
const XOR: Objective<'static> = Objective::new(NET, Loss::MeanSquaredError);
const P: Portable<4> = Portable::<4>;
const CUTS: [Cut; 3] = [Cut::Before, Cut::Within, Cut::After];
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

/// A kind of flash, with the smallest region that a chain fits in, and the working memory that it needs.
#[derive(Clone, Copy)]
struct Chip<const WORD: usize, const PAGE: usize, const READ: usize = WORD> {
    piece: usize,
    pages: usize,
    buffer: usize,
}

type Flash<const WORD: usize, const PAGE: usize, const READ: usize = WORD> = PowerCutFlash<WORD, PAGE, READ>;
type Error = StoreError<FlashError>;

impl<const WORD: usize, const PAGE: usize, const READ: usize> Chip<WORD, PAGE, READ> {
    fn new(piece: usize) -> Self {
        let region = region_minimum(snapshot::length_limit(&NET), piece, PAGE, WORD.max(READ));
        assert_eq!(region % PAGE, 0);
        Self { piece, pages: 1 + region / PAGE, buffer: buffer_limit(snapshot::head_limit(&NET), piece) }
    }

    fn store<'f>(&self, flash: &'f mut Flash<WORD, PAGE, READ>) -> Store<Blocking<&'f mut Flash<WORD, PAGE, READ>>> {
        // The first page is somebody else's.
        Store::new(Blocking(flash), PAGE as u32..(PAGE * self.pages) as u32, self.piece).unwrap()
    }

    fn save(&self, flash: &mut Flash<WORD, PAGE, READ>, ram: &mut Ram, state: &State<Generator>) -> Result<(), Error> {
        let chain = Chain::resume(ram.memory(), options(), state.clone()).unwrap();
        let snapshot = Snapshot::of(&chain, Arithmetic::Portable).unwrap().objective(XOR);
        block_on(self.store(flash).save_chain(&mut vec![0; self.buffer], &snapshot))
    }

    fn try_load(&self, flash: &mut Flash<WORD, PAGE, READ>) -> Result<(Ram, Option<State<Generator>>), Error> {
        let mut ram = Ram::new();
        let slices = Slices { parameters: &mut ram.x, centres: &mut ram.mu, signal: &mut ram.signal, streams: &mut [] };
        let expected = Expected { arithmetic: Arithmetic::Portable, objective: Some(XOR), options: Some(options()) };
        let state = block_on(self.store(flash).load_chain(&mut vec![0; self.buffer], &expected, slices))?;
        Ok((ram, state))
    }

    /// What a machine that is switched on finds.
    fn load(&self, flash: &mut Flash<WORD, PAGE, READ>) -> (Ram, Option<State<Generator>>) {
        flash.power_on();
        self.try_load(flash).unwrap()
    }

    /// Cuts power in every save of a run, everywhere, once, or again and again where `again` says so.
    fn cut_everywhere(&self, mut flash: Flash<WORD, PAGE, READ>, saves: usize, again: bool) {
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut stages = vec![ram.stage(state.clone())];
        for _ in 0..saves + 2 {
            state = ram.go_on(state);
            stages.push(ram.stage(state.clone()));
        }
        let mut ram = Ram::new();
        let mut state = ram.begin();
        let mut cuts = 0;
        for stage in 0..saves {
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
    fn cut_while_loading(&self, flash: &Flash<WORD, PAGE, READ>, stages: &[Stage], stage: usize, place: (usize, Cut)) {
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
    fn recover(&self, mut flash: Flash<WORD, PAGE, READ>, stages: &[Stage], stage: usize, place: (usize, Cut)) {
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
        let model = Model { objective: XOR, arithmetic: Arithmetic::Portable, parameters: &[value; N] };
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

/// Three saves of a chain, and where training stood.
fn three_saves<const WORD: usize, const PAGE: usize>(chip: &Chip<WORD, PAGE>) -> (Flash<WORD, PAGE>, Vec<Stage>) {
    let (mut flash, mut ram) = (Flash::new(chip.pages), Ram::new());
    let (mut state, mut stages) = (ram.begin(), Vec::new());
    for stage in 0..5 {
        if stage < 3 {
            chip.save(&mut flash, &mut ram, &state).unwrap();
        }
        stages.push(ram.stage(state.clone()));
        state = ram.go_on(state);
    }
    (flash, stages)
}

/// Bytes that keep their bits: what was saved before is there, or what was to be saved, on other bytes.
#[test]
fn a_worn_out_flash_keeps_what_it_had() {
    let chip = Chip::<4, 64>::new(24);
    let (flash, stages) = three_saves(&chip);
    let (mut ram, state) = chip.load(&mut flash.clone());
    let state = ram.go_on(state.unwrap());
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
            chip.recover(flash, &stages, 2, (byte, Cut::Before));
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
                loaded.go_on(state)
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
        state = ram.go_on(state);
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
    // A head is a few bytes shorter than its limit.
    let small = Chip { pages: chip.pages - 8, ..chip };
    let error = small.save(&mut flash, &mut ram, &state).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { region, .. } if region == 64 * (chip.pages - 9)), "{error}");
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
