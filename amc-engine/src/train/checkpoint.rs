//! Where training stands, to go on from there, bit for bit.

use amc_core::Generator;
use amc_core::chain::Chain;
use amc_kernels::Arithmetic;
use amc_store::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

use crate::evaluate::EarlyRejection;

/// A chain and its batch between two moves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The chain, in the format of [`amc_store::snapshot`].
    pub(crate) chain: Vec<u8>,
    /// Samples in the batch.
    pub(crate) batch: usize,
    /// What early rejection came to.
    pub(crate) early_rejection: EarlyRejection,
}

/// A chain's bytes.
pub(super) fn bytes_of(chain: &Chain<'_, Generator>, arithmetic: Arithmetic) -> anyhow::Result<Vec<u8>> {
    let snapshot = Snapshot::of(chain, arithmetic)?;
    let mut bytes = vec![0; snapshot.length()?];
    snapshot.write(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use amc_core::chain::Options;

    use super::Checkpoint;
    use crate::data::{Data, OwnedTargets, Set, Values};
    use crate::description::{ActivationName, Description, LossName};
    use crate::train::{Batching, Initial, Method, Settings, with_moves};
    use amc_kernels::Arithmetic;

    const MOVES: u64 = 600;

    /// Numbers, and whether they are above 0.
    fn signs() -> Data {
        let numbers: Vec<f32> = (0..2000).map(|i| ((i * 37 % 2000) as f32 - 999.5) / 1000.0).collect();
        let classes = numbers.iter().map(|x| u8::from(*x > 0.0)).collect();
        Data { train: Set::new(Values::F32(numbers), 1, OwnedTargets::Classes(classes)), test: None }
    }

    fn settings(batching: Batching, signal_norm: bool) -> Settings {
        Settings {
            method: Method::Amc,
            options: Options::new(0.1).epsilon(0.01).n_reset(20).temperature(1e-4),
            initial: Initial::Gaussian(0.1),
            transfer: Default::default(),
            in_place: false,
            signal_norm,
            batching,
            steps: MOVES,
            seed: 7,
            threads: 1,
            arithmetic: Arithmetic::Portable,
        }
    }

    fn net() -> Description {
        Description::new(&[1, 40, 40, 2], ActivationName::Tanh, ActivationName::Softmax, LossName::CrossEntropy)
    }

    /// The loss's bits and the samples after each move from `from` on, and the last parameters; and where the chain stands
    /// before some of the moves.
    type Way = (Vec<(u32, usize)>, Vec<f32>, Vec<(u64, Checkpoint)>);

    fn way(settings: &Settings, from: Option<&Checkpoint>) -> Way {
        with_moves(&net(), &signs(), settings, from, |mut moves, _| {
            let (mut trail, mut kept) = (Vec::new(), Vec::new());
            let mut steps = moves.progress(None).counters.steps;
            while steps < MOVES {
                if [0, 1, 2, 150, 500].contains(&steps) {
                    kept.push((steps, moves.checkpoint()?));
                }
                moves.make()?;
                let now = moves.progress(None);
                trail.push((now.loss.to_bits(), now.batch));
                steps = now.counters.steps;
            }
            Ok((trail, moves.progress(None).parameters().to_vec(), kept))
        })
        .expect("moves")
    }

    #[test]
    fn a_chain_goes_on_from_where_it_stood_whatever_its_batches() {
        for (batching, signal_norm) in [
            (Batching::Full, true),
            (Batching::Mini(100), true),
            (Batching::Mini(100), false),
            (Batching::Progressive, true),
        ] {
            let settings = settings(batching, signal_norm);
            let (trail, parameters, kept) = way(&settings, None);
            assert_eq!(kept.len(), 5);
            for (steps, checkpoint) in &kept {
                let (rest, end, _) = way(&settings, Some(checkpoint));
                assert_eq!(rest, trail[*steps as usize..], "{batching:?}, from move {steps}");
                assert_eq!(end, parameters, "{batching:?}, from move {steps}");
            }
            let grown = kept[4].1.batch > 500;
            assert_eq!(grown, batching != Batching::Mini(100), "{batching:?}");
        }
    }

    #[test]
    fn mixed_moves_go_on_from_where_they_stood_on_any_threads() {
        for (batching, temperature) in
            [(Batching::Full, 0.0), (Batching::Progressive, 0.0), (Batching::Full, 1e-4), (Batching::Mini(300), 0.0)]
        {
            let options = Options::new(0.1).temperature(temperature);
            let settings = Settings { method: Method::Mixed, options, ..settings(batching, false) };
            let (trail, parameters, kept) = way(&settings, None);
            assert!(trail[599].0 != trail[0].0 && kept.len() == 5);
            let others = Settings { threads: 3, ..settings.clone() };
            assert_eq!(way(&others, None).0, trail, "{batching:?}, on three threads");
            for (steps, checkpoint) in &kept {
                let (rest, end, _) = way(&others, Some(checkpoint));
                assert_eq!(rest, trail[*steps as usize..], "{batching:?}, from move {steps}");
                assert_eq!(end, parameters, "{batching:?}, from move {steps}");
            }
            // Of other parameters than those kept, and damaged.
            let mut checkpoint = kept[3].1.clone();
            checkpoint.chain[7] ^= 0x10;
            assert!(with_moves(&net(), &signs(), &settings, Some(&checkpoint), |_, _| Ok(())).is_err());
            checkpoint.chain.truncate(40);
            assert!(with_moves(&net(), &signs(), &settings, Some(&checkpoint), |_, _| Ok(())).is_err());
        }
    }

    #[test]
    fn what_mixed_moves_cannot_do_is_refused() {
        for (batching, in_place, temperature, why) in
            [(Batching::Mini(100), false, 0.1, "random batches"), (Batching::Full, true, 0.0, "in place")]
        {
            let options = Options::new(0.1).temperature(temperature);
            let settings = Settings { method: Method::Mixed, in_place, options, ..settings(batching, false) };
            let error = with_moves(&net(), &signs(), &settings, None, |_, _| Ok(())).expect_err("refused");
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn other_settings_are_refused() {
        let (_, _, kept) = way(&settings(Batching::Full, true), None);
        let same = settings(Batching::Full, true);
        let other = Settings { options: Options { n_reset: 21, ..same.options }, ..same };
        for other in [other, settings(Batching::Full, false)] {
            assert!(with_moves(&net(), &signs(), &other, Some(&kept[0].1), |_, _| Ok(())).is_err());
        }
    }
}
