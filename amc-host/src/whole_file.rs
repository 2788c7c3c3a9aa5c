//! Files that are written whole or not at all: under a temporary name beside their own, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A new file in `dir` that is gone unless it is persisted; whoever may read the caller's other files may read it, too.
pub fn temporary(dir: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // What the system says, without the temporary name, which nobody has asked for.
    builder.tempfile_in(dir).map_err(|error| fs::metadata(dir).err().unwrap_or_else(|| error.kind().into()))
}

/// Writes a file; what a link leads to is written, and the link stays. Devices and pipes are written to.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = temporary(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Under which name [`write_again`] writes.
pub fn new_name(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Writes a file of a run that may be killed: always by the same other name, so that whatever is left there, the next
/// overwrites. Two that write the same file at once may spoil it: what is kept so has a checksum, or is the same.
pub fn write_again(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = new_name(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match fs::rename(new, path) {
        // The other has just renamed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => Ok(()),
        renamed => renamed,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_error_does_not_name_a_file_that_nobody_asked_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = super::write(&dir.path().join("nowhere/model.amc"), b"").expect_err("no folder");
        assert_eq!((error.kind(), error.to_string().contains("tmp")), (std::io::ErrorKind::NotFound, false), "{error}");
    }

    #[test]
    fn a_file_takes_the_place_of_another_and_may_be_read_by_whom_others_may() {
        let dir = tempfile::tempdir().expect("a folder");
        let [path, other] = ["written", "other"].map(|name| dir.path().join(name));
        for path in [&path, &other] {
            std::fs::write(path, "before").expect("written");
        }
        super::write(&path, b"after").expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"after");
        assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 2, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path| std::fs::metadata(path).expect("there").permissions().mode();
            assert_eq!(mode(&path), mode(&other));
            let link = dir.path().join("link");
            std::os::unix::fs::symlink("written", &link).expect("linked");
            super::write(&link, b"by a link").expect("written");
            assert_eq!(std::fs::read(&path).expect("read"), b"by a link");
            assert!(link.symlink_metadata().expect("there").is_symlink());
        }
    }
}
