//! A table of arrays: those of features, and beside them those of targets, in one part, or in one to train on and one to test
//! with.

mod block;
mod error;
mod roles;
mod stored;

use std::fmt;
use std::ops::Range;
use std::path::Path;

use amc_engine::memory;
use amc_exchange::npy::{self, Array};
use amc_exchange::npz::{self, Archive};

use self::block::Block;
pub use self::error::ArraysError;
use self::roles::Roles;
pub use self::stored::StoredArrays;
use super::{Cell, Place};

/// Bytes that the arrays of an archive may have, however few their file has: classes as rows of zeros and a one, and pictures of little but
/// background, are packed to a hundredth and less.
const ALWAYS: u64 = 1 << 30;

/// A table of arrays.
#[derive(Clone, Debug)]
pub struct Arrays {
    features: Block,
    targets: Option<Block>,
    /// The rows that there are, by their places in the arrays.
    rows: Vec<usize>,
    /// Rows of the file before those of the arrays.
    before: usize,
    /// What was not taken for anything: arrays of as many rows as the features, and all others.
    unclear: Vec<String>,
    unread: Vec<String>,
}

/// Whether a file of these bytes has arrays, or by its name should have.
pub fn are_in(path: &Path, bytes: &[u8]) -> bool {
    bytes.starts_with(&npy::MAGIC) || is_archive(path, bytes) || is_called(path, "npy")
}

fn is_archive(path: &Path, bytes: &[u8]) -> bool {
    let is_other = bytes.starts_with(&npy::MAGIC);
    npz::MAGIC.iter().any(|magic| bytes.starts_with(magic)) || is_called(path, "npz") && !is_other
}

