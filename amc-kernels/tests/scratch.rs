//! Where memory of the kernels begins.

use amc_kernels::Scratch;

#[test]
fn halves_and_thirds_begin_at_a_line() {
    for numbers in [0, 1, 95, 96, 97, 6400] {
        let mut scratch = Scratch::new(numbers);
        let numbers_there = scratch.numbers();
        assert!(numbers_there.len() >= numbers);
        for parts in [1, 2, 3] {
            for part in numbers_there.chunks_exact(numbers_there.len().div_ceil(parts).max(1)) {
                assert_eq!(part.as_ptr().addr() % 64, 0, "{numbers} numbers in {parts} parts");
            }
        }
    }
}
