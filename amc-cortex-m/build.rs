//! Tells what instructions the core has.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |key, value: &str| std::env::var(key).is_ok_and(|is| is == value);
    // Those of an FPU.
    let fpu = is("CARGO_CFG_TARGET_ARCH", "arm") && is("CARGO_CFG_TARGET_ABI", "eabihf");
    // Those that multiply two pairs of 16 bits at once: a Cortex-M4 or M7 has them always, an M33 perhaps, so that it is not
    // told of them.
    let dual_multiply = std::env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em"));
    for (name, has) in [("fpu", fpu), ("dual_multiply", dual_multiply)] {
        println!("cargo:rustc-check-cfg=cfg({name})");
        if has {
            println!("cargo:rustc-cfg={name}");
        }
    }
}