fn is_called(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

impl Arrays {
    /// Those of a file whose bytes are these.
    pub fn of_file(path: &Path, bytes: Vec<u8>) -> Result<Self, ArraysError> {
        if is_archive(path, &bytes) {
            return Self::of_archive(path, bytes);
        }
        let features = Array::of_file(bytes, &path.display().to_string())?;
        Self::checked(path, Block::new(vec![(String::new(), features)], ""), None)
    }

    /// Features and targets of a file each; `path` is what errors call both.
    pub fn of_two(path: &Path, files: [(&Path, Vec<u8>); 2]) -> Result<Self, ArraysError> {
        let [features, targets] = files.map(|(path, bytes)| {
            let of = path.display().to_string();
            Array::of_file(bytes, &of).map(|array| vec![(of, array)])
        });
        Self::checked(path, Block::new(features?, ""), Some(Block::new(targets?, "y")))
    }

    fn of_archive(path: &Path, bytes: Vec<u8>) -> Result<Self, ArraysError> {
        let archive = Archive::new(bytes, &path.display().to_string(), ALWAYS)?;
        let Roles { features, targets, title } = Roles::of(path, &archive)?;
        let block = |names: &[&str], title| {
            let parts = names.iter().map(|name| Ok((name.to_string(), archive.array(name)?)));
            Ok::<_, ArraysError>(Block::new(parts.collect::<Result<_, ArraysError>>()?, title))
        };
        let (mut features, used) = (block(&features, "")?, [&features[..], &targets].concat());
        let mut targets = if targets.is_empty() { None } else { Some(block(&targets, &title)?) };
        let mut unread: Vec<_> = archive.names().filter(|name| !used.contains(name)).map(String::from).collect();
        for (name, block) in [("feature_names", Some(&mut features)), ("target_names", targets.as_mut())] {
            let texts = if unread.iter().any(|other| other == name) { texts(&archive, name) } else { None };
            if let (Some(texts), Some(block)) = (texts, block)
                && block.take_names(texts)
            {
                unread.retain(|other| other != name);
            }
        }
        let rows = features.parts.first().map_or(0, |(_, array)| array.layout.rows());
        let is_as_long = |name: &&String| archive.layout(name).is_ok_and(|layout| layout.rows() == rows);
        let unclear = unread.iter().filter(is_as_long).cloned().collect();
        Ok(Self { unclear, unread, ..Self::checked(path, features, targets)? })
    }

    /// Checks that arrays fit together, and that there is the memory for what becomes of them.
    fn checked(path: &Path, features: Block, targets: Option<Block>) -> Result<Self, ArraysError> {
        let (rows, width) = (features.rows() as u64, features.width() as u64);
        // Numbers as they are and as a net has them, and what is kept of a column.
        let needed = rows.saturating_mul(width).saturating_mul(12).saturating_add(width.saturating_mul(256));
        memory::check(needed, path.display().to_string())?;
        let rows = (0..features.rows()).collect();
        Ok(Self { rows, ..Self::fitting(path, features, targets)? })
    }

    /// Checks that arrays fit together; none of their rows is taken.
    fn fitting(path: &Path, features: Block, targets: Option<Block>) -> Result<Self, ArraysError> {
        let path = || path.to_path_buf();
        for block in std::iter::once(&features).chain(&targets) {
            block.check(&path())?;
        }
        for ((one, array), (other, found)) in features.parts.iter().zip(targets.iter().flat_map(|block| &block.parts)) {
            let (wanted, rows) = (array.layout.rows(), found.layout.rows());
            if wanted != rows {
                let [features, targets] = [one, other].map(|name| name.to_string());
                return Err(ArraysError::Rows { path: path(), features, wanted, targets, rows });
            }
        }
        Ok(Self { features, targets, rows: Vec::new(), before: 0, unclear: Vec::new(), unread: Vec::new() })
    }

    /// These rows of them.
    pub fn keep(self, rows: &[usize]) -> Self {
        Self { rows: rows.iter().filter_map(|row| self.rows.get(*row).copied()).collect(), ..self }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Columns, with those of targets.
    pub fn width(&self) -> usize {
        self.features.width() + self.targets.as_ref().map_or(0, Block::width)
    }

    /// The array that a column is in, and its place there.
    fn block(&self, column: usize) -> (&Block, usize) {
        match (&self.targets, column.checked_sub(self.features.width())) {
            (Some(targets), Some(column)) => (targets, column),
            _ => (&self.features, column),
        }
    }

    /// The columns of the targets; none, if there are only features. Refused, if other arrays may be targets.
    pub fn targets(&self, path: &Path) -> Result<Option<Range<usize>>, ArraysError> {
        match (&self.targets, &self.unclear[..]) {
            (None, []) => Ok(None),
            (None, unclear) => Err(ArraysError::NoTargets { path: path.to_path_buf(), arrays: unclear.join(", ") }),
            (Some(_), _) => Ok(Some(self.features.width()..self.width())),
        }
    }

    /// The first row of a part that tests, if there is one.
    pub fn first_to_test(&self) -> Option<usize> {
        let [(_, train), _] = &self.features.parts[..] else { return None };
        Some(self.rows.partition_point(|row| *row < train.layout.rows()))
    }

    /// Where the cells of a column are.
    pub fn column(&self, column: usize) -> Column<'_> {
        let (block, column) = self.block(column);
        Column { block, columns: block.columns(column), rows: &self.rows }
    }

    /// What a column is called.
    pub fn name(&self, column: usize) -> Option<&str> {
        let (block, column) = self.block(column);
        block.name(column)
    }

    /// Whether columns of features have names.
    pub fn has_names(&self) -> bool {
        self.features.name(0).is_some()
    }

    /// The place of a cell.
    pub fn place(&self, path: &Path, row: usize, column: usize) -> Place {
        let (block, column) = self.block(column);
        let row = self.rows.get(row).copied().unwrap_or(row);
        Place::Element { path: path.to_path_buf(), element: block.element(row, column, self.before) }
    }
}

/// Where the cells of a column are.
#[derive(Clone)]
pub struct Column<'t> {
    block: &'t Block,
    /// In each part.
    columns: Vec<npy::Column<'t>>,
    rows: &'t [usize],
}

impl<'t> Column<'t> {
    /// That of a row; one that is not there is empty.
    pub fn cell(&self, row: usize) -> Cell<'t> {
        self.block.cell(&self.columns, self.rows.get(row).copied().unwrap_or(usize::MAX))
    }
}

/// The texts of an array, if it is one of texts.
fn texts(archive: &Archive, name: &str) -> Option<Vec<String>> {
    let block = Block::new(vec![(String::new(), archive.array(name).ok()?)], "");
    let columns = block.columns(0);
    let text = |row| match block.cell(&columns, row) {
        Cell::Text(text, _) => Some(text.into_owned()),
        Cell::Number(_) => None,
    };
    (0..block.rows()).map(text).collect()
}

/// What was taken for what.
impl fmt::Display for Arrays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "features {}", self.features)?;
        if let Some(targets) = &self.targets {
            write!(f, "; targets {targets}")?;
        }
        if !self.unread.is_empty() {
            write!(f, "; not read: {}", self.unread.join(", "))?;
        }
        Ok(())
    }
}
