//! A table of arrays in files, of which only some rows are read at a time.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use amc_exchange::npy::{Array, MAGIC, Stored};

use super::block::Block;
use super::{Arrays, ArraysError};
use crate::data::table::file::pair;

/// Features, and beside them perhaps targets, in files.
#[derive(Debug)]
pub struct StoredArrays {
    features: (String, Stored),
    targets: Option<(String, Stored)>,
}

impl StoredArrays {
    /// Those of one file or of two; none, where the files have no arrays as they are.
    pub fn open(path: &Path) -> Result<Option<Self>, ArraysError> {
        let is_array = |path: &Path| {
            let mut begin = [0; MAGIC.len()];
            File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == MAGIC
        };
        let of_two = pair(path);
        Ok(match &of_two {
            Some([features, targets]) if is_array(features) && is_array(targets) => {
                let open = |path: &Path| Ok::<_, ArraysError>((path.display().to_string(), Stored::open(path)?));
                Some(Self { features: open(features)?, targets: Some(open(targets)?) })
            }
            None if is_array(path) => Some(Self { features: (String::new(), Stored::open(path)?), targets: None }),
            _ => None,
        })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.features.1.layout.rows()
    }

    /// Bytes of a row.
    pub fn bytes_of_row(&self) -> usize {
        let all = std::iter::once(&self.features).chain(&self.targets);
        all.map(|(_, stored)| stored.bytes_of_row()).sum()
    }

    /// What they are; none of their rows is taken.
    pub fn head(&self, path: &Path) -> Result<Arrays, ArraysError> {
        self.arrays(path, |stored| Ok(Array::without_elements(stored.layout.clone())))
    }

    /// These rows.
    pub fn piece(&self, path: &Path, rows: Range<usize>) -> Result<Arrays, ArraysError> {
        let before = rows.start;
        let arrays = self.arrays(path, |stored| Ok(stored.rows(rows.clone())?))?;
        Ok(Arrays { rows: (0..rows.len()).collect(), before, ..arrays })
    }

    fn arrays(
        &self,
        path: &Path,
        array: impl Fn(&Stored) -> Result<Array, ArraysError>,
    ) -> Result<Arrays, ArraysError> {
        let block = |(name, stored): &(String, Stored), title| {
            Ok::<_, ArraysError>(Block::new(vec![(name.clone(), array(stored)?)], title))
        };
        let targets = self.targets.as_ref().map(|targets| block(targets, "y")).transpose()?;
        Arrays::fitting(path, block(&self.features, "")?, targets)
    }
}
