//! Tables as the registers of AVX-512 hold them.

use amc_core::integer::{EXP2, LOG2, TANH};

use super::TILE;

/// The first half of two registers' bytes in turn, and the second.
pub const PAIRS: [[u8; TILE]; 2] = {
    let (mut pairs, mut i) = ([[0; TILE]; 2], 0);
    while i < TILE {
        let number = (i / 2 + TILE * (i % 2)) as u8;
        pairs[0][i] = number;
        pairs[1][i] = number + TILE as u8 / 2;
        i += 1;
    }
    pairs
};

/// The same of words.
pub const WORD_PAIRS: [[u16; 32]; 2] = {
    let (mut pairs, mut i) = ([[0; 32]; 2], 0);
    while i < 32 {
        let number = (i / 2 + 32 * (i % 2)) as u16;
        pairs[0][i] = number;
        pairs[1][i] = number + 16;
        i += 1;
    }
    pairs
};

/// The same of numbers.
pub const NUMBER_PAIRS: [[u32; 16]; 2] = {
    let (mut pairs, mut i) = ([[0; 16]; 2], 0);
    while i < 16 {
        let number = (i / 2 + 16 * (i % 2)) as u32;
        pairs[0][i] = number;
        pairs[1][i] = number + 8;
        i += 1;
    }
    pairs
};

/// The lower byte of each word of two registers.
pub const LOWER_BYTES: [u8; TILE] = {
    let (mut lower, mut i) = ([0; TILE], 0);
    while i < TILE {
        lower[i] = 2 * i as u8;
        i += 1;
    }
    lower
};

/// The lower word of each number of two registers.
pub const LOWER_WORDS: [u16; 32] = {
    let (mut lower, mut i) = ([0; 32], 0);
    while i < 32 {
        lower[i] = 2 * i as u16;
        i += 1;
    }
    lower
};

/// A byte of each of the numbers.
const fn bytes_of(numbers: &[u16; 256], high: bool) -> [[u8; TILE]; 4] {
    let (mut bytes, mut i) = ([[0; TILE]; 4], 0);
    while i < 256 {
        bytes[i / TILE][i % TILE] = if high { (numbers[i] >> 8) as u8 } else { (numbers[i] & 255) as u8 };
        i += 1;
    }
    bytes
}

/// The logarithms' table, but for its last entry, and by how much each next entry is more.
const LOGARITHMS: ([u16; 256], [u16; 256]) = {
    let (mut below, mut more, mut i) = ([0; 256], [0; 256], 0);
    while i < 256 {
        below[i] = LOG2[i];
        more[i] = LOG2[i + 1] - LOG2[i];
        assert!(more[i] < 256);
        i += 1;
    }
    (below, more)
};

pub const EXP2_LOW: [[u8; TILE]; 4] = bytes_of(&EXP2, false);
pub const EXP2_HIGH: [[u8; TILE]; 4] = bytes_of(&EXP2, true);
pub const LOG2_LOW: [[u8; TILE]; 4] = bytes_of(&LOGARITHMS.0, false);
pub const LOG2_HIGH: [[u8; TILE]; 4] = bytes_of(&LOGARITHMS.0, true);
pub const LOG2_MORE: [[u8; TILE]; 4] = bytes_of(&LOGARITHMS.1, false);
pub const TANH_BYTES: [[u8; TILE]; 4] = {
    let (mut bytes, mut i) = ([[0; TILE]; 4], 0);
    while i < 256 {
        bytes[i / TILE][i % TILE] = TANH[i] as u8;
        i += 1;
    }
    bytes
};
