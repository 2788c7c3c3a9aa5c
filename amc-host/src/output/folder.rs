//! The folder that a run's files go to, taken before the run: one of its own, unless it may overwrite another's files.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::FILES;

/// While a run has a folder, this file in it is locked.
const LOCK: &str = ".lock";

/// A folder that a run has for itself, as long as this lives. It is gone with it if nothing was put into it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Folders that were made for it, the outermost first.
    made: Vec<PathBuf>,
    lock: Option<File>,
}

/// Why there is no folder for a run's files.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is something else of its name.
    #[error("{0} is not a folder: results need one")]
    NotFolder(PathBuf),
    /// It cannot be made, or nothing can be written into it.
    #[error("nothing can be written into {0}")]
    Unwritable(PathBuf, #[source] io::Error),
    /// A run is under way in it.
    #[error("a run is under way in {0}")]
    UnderWay(PathBuf),
    /// It holds another run's files, and a number cannot be added to its name.
    #[error("{0} holds the files of another run: name another folder, or overwrite them with --force")]
    Taken(PathBuf),
}

impl Folder {
    /// Takes the folder `wanted`, or where that holds files of another run or a run is under way in it, the first that
    /// is free of `wanted`-2, `wanted`-3, and so on. With `overwrite`, `wanted` unless a run is under way in it.
    pub fn take(wanted: &Path, overwrite: bool) -> Result<Self, FolderError> {
        let mut path = wanted.to_path_buf();
        for number in 2_u64.. {
            if let Some(folder) = Self::claim(&path, overwrite)? {
                return Ok(folder);
            }
            let Some(name) = wanted.file_name() else { break };
            let mut name = name.to_os_string();
            name.push(format!("-{number}"));
            path = wanted.with_file_name(name);
        }
        Err(FolderError::Taken(wanted.to_path_buf()))
    }

    /// Takes the folder of a run that has not ended, to go on with it.
    pub fn take_again(path: &Path) -> Result<Self, FolderError> {
        let unwritable = |error| FolderError::Unwritable(path.to_path_buf(), error);
        let lock = File::create(path.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(FolderError::UnderWay(path.to_path_buf())),
            _ => Ok(Self { path: path.to_path_buf(), made: Vec::new(), lock: Some(lock) }),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes this folder; `None` if another run has it.
    fn claim(path: &Path, overwrite: bool) -> Result<Option<Self>, FolderError> {
        let unwritable = |error| FolderError::Unwritable(path.to_path_buf(), error);
        if path.exists() && !path.is_dir() {
            return Err(FolderError::NotFolder(path.to_path_buf()));
        }
        if !overwrite && has_files(path) {
            return Ok(None);
        }
        let missing: Vec<_> = path.ancestors().filter(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
        let made = missing.into_iter().rev().map(Path::to_path_buf).collect();
        let mut folder = Self { path: path.to_path_buf(), made, lock: None };
        fs::create_dir_all(path).map_err(unwritable)?;
        let lock = File::create(path.join(LOCK)).map_err(unwritable)?;
        match lock.try_lock() {
            // Not every file system has locks.
            Ok(()) | Err(TryLockError::Error(_)) => folder.lock = Some(lock),
            Err(TryLockError::WouldBlock) if overwrite => return Err(FolderError::UnderWay(path.to_path_buf())),
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
        // Another run may have ended since.
        Ok((overwrite || !has_files(path)).then_some(folder))
    }
}

fn has_files(dir: &Path) -> bool {
    FILES.iter().any(|name| dir.join(name).symlink_metadata().is_ok())
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let _ = fs::remove_file(self.path.join(LOCK));
        }
        // Only empty ones can be removed.
        self.made.iter().rev().for_each(|dir| drop(fs::remove_dir(dir)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Folder, FolderError};
    use crate::output::FILES;

    #[test]
    fn a_folder_is_of_one_run_while_it_lasts_and_once_it_has_files() {
        let dir = tempfile::tempdir().expect("a folder");
        let wanted = dir.path().join("runs/digits");
        let take = || Folder::take(&wanted, false).expect("a folder");
        let numbered = |number: u32| dir.path().join(format!("runs/digits-{number}"));
        let (first, second) = (take(), take());
        assert_eq!((first.path(), second.path()), (wanted.as_path(), numbered(2).as_path()));
        fs::write(first.path().join(FILES[0]), "a model").expect("written");
        drop((first, second));
        assert_eq!(fs::read_dir(&wanted).expect("the folder").count(), 1, "only what was written stays");
        assert!(!numbered(2).exists());
        assert_eq!(take().path(), numbered(2));
        let forced = Folder::take(&wanted, true).expect("a folder");
        assert_eq!(forced.path(), wanted);
        assert!(matches!(Folder::take(&wanted, true), Err(FolderError::UnderWay(_))));
    }

    #[test]
    fn each_file_of_a_run_is_kept_and_others_files_do_not_matter() {
        for name in FILES {
            let dir = tempfile::tempdir().expect("a folder");
            let take = || Folder::take(dir.path(), false).expect("a folder").path().to_path_buf();
            fs::write(dir.path().join("notes.txt"), "mine").expect("written");
            assert_eq!(take(), dir.path());
            fs::write(dir.path().join(name), "another's").expect("written");
            assert_ne!(take(), dir.path(), "{name}");
            // A number cannot be added to `..`.
            fs::create_dir(dir.path().join("a")).expect("made");
            assert!(matches!(Folder::take(&dir.path().join("a/.."), false), Err(FolderError::Taken(_))));
            assert!(matches!(Folder::take(&dir.path().join(name), false), Err(FolderError::NotFolder(_))));
        }
    }

    #[test]
    fn nothing_is_left_of_a_run_that_wrote_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(Folder::take(&dir.path().join("a/b/c"), false).expect("a folder"));
        assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0);
        fs::create_dir(dir.path().join("a")).expect("made");
        drop(Folder::take(&dir.path().join("a/b"), false).expect("a folder"));
        assert_eq!(fs::read_dir(dir.path().join("a")).expect("what was there stays").count(), 0);
    }
}
