//! Several chains come to the same bits on any number of ranks and threads, and on a ladder each temperature has its distribution.

use std::ops::ControlFlow;
use std::sync::Arc;

use amc_core::chain::{Grid, Options};
use amc_engine::data::{Data, OwnedTargets, Set, Values, digits};
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::ranks::{Team, Together};
use amc_engine::train::{Batching, By, Chains, Checkpoint, Initial, Method, Population, Settings, train_by};

use crate::ranks::{End, end, net, settings};

/// What training comes to, the steps and the losses on the way, and where it stood.
type Way = (End, Vec<(u64, u32)>, Option<Checkpoint>);

/// What one rank, or a process without, comes to from where others stood, and where it stands after `kept` moves.
fn trained(
    team: Option<&Arc<Team>>,
    chains: &Chains,
    settings: &Settings,
    (from, kept): (Option<&Checkpoint>, u64),
) -> anyhow::Result<Way> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    let (mut trail, mut stood) = (Vec::new(), None);
    let trained = pool.install(|| {
        train_by(&net(), &digits(), settings, (from, By::Chains(chains, team)), |moves, _| {
            let now = moves.progress(None);
            trail.push((now.counters.steps, now.loss.to_bits()));
            if trail.last().is_some_and(|(steps, _)| *steps == kept) {
                stood = Some(moves.checkpoint()?);
            }
            Ok(ControlFlow::Continue(()))
        })
    });
    Ok((end(&trained?), trail, stood))
}

