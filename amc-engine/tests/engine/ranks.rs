//! Ranks come to the bits of one machine, or to an end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use amc_core::Generator;
use amc_core::chain::{Grid, Options};
use amc_engine::data::{Data, digits};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::ranks::{Ranks, RanksError, Team, Together, Traffic};
use amc_engine::train::{Batching, COMPARED, Checkpoint, Initial, Method, Settings, Trained, Transfer, train_on};
use amc_kernels::Arithmetic;
use rand_core::SeedableRng;

pub fn net() -> Description {
    Description::new(&[64, 16, 10], ActivationName::Tanh, ActivationName::Softmax, LossName::Mse)
}

pub fn settings() -> Settings {
    Settings {
        method: Method::Amc,
        options: Options::new(0.02).n_reset(20).epsilon(0.01),
        initial: Initial::Gaussian(0.02),
        transfer: Default::default(),
        in_place: false,
        signal_norm: true,
        batching: Batching::Full,
        steps: 400,
        seed: 1,
        threads: 1,
        arithmetic: Arithmetic::Portable,
    }
}

/// A rank's part of the digits.
fn part(team: &Arc<Team>) -> Data {
    digits().part(team)
}

/// What every rank comes to: bits and counters.
pub type End = (Vec<u32>, [u32; 4], u64);

pub fn end(trained: &Trained) -> End {
    let Trained { parameters, train_loss, test_loss, train_accuracy, test_accuracy, counters, .. } = trained;
    let numbers = [*train_loss, test_loss.unwrap_or(0.0), train_accuracy.unwrap_or(0.0), test_accuracy.unwrap_or(0.0)];
    (parameters.iter().map(|x| x.to_bits()).collect(), numbers.map(f32::to_bits), counters.accepted)
}

/// Trains on so many ranks from where others stood, and keeps where it stands after `kept` moves.
fn on_ranks(
    teams: Vec<Arc<Team>>,
    settings: &Settings,
    from: Option<&Checkpoint>,
    kept: u64,
) -> Vec<anyhow::Result<(End, Option<Checkpoint>)>> {
    on_ranks_of(&net(), teams, settings, from, kept)
}

