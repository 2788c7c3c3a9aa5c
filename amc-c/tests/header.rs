//! `include/amc.h` is what cbindgen makes of this crate. `AMC_WRITE_HEADER=1 cargo test --test header` writes it.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_source() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("include/amc.h");
    let mut header = Vec::new();
    cbindgen::generate(folder).expect("cbindgen understands the crate").write(&mut header);
    if std::env::var_os("AMC_WRITE_HEADER").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_default();
    assert!(kept == header, "the header is not up to date: AMC_WRITE_HEADER=1 cargo test --test header");
}
