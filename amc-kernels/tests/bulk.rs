//! Numbers of generators that are made many at once.

use amc_core::Generator;
use amc_core::gaussian::Bits;
use amc_kernels::Isa;
use amc_kernels::draw::{Bulk, Words};
use rand_core::{Rng, SeedableRng};

/// On every instruction set of this machine, however many are drawn and however many at a time.
#[test]
fn numbers_are_those_of_one_generator() {
    let mut words = Words::NEW;
    for isa in Isa::available() {
        for draws in [0, 1, 32, 1023, 1024, 1025, 1056, 2048, 5216, 16_384] {
            for at_a_time in [1, 31, 32, 700] {
                let begun = Generator::seed_from_u64(draws as u64);
                let mut bulk =
                    Bulk::on(isa, begun.clone(), draws, &mut words).expect("an instruction set of this machine");
                let mut drawn = vec![0; draws];
                for drawn in drawn.chunks_mut(at_a_time) {
                    match drawn {
                        [one] => *one = bulk.next(),
                        many => bulk.fill(many),
                    }
                }
                let mut one = begun;
                assert!(
                    drawn.iter().all(|number| *number == one.next_u32()),
                    "{draws} draws, {at_a_time} at a time, {isa}"
                );
                assert_eq!(Generator::from(bulk), one, "after {draws} draws, {at_a_time} at a time, {isa}");
            }
        }
    }
}
