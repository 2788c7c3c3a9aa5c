//! What is said of the machine changes no result.

use amc_kernels::Isa;

use super::{json, refused};

#[test]
fn instructions_change_no_bit() {
    let dir = tempfile::tempdir().expect("a folder");
    // Bytes with zeros among them and a softmax; layers of 1, 2, 4 and 8 neurons beside full blocks of them, and 17 columns.
    let digits = &["train", "--data", "digits", "--layers", "64,31,10", "--steps", "200", "--json"][..];
    let sine = &["train", "--data", "sine", "--layers", "1,79,17,1", "--steps", "40", "--signal-norm", "on", "--json"];
    for (options, arithmetic) in [(digits, "portable"), (digits, "fused"), (sine, "portable"), (sine, "fused")] {
        let isas = Isa::available().filter(|isa| arithmetic == "portable" || *isa != Isa::Scalar);
        let hash = |isa: Isa| {
            let machine = ["--arithmetic", arithmetic, "--threads", "2", "--isa", isa.name()];
            json(&[options, &machine].concat(), dir.path())["params_hash"].clone()
        };
        let hashes: Vec<_> = isas.map(|isa| (isa, hash(isa))).collect();
        assert!(hashes.windows(2).all(|pair| pair[0].1 == pair[1].1), "{arithmetic}, {options:?}: {hashes:?}");
    }
}

#[test]
fn instructions_that_the_machine_lacks_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    for isa in Isa::ALL.into_iter().filter(|isa| !Isa::available().any(|available| available == *isa)) {
        refused(&["train", "--isa", isa.name()], dir.path(), &[isa.name(), "this machine has no", "scalar"]);
    }
    refused(&["train", "--isa", "mmx"], dir.path(), &["mmx", "--isa", "avx2"]);
    refused(&["train", "--isa", "scalar", "--arithmetic", "fused"], dir.path(), &["scalar has no FMA", "portable"]);
}