/// The same of so many ranks.
fn on_ranks(ranks: usize, chains: &Chains, settings: &Settings, from: (Option<&Checkpoint>, u64)) -> Vec<Way> {
    std::thread::scope(|scope| {
        let one = |team: Arc<Team>| scope.spawn(move || trained(Some(&team), chains, settings, from).expect("trained"));
        let threads: Vec<_> = Together::teams(ranks).into_iter().map(one).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Populations, each of which exchanges between its moves and breaks off before another exchange.
fn populations() -> Vec<(&'static str, Chains, Settings)> {
    let settings = || Settings { steps: 170, ..settings() };
    let grid = Options { grid: Some(Grid::DEFAULT), ..settings().options };
    let copied = || Chains { count: 5, every: 40, ladder: Vec::new() };
    vec![
        ("copied", copied(), settings()),
        ("copied, in place", copied(), Settings { options: grid, in_place: true, ..settings() }),
        ("on a ladder", Chains { count: 3, every: 10, ladder: vec![1e-5, 3e-5, 1e-4] }, settings()),
    ]
}

#[test]
fn chains_come_to_the_same_bits_on_any_number_of_ranks_and_threads_and_go_on_from_each_other() {
    for (name, chains, settings) in populations() {
        let (wanted, trail, stood) = trained(None, &chains, &settings, (None, 80)).expect("trained");
        assert_eq!(trail.last().map(|(steps, _)| *steps), Some(170), "{name}");
        for (ranks, threads) in [(1, 1), (2, 2), (3, 1), (7, 1)] {
            let settings = Settings { threads, ..settings.clone() };
            for (rank, (end, same, _)) in on_ranks(ranks, &chains, &settings, (None, 0)).into_iter().enumerate() {
                assert_eq!(same, trail, "{name}: rank {rank} of {ranks}");
                assert!(end == wanted, "{name}: rank {rank} of {ranks}");
            }
        }
        let kept = on_ranks(2, &chains, &settings, (None, 80)).remove(1).2;
        for (from, ranks) in [(&stood, 3), (&kept, 1)] {
            for (end, _, _) in on_ranks(ranks, &chains, &settings, (from.as_ref(), 0)) {
                assert!(end == wanted, "{name}: on {ranks}, from what was kept");
            }
        }
        let (end, _, _) = trained(None, &chains, &settings, (kept.as_ref(), 0)).expect("trained");
        assert!(end == wanted, "{name}: alone, from what was kept");
        let others = Chains { count: chains.count + 1, ladder: Vec::new(), ..chains };
        assert!(trained(None, &others, &settings, (kept.as_ref(), 0)).is_err(), "{name}");
    }
}

/// A line through two points: U = (w − 0.4)² + (b − 0.1)², so that at T both are normal with a variance of T/2, and U/T is
/// exponential with a mean of 1.
#[test]
fn each_temperature_of_a_ladder_has_its_own_distribution() {
    let targets = OwnedTargets::Values(vec![0.5, -0.3], 1);
    let data = Data { train: Set::new(Values::F32(vec![1.0, -1.0]), 1, targets), test: None };
    let line = Description::new(&[1, 1], ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
    let settings = Settings {
        options: Options::new(0.2).epsilon(0.0).n_reset(0),
        initial: Initial::Gaussian(0.1),
        signal_norm: false,
        ..settings()
    };
    let ladder = vec![0.01, 0.03, 0.09];
    let chains = Chains { count: 3, every: 10, ladder: ladder.clone() };
    let objective = line.objective().expect("a net");
    let mut population = Population::new(objective, &data.train, &settings, &chains, None).expect("chains");
    const MEETINGS: u32 = 8_000;
    let mut sums = [[0.0_f64; 3]; 3];
    let mut at_coldest = [0; 3];
    for _ in 0..MEETINGS {
        population.advance(10).expect("moves");
        population.exchange().expect("swaps");
        for (chain, (loss, x, rung)) in population.chains().enumerate() {
            let of = [f64::from(loss), (f64::from(x[0]) - 0.4).powi(2), (f64::from(x[1]) - 0.1).powi(2)];
            sums[rung].iter_mut().zip(of).for_each(|(sum, x)| *sum += x);
            at_coldest[chain] += u32::from(rung == 0);
        }
    }
    for (sums, t) in sums.iter().zip(&ladder) {
        let [loss, w, b] = sums.map(|sum| sum / f64::from(MEETINGS) / f64::from(*t));
        // Squares of a normal number are spread by 1.4 of their mean, and one in some four meetings is a number of its own: the
        // mean of 2,000 is spread by 3%. Chains that swapped whatever their losses are would all have the ladder's mean, 0.043.
        assert!(
            (loss - 1.0).abs() < 0.1 && (2.0 * w - 1.0).abs() < 0.12 && (2.0 * b - 1.0).abs() < 0.12,
            "{t}: {sums:?}"
        );
    }
    // Each chain has been at each temperature about as long.
    assert!(at_coldest.iter().all(|count| (MEETINGS / 4..MEETINGS / 2).contains(count)), "{at_coldest:?}");
    let swaps = population.swaps();
    assert_eq!(swaps.asked, u64::from(MEETINGS));
    assert!(swaps.made > swaps.asked / 4 && swaps.made < swaps.asked * 3 / 4, "{swaps:?}");
}

#[test]
fn what_no_population_is_made_of_is_refused() {
    let of = |count, ladder: &[f32]| Chains { count, every: 10, ladder: ladder.to_vec() };
    let refused = |chains: Chains, settings: Settings, why: &str| {
        let error = By::Chains(&chains, None).check(&net(), &digits(), &settings).expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(of(0, &[]), settings(), "at least one chain");
    refused(Chains { every: 0, ..of(2, &[]) }, settings(), "a move between");
    refused(of(3, &[0.1, 0.2]), settings(), "2 temperatures are of 3 chains");
    for ladder in [[0.2, 0.1], [0.1, 0.1], [0.0, 0.1], [f32::NAN, 0.1], [0.1, f32::INFINITY]] {
        refused(of(2, &ladder), settings(), "above 0, and rise");
    }
    refused(of(2, &[]), Settings { method: Method::Mixed, ..settings() }, "mixed moves");
    refused(of(2, &[]), Settings { batching: Batching::Progressive, ..settings() }, "all samples");
    refused(of(usize::MAX, &[]), settings(), "memory");
    let chains = of(2, &[]);
    let shared = digits().part(&Together::teams(1)[0]);
    let error = By::Chains(&chains, None).check(&net(), &shared, &settings()).expect_err("refused").to_string();
    assert!(error.contains("are shared"), "{error}");
}