/// The same, of another net.
fn on_ranks_of(
    net: &Description,
    teams: Vec<Arc<Team>>,
    settings: &Settings,
    from: Option<&Checkpoint>,
    kept: u64,
) -> Vec<anyhow::Result<(End, Option<Checkpoint>)>> {
    let one = |team: Arc<Team>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
        let (data, mut stood) = (part(&team), None);
        drop(team);
        let trained = pool.install(|| {
            train_on(net, &data, settings, from, |moves, _| {
                if moves.progress(None).counters.steps == kept {
                    stood = Some(moves.checkpoint()?);
                }
                Ok(ControlFlow::Continue(()))
            })
        });
        Ok((end(&trained?), stood))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = teams.into_iter().map(|team| scope.spawn(|| one(team))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

pub fn alone(settings: &Settings) -> End {
    let trained = train_on(&net(), &digits(), settings, None, |_, _| Ok(ControlFlow::Continue(())));
    end(&trained.expect("trained"))
}

/// The ways to train.
pub fn ways() -> Vec<(&'static str, Settings)> {
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings
    };
    vec![
        ("whole moves", settings()),
        (
            "without the signal norm, heated",
            with(|s| {
                s.signal_norm = false;
                s.options = s.options.temperature(1e-5);
            }),
        ),
        (
            "in place",
            with(|s| {
                s.in_place = true;
                s.options.grid = Some(Grid::DEFAULT);
            }),
        ),
        (
            "progressive",
            with(|s| {
                s.batching = Batching::Progressive;
                s.steps = 3000;
                s.options = Options::new(0.05).n_reset(20);
            }),
        ),
        (
            "random batches",
            with(|s| {
                s.batching = Batching::Mini(150);
                s.options = Options::new(0.05).n_reset(20).epsilon(0.01);
            }),
        ),
        (
            "small random batches without the signal norm",
            with(|s| {
                s.batching = Batching::Mini(20);
                s.signal_norm = false;
                s.steps = 1000;
            }),
        ),
        (
            "mixed",
            with(|s| {
                s.method = Method::Mixed;
                s.steps = 1500;
            }),
        ),
        (
            "mixed, progressive",
            with(|s| {
                s.method = Method::Mixed;
                s.batching = Batching::Progressive;
                s.steps = 3000;
            }),
        ),
        (
            "mixed, random batches",
            with(|s| {
                s.method = Method::Mixed;
                s.batching = Batching::Mini(150);
                s.steps = 1500;
            }),
        ),
    ]
}

#[test]
fn any_number_of_ranks_and_threads_comes_to_the_bits_of_one_machine() {
    for (name, settings) in ways() {
        let wanted = alone(&settings);
        // Nine have more than there are blocks to test with.
        for (ranks, threads) in [(1, 1), (2, 1), (3, 2), (4, 1), (9, 1)] {
            let settings = Settings { threads, ..settings.clone() };
            for (rank, end) in on_ranks(Together::teams(ranks), &settings, None, 0).into_iter().enumerate() {
                let (end, _) = end.unwrap_or_else(|error| panic!("{name}: rank {rank} of {ranks}: {error:#}"));
                assert_eq!(end.1, wanted.1, "{name}: rank {rank} of {ranks} on {threads} threads");
                assert!(end == wanted, "{name}: rank {rank} of {ranks} on {threads} threads");
            }
        }
    }
}

#[test]
fn another_number_of_ranks_goes_on_to_the_same_bits() {
    for (name, settings) in ways() {
        let wanted = alone(&settings);
        let half = settings.steps / 2;
        let first = on_ranks(Together::teams(3), &settings, None, half).remove(0).expect("trained");
        let stood = first.1.expect("kept");
        for ranks in [1, 2, 4] {
            let ends = on_ranks(Together::teams(ranks), &settings, Some(&stood), 0);
            ends.into_iter().for_each(|end| assert!(end.expect("trained").0 == wanted, "{name}, on {ranks}"));
        }
    }
}

/// A rank whose first comparison is not one: what differs from the beginning on is then as if it had come about later.
#[derive(Debug)]
struct Blind {
    rank: Together,
    compared: AtomicBool,
}

impl Ranks for Blind {
    fn rank(&self) -> usize {
        self.rank.rank()
    }

    fn count(&self) -> usize {
        self.rank.count()
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), RanksError> {
        self.rank.sum(words)
    }

    fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        let is_first = mine.len() == size_of::<u32>() && !self.compared.swap(true, Relaxed);
        self.rank.gather(if is_first { &[0; 4] } else { mine })
    }
}

/// A team of a rank whose first comparison is not one.
pub fn blind(rank: Together) -> Arc<Team> {
    Team::new(Blind { rank, compared: AtomicBool::new(false) }).expect("a team")
}

