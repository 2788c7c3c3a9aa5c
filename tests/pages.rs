//! Pages name files that are there.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The Markdown pages of the repository's front, of docs and of the crates.
fn pages() -> Vec<PathBuf> {
    let folders = fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut pages = Vec::new();
    for folder in folders.chain([PathBuf::from(ROOT)]) {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    pages.sort();
    pages
}

/// Whether a link is to a file here, not elsewhere or to an item of a crate's documentation.
fn is_file(link: &str) -> bool {
    link.contains(['.', '/']) && !link.contains("::") && !link.contains("://")
}

/// Targets of links, without those elsewhere; and paths in backquotes that begin with a folder of the repository.
fn named(page: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(page).unwrap();
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let links = links.filter(|link| is_file(link)).map(|link| page.parent().unwrap().join(link));
    let quoted = text.split('`').skip(1).step_by(2).filter(|quoted| {
        let folder = quoted.split_once('/').map(|(folder, _)| folder);
        let is_path = quoted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        is_path && folder.is_some_and(|folder| folder.starts_with("amc-") && Path::new(ROOT).join(folder).is_dir())
    });
    links.chain(quoted.map(|path| Path::new(ROOT).join(path))).collect()
}

#[test]
fn what_pages_name_is_there() {
    let mut missing = Vec::new();
    let mut count = 0;
    for page in pages() {
        for named in named(&page) {
            count += 1;
            if !named.exists() {
                missing.push(format!("{}: {}", page.display(), named.display()));
            }
        }
    }
    assert!(count > 60, "only {count} names were found: the pages are read wrongly");
    assert!(missing.is_empty(), "{missing:#?}");
}
