//! What spans the crates: host and device, bit for bit; what flash memory keeps through power cuts, damage and wear; the
//! pages, and what no test program is made of.

// Of the firmware, what a host can run, too.
#[path = "../amc-firmware/src/anomaly.rs"]
mod anomaly;
#[path = "../amc-firmware/src/cart_pole.rs"]
mod cart_pole;
#[path = "../amc-firmware/src/digits_int8.rs"]
mod digits_int8;
#[path = "../amc-firmware/src/filters_int8.rs"]
mod filters_int8;
#[path = "../amc-firmware/src/frozen.rs"]
mod frozen;
#[path = "../amc-firmware/src/golden.rs"]
mod golden;
#[path = "../amc-firmware/src/integers.rs"]
mod integers;
#[path = "../amc-firmware/src/kinds.rs"]
mod kinds;
#[path = "../amc-firmware/src/logits.rs"]
mod logits;
#[path = "../amc-firmware/src/mixed.rs"]
mod mixed;
#[path = "../amc-firmware/src/paper.rs"]
mod paper;
#[path = "../amc-firmware/src/widths.rs"]
mod widths;

mod chip;
mod damaged_flash;
mod elsewhere;
mod firmware;
mod learned_alone;
mod nor_flash;
mod pages;
mod power_cuts;
mod untested;
mod wear;
