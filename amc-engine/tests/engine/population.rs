//! Several chains come to the same bits on any number of ranks and threads, and on a ladder each temperature has its distribution.

use std::ops::ControlFlow;
use std::sync::Arc;

use amc_core::chain::{Grid, Options};
use amc_core::{Activation, Layer};
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

/// A recurrent layer of one linear unit over three steps: of an input w, of a step back r, and a bias b. An input in the first step alone
/// gives r²w + (r² + r + 1)b, in the third w + (r² + r + 1)b, and none (r² + r + 1)b: 1, 1 and 0 are wanted, so r is near 1 or near −1.
/// There the loss leaves b three times the room; a fifth in the second step tilts it to the other side.
fn two_wells() -> (Description, Data) {
    let layers = vec![Layer::recurrent(1, 1, 3, Activation::Linear)];
    let inputs = [[1.0, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 1.0], [0.0; 3]].concat();
    let targets = OwnedTargets::Values(vec![1.0, 0.2, 1.0, 0.0], 1);
    let data = Data { train: Set::new(Values::F32(inputs), 3, targets), test: None };
    (Description::unnamed(3, layers, LossName::Mse), data)
}

/// The share of exp(−U/T) where r > 0, by a sum over points a thirtieth apart: the narrowest direction of a well has a deviation of 0.028,
/// and of a Gaussian such a sum is off by 2 exp(−2π² (0.028 · 30)²), a millionth.
fn share_above_0(t: f64) -> f64 {
    let range = |from: i32, to: i32| (from..to).map(|i| (f64::from(i) + 0.5) / 30.0);
    let (mut above, mut all) = (0.0, 0.0);
    for r in range(-60, 60) {
        for w in range(0, 60) {
            for b in range(-30, 30) {
                let rest = (r * r + r + 1.0) * b;
                let errors = [r * r * w + rest - 1.0, 0.2 * r * w + rest - 0.2, w + rest - 1.0, rest];
                let weight = (-errors.iter().map(|e| e * e).sum::<f64>() / 4.0 / t).exp();
                all += weight;
                above += if r > 0.0 { weight } else { 0.0 };
            }
        }
    }
    above / all
}

#[test]
fn the_coldest_of_a_ladder_is_in_both_wells_as_often_as_they_weigh_where_a_chain_alone_stays_in_one() {
    let (net, data) = two_wells();
    let settings = Settings {
        options: Options::new(0.15).epsilon(0.0).n_reset(0),
        initial: Initial::Gaussian(0.1),
        signal_norm: false,
        ..settings()
    };
    const MEETINGS: usize = 12_000;
    // In which well the chain of the lowest temperature is at each meeting.
    let above_0 = |ladder: &[f32]| -> Vec<f64> {
        let chains = Chains { count: ladder.len(), every: 10, ladder: ladder.to_vec() };
        let objective = net.objective().expect("a net");
        let mut population = Population::new(objective, &data.train, &settings, &chains, None).expect("chains");
        let meeting = |_| {
            population.advance(10).expect("moves");
            population.exchange().expect("swaps");
            let coldest = population.chains().find(|(_, _, rung)| *rung == 0);
            f64::from(u8::from(coldest.is_some_and(|(_, x, _)| x[1] > 0.0)))
        };
        (0..MEETINGS).map(meeting).collect()
    };
    let ladder = [0.007, 0.014, 0.028, 0.056];
    let alone = above_0(&ladder[..1]);
    let of_ladder = above_0(&ladder);
    let late = &alone[MEETINGS / 10..];
    assert!(late.iter().all(|is| *is == late[0]), "it has left its well");
    // Means of 20 parts of the run, each of which is long beside the way of a temperature up and down the ladder, are spread as numbers
    // of their own are, a third less at worst: so the share is off by more than 4.5 times what they tell once in thousands of runs.
    let parts: Vec<f64> =
        of_ladder.chunks(MEETINGS / 20).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect();
    let count = parts.len() as f64;
    let share = parts.iter().sum::<f64>() / count;
    let error = (parts.iter().map(|part| (part - share).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt();
    let wanted = share_above_0(0.007);
    // A ladder on which neighbours swap whatever their losses are has a share of about a third, as its hottest has.
    assert!(error < 0.06 && (share - wanted).abs() < 4.5 * error, "{share} ± {error}, where {wanted} was wanted");
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
