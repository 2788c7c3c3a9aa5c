//! The time of a move over ranks, as a model has it and as it is: ranks are threads of this process, and what they add up or gather
//! comes so much later.
//!
//! The model is fitted to one rank and to two, without latency. It is compared with more of them, which share two cores, and with
//! latencies.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use amc_core::chain::Options;
use amc_engine::data::functions::sine_at;
use amc_engine::description::{ActivationName, Description, LossName};
use amc_engine::ranks::{Ranks, RanksError, Team, Together, Traffic};
use amc_engine::train::{Batching, Initial, Method, Settings, train_on};
use amc_kernels::Arithmetic;

const SAMPLES: usize = 60_000;
const STEPS: u64 = 60;
/// Of the machine.
const CORES: usize = 2;

/// A rank to which sums and what is gathered come later.
#[derive(Debug)]
struct Late {
    rank: Together,
    latency: Duration,
}

impl Ranks for Late {
    fn rank(&self) -> usize {
        self.rank.rank()
    }

    fn count(&self) -> usize {
        self.rank.count()
    }

    fn sum(&self, words: &mut [u64]) -> Result<(), RanksError> {
        self.rank.sum(words)?;
        thread::sleep(self.latency);
        Ok(())
    }

    fn gather(&self, mine: &[u8]) -> Result<Vec<Vec<u8>>, RanksError> {
        let all = self.rank.gather(mine)?;
        thread::sleep(self.latency);
        Ok(all)
    }
}

/// What moves of so many ranks take: the median in ms, and how often they wait for each other.
fn measured(ranks: usize, latency: Duration) -> anyhow::Result<(f64, f64)> {
    let net = Description::new(&[1, 100, 100, 1], ActivationName::Tanh, ActivationName::Linear, LossName::Mse);
    let settings = Settings {
        method: Method::Amc,
        options: Options::new(0.01),
        initial: Initial::Gaussian(0.01),
        transfer: Default::default(),
        in_place: false,
        signal_norm: false,
        batching: Batching::Full,
        steps: STEPS,
        seed: 1,
        threads: 1,
        arithmetic: Arithmetic::Portable,
    };
    let one = |team: Arc<Team>| {
        let data = sine_at(SAMPLES).part(&team);
        let trained = train_on(&net, &data, &settings, None, |_, _| Ok(ControlFlow::Continue(())))?;
        let Traffic { sums, gathers, .. } = team.traffic();
        anyhow::Ok((1e3 * trained.median_step.as_secs_f64(), (sums + gathers) as f64 / STEPS as f64))
    };
    thread::scope(|scope| {
        let start = |rank| Ok(scope.spawn(move || one(Team::new(Late { rank, latency })?)));
        let threads = Together::ranks(ranks).into_iter().map(start).collect::<Result<Vec<_>, RanksError>>()?;
        let ends = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a rank has panicked")));
        ends.map(|end| end?).next().ok_or_else(|| anyhow::anyhow!("no ranks"))?
    })
}

fn main() -> anyhow::Result<()> {
    let (one, _) = measured(1, Duration::ZERO)?;
    let (two, _) = measured(2, Duration::ZERO)?;
    let compute = 2.0 * (one - two);
    let rest = one - compute;
    println!("one rank {one:.2} ms a move, two {two:.2}: compute {compute:.2} ms, rest {rest:.2} ms");
    println!("ranks  latency, ms  waits a move  predicted, ms  measured, ms");
    for (ranks, micros) in [(4, 0), (8, 0), (16, 0), (2, 500), (2, 2000), (4, 2000), (16, 2000)] {
        let latency = Duration::from_micros(micros);
        let (measured, waits) = measured(ranks, latency)?;
        let late = 1e-3 * micros as f64;
        // The cores have all ranks' rest to do.
        let predicted = (compute + ranks as f64 * rest) / ranks.min(CORES) as f64 + waits * late;
        println!("{ranks:5}  {late:11.1}  {waits:12.1}  {predicted:13.2}  {measured:12.2}");
    }
    Ok(())
}
