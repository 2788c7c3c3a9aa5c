//! A file is kept once all of it has come and its hash is right, and not before.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use amc_host::data::sources::{Source, SourceFile, hex};
use amc_host::{note, whole_file};
use indicatif::{ProgressBar, ProgressStyle};
use md5::{Digest, Md5};

/// What went wrong with a download.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The server cannot be reached, or has no such file.
    #[error("{url}: {reason}")]
    Http {
        /// The file's address.
        url: String,
        /// What the client says.
        reason: String,
    },
    /// The transfer broke off, or the file cannot be written.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// What came is not the file that was wanted.
    #[error("{url}: its MD5 is {found}, not {wanted}: the file was not kept")]
    Hash {
        /// The file's address.
        url: String,
        /// The MD5 of what came.
        found: String,
        /// The MD5 wanted.
        wanted: String,
    },
}

/// Downloads the files of `source` that `dir` does not hold yet; `url` overrides where from.
pub fn fetch(source: &Source, url: Option<&str>, dir: &Path) -> Result<(), FetchError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |error| FetchError::Io(path, error)
    };
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    for SourceFile { name, md5: wanted, .. } in &source.files {
        let (name, wanted) = (format!("{name}.gz"), *wanted);
        let path = dir.join(&name);
        if std::fs::read(&path).is_ok_and(|bytes| hex(&Md5::digest(bytes)) == wanted) {
            note!("{} is there already", path.display());
            continue;
        }
        let url = format!("{}/{name}", url.unwrap_or(source.url).trim_end_matches('/'));
        let mut response =
            ureq::get(&url).call().map_err(|error| FetchError::Http { url: url.clone(), reason: error.to_string() })?;
        let bar = ProgressBar::new(response.body().content_length().unwrap_or(0));
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name);
        let mut file = whole_file::temporary(dir).map_err(io(&path))?;
        let mut digest = Md5::new();
        let mut reader = bar.wrap_read(response.body_mut().as_reader());
        let mut buffer = [0; 1 << 16];
        loop {
            let n = reader.read(&mut buffer).map_err(io(&path))?;
            if n == 0 {
                break;
            }
            digest.update(&buffer[..n]);
            file.write_all(&buffer[..n]).map_err(io(&path))?;
        }
        bar.finish();
        let found = hex(&digest.finalize());
        if found != wanted {
            return Err(FetchError::Hash { url, found, wanted: wanted.to_string() });
        }
        file.as_file().sync_all().map_err(io(&path))?;
        file.persist(&path).map_err(|error| FetchError::Io(path.clone(), error.error))?;
    }
    Ok(())
}
