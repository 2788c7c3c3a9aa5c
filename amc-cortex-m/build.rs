//! Tells whether the core has the instructions that multiply two pairs of 16 bits at once: a Cortex-M4 or M7 always, an M33
//! perhaps, so that it is not told of one.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(dual_multiply)");
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("TARGET").is_ok_and(|target| target.starts_with("thumbv7em")) {
        println!("cargo:rustc-cfg=dual_multiply");
    }
}
