//! aMC on a function that is no net: Rosenbrock's, Eq. (6), from (−2, 2), for three rates epsilon (Fig. 3).

use amc_core::chain::{Chain, Memory, Options};
use amc_core::{Generator, Portable};
use rand_core::SeedableRng;

fn rosenbrock(x: &[f32]) -> f32 {
    let [x, y] = *x else { return f32::NAN };
    (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
}

fn main() -> Result<(), amc_core::chain::ChainError> {
    println!("epsilon  step      x       y       f");
    for epsilon in [0.0, 0.01, 0.1] {
        let (mut x, mut proposed, mut centres) = ([-2.0, 2.0], [0.0; 2], [0.0; 2]);
        let loss = rosenbrock(&x);
        let memory = Memory::new(&mut x, &mut proposed).centres(&mut centres);
        let options = Options::new(1e-3).epsilon(epsilon).n_reset(20);
        let mut chain = Chain::new(memory, options, Generator::seed_from_u64(1), loss)?;
        for step in 1..=10_000 {
            let proposal = chain.propose(Portable::<1>);
            let loss = rosenbrock(proposal.parameters());
            proposal.decide(loss);
            if step % 2_000 == 0 {
                let x = chain.parameters();
                println!("{epsilon:7}  {step:5}  {:6.3}  {:6.3}  {:.1e}", x[0], x[1], chain.loss());
            }
        }
    }
    Ok(())
}