/// What a run on so many ranks ends with, of which the second has another bit in a parameter.
fn with_a_flipped_bit(ranks: usize, settings: &Settings, seen: impl Fn(Together) -> Arc<Team> + Sync) -> Vec<String> {
    let mut start = settings.initial.draw(
        net().objective().expect("a net").net(),
        settings.arithmetic,
        &mut Generator::seed_from_u64(1),
    );
    start.iter_mut().for_each(|x| *x *= 10.0);
    let one = |rank: Together| {
        let mut start = start.clone();
        if rank.rank() == 1 {
            start[500] = f32::from_bits(start[500].to_bits() ^ 1 << 20);
        }
        let settings = Settings { transfer: Transfer { from: Some(start), ..Transfer::default() }, ..settings.clone() };
        let data = part(&seen(rank));
        let mut made = 0;
        let end = train_on(&net(), &data, &settings, None, |moves, _| {
            made = moves.progress(None).counters.steps;
            Ok(ControlFlow::Continue(()))
        });
        format!("{made}: {:#}", end.expect_err("found"))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = Together::ranks(ranks).into_iter().map(|rank| scope.spawn(|| one(rank))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

#[test]
fn a_bit_that_differs_is_found_at_the_start_and_within_so_many_moves() {
    for method in [Method::Amc, Method::Mixed] {
        let settings = Settings { method, steps: 5000, signal_norm: false, ..settings() };
        for ranks in [2, 3] {
            let named = |end: &String| end.contains("the chain of rank 1 has another checksum");
            let ends = with_a_flipped_bit(ranks, &settings, |rank| Team::new(rank).expect("a team"));
            assert!(ends.iter().all(|end| named(end) && end.starts_with("0:")), "{ends:?}");
            let ends = with_a_flipped_bit(ranks, &settings, blind);
            let after = format!("{}:", COMPARED - 1);
            assert!(ends.iter().all(|end| named(end) && end.starts_with(&after)), "{ends:?}");
        }
    }
}

#[test]
fn ranks_end_when_one_has_gone_and_others_go_on_from_what_was_kept() {
    let settings = settings();
    let wanted = alone(&settings);
    let one = |team: Arc<Team>| {
        let (data, rank, mut stood) = (part(&team), team.rank(), None);
        drop(team);
        let end = train_on(&net(), &data, &settings, None, |moves, _| {
            let steps = moves.progress(None).counters.steps;
            if steps == 100 {
                stood = Some(moves.checkpoint()?);
            }
            anyhow::ensure!(rank != 2 || steps < 123, "killed");
            Ok(ControlFlow::Continue(()))
        });
        (format!("{:#}", end.expect_err("ended")), stood)
    };
    let ends: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = Together::teams(3).into_iter().map(|team| scope.spawn(|| one(team))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let said: Vec<_> = ends.iter().map(|(said, _)| said.as_str()).collect();
    let gone = "rank 2 has gone: the others end, too";
    assert_eq!(said, [gone, gone, "killed"]);
    for end in on_ranks(Together::teams(2), &settings, ends[0].1.as_ref(), 0) {
        assert!(end.expect("trained").0 == wanted);
    }
}

#[test]
fn what_differs_at_the_start_is_refused_and_named() {
    let one = |team: Arc<Team>| {
        let seed = if team.rank() == 2 { 2 } else { 1 };
        let data = part(&team);
        let end = train_on(&net(), &data, &Settings { seed, ..settings() }, None, |_, _| Ok(ControlFlow::Break(())));
        format!("{:#}", end.expect_err("refused"))
    };
    let said: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = Together::teams(4).into_iter().map(|team| scope.spawn(|| one(team))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(said.iter().all(|said| said.starts_with("the chain of rank 2 has another checksum")), "{said:?}");
}

/// What a rank of so many has sent, and the moves that were accepted.
fn traffic(ranks: usize, settings: &Settings) -> (Traffic, u64) {
    let teams = Together::teams(ranks);
    let seen = teams.clone();
    let accepted = on_ranks(teams, settings, None, 0).remove(0).expect("trained").0.2;
    let of_ranks: Vec<_> = seen.iter().map(|team| team.traffic()).collect();
    let Traffic { sums, summed, gathers, .. } = of_ranks[0];
    assert!(of_ranks.iter().all(|of| (of.sums, of.summed, of.gathers) == (sums, summed, gathers)), "{of_ranks:?}");
    (of_ranks[0], accepted)
}

#[test]
fn a_move_takes_16_bytes_and_what_is_accepted_little_more() {
    let settings = Settings { signal_norm: false, steps: 2000, ..settings() };
    let (Traffic { sums, summed, gathers, gathered }, accepted) = traffic(2, &settings);
    // One for each move and for the start, and what the end measures, with what is right.
    assert!((2001..2010).contains(&sums), "{sums} sums");
    assert!((16 * sums..16 * sums + 100).contains(&summed), "{summed} bytes for {sums} sums");
    // Comparisons, the end, and sums that rounding leaves open: few of those accepted.
    assert!(gathers < 20 && gathered < 1000 && accepted > 400, "{gathers} gathers for {accepted} accepted moves");
}

#[test]
fn no_move_takes_more_than_64_bytes_of_sums_however_long_it_is_evaluated() {
    // Beside the first and what the end measures.
    let (steps, others) = (30, 200);
    // Of mixed moves, only what is kept of whole ones takes long.
    for (rounds, settings) in [
        (2, Settings { steps, ..settings() }),
        (1, Settings { steps, method: Method::Mixed, ..settings() }),
        (2, Settings { steps, batching: Batching::Progressive, ..settings() }),
    ] {
        let net = Description::new(&[64, 300, 300, 10], ActivationName::Tanh, ActivationName::Softmax, LossName::Mse);
        let teams = Together::teams(2);
        let seen = teams.clone();
        on_ranks_of(&net, teams, &settings, None, 0).into_iter().for_each(|end| drop(end.expect("trained")));
        let Traffic { sums, summed, .. } = seen[0].traffic();
        assert!(sums > rounds * steps && summed <= 64 * steps + others, "{summed} bytes for {sums} sums: {settings:?}");
    }
}
