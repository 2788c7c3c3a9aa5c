//! Tables of the functions that nets and losses take, made when the program is compiled.

/// e^x for |x| ≤ 4, by its series; for tables alone.
const fn exp(x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while n < 60.0 {
        term *= x / n;
        sum += term;
        n += 1.0;
    }
    sum
}

/// log₂(x) of x in [1, 2], by the series of the inverse hyperbolic tangent.
const fn log2(x: f64) -> f64 {
    let z = (x - 1.0) / (x + 1.0);
    let (mut sum, mut power, mut n) = (0.0, z, 1.0);
    while n < 80.0 {
        sum += power / n;
        power *= z * z;
        n += 2.0;
    }
    2.0 * sum / core::f64::consts::LN_2
}

/// The nearest integer to a number that is not negative.
const fn nearest(x: f64) -> u16 {
    (x + 0.5) as u16
}

/// 127 · tanh((i + ½) / 64) for i below 256; elsewhere it is odd about −½, or as good as 127.
pub const TANH: [i8; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < 256 {
        // Of half of it, which keeps the series short: tanh(2y) = (E² − 1) / (E² + 1), E = e^2y.
        let e = exp((i as f64 + 0.5) / 64.0);
        table[i] = nearest(127.0 * (e * e - 1.0) / (e * e + 1.0)) as i8;
        i += 1;
    }
    table
};

/// 2¹⁵ · 2^(−i/256)
pub const EXP2: [u16; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < 256 {
        table[i] = nearest(32_768.0 * exp(-(i as f64) / 256.0 * core::f64::consts::LN_2));
        i += 1;
    }
    table
};

/// 2¹² · log₂(1 + i/256)
pub const LOG2: [u16; 257] = {
    let (mut table, mut i) = ([0; 257], 0);
    while i <= 256 {
        table[i] = nearest(4096.0 * log2(1.0 + i as f64 / 256.0));
        i += 1;
    }
    table
};
