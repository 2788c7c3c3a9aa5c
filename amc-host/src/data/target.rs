//! What a table's rows are to be told apart by, or what number is to be found for each.

use std::path::PathBuf;

use super::normalise::{Normalise, scaling};
use super::schema::{Outputs, Scaling, Schema, listed};
use super::split::Parts;
use super::table::columns::{Cells, ColumnError, Content};
use super::table::{Cell, Pieces, Place, Table, TableError};

/// Classes that a net can have.
pub const MOST_CLASSES: usize = 256;

/// Different whole numbers that are taken for classes, if each is there five times on average.
const MOST_GUESSED: usize = 20;

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Classes.
    Classify,
    /// Numbers.
    Regress,
}

/// The target of each row.
#[derive(Clone, Debug)]
pub enum Target {
    /// Its class.
    Classes {
        /// The column.
        column: usize,
        /// The classes' names.
        names: Vec<String>,
        /// Each row's, by its place among them.
        of: Vec<usize>,
    },
    /// The name and the numbers of each column.
    Numbers(Vec<(String, Vec<f32>)>),
}

/// Why a target cannot be learned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column cannot be read.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// Several columns are numbers, never classes.
    #[error("{0}: several targets are numbers to find: --task classify has one")]
    Several(PathBuf),
    /// Texts where numbers were wanted.
    #[error("{path}: {column} is of texts, not of numbers to find: use --task classify, or another --target")]
    Texts {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// One class.
    #[error("{path}: all rows are of class {class:?} of {column}: there is nothing to tell apart")]
    OneClass {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The class.
        class: String,
    },
    /// Too many classes.
    #[error(
        "{path}: {column} has {classes} classes, more than {MOST_CLASSES}: use --task regress, or another --target"
    )]
    Classes {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Different ones.
        classes: usize,
    },
    /// Numbers to find have no classes to balance.
    #[error("{0}: --balance needs classes, not numbers to find")]
    NoClasses(PathBuf),
    /// A missing cell.
    #[error("{0}: the target is missing")]
    Missing(Place),
    /// A class that was not there in training.
    #[error("{place}: {class:?} is none of the classes that the net has: {known}")]
    Unknown {
        /// Where.
        place: Place,
        /// The class.
        class: String,
        /// Those it has.
        known: String,
    },
    /// A column of which the net knows.
    #[error("{path}: there is no column {column}, the target")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

/// A number as a class is called: without a fraction if it has none.
fn class_name(number: f64) -> String {
    format!("{number}")
}

/// The place of a cell's class among the names: the same text, or the same number.
fn class_of(cell: &Cell<'_>, names: &[String]) -> Option<usize> {
    let (text, number) = (cell.text(), cell.number());
    let is = |name: &String| {
        let same_number = || Some(number? == name.parse::<f64>().ok()?);
        *name == text || same_number() == Some(true)
    };
    names.iter().position(is)
}

impl Target {
    /// The target in these columns.
    pub fn of(table: &Pieces, columns: &[usize], task: Option<Task>) -> Result<Self, TargetError> {
        let (head, path) = (table.head(), || table.head().path().to_path_buf());
        let contents = Content::of(table, columns)?;
        contents.iter().try_for_each(Content::check)?;
        let cells = Cells::of(table, columns, &contents)?;
        let guessed = match &cells[..] {
            [cells] => guess(cells),
            _ => Task::Regress,
        };
        match (task.unwrap_or(guessed), &cells[..]) {
            (Task::Classify, [cells]) => Self::classes(table, columns[0], cells),
            (Task::Classify, _) => Err(TargetError::Several(path())),
            (Task::Regress, cells) => {
                let name = |column| head.name(column).map_or_else(|| head.title(column), String::from);
                let numbers = columns.iter().zip(cells).map(|(column, cells)| match cells {
                    Cells::Numbers(numbers) => Ok((name(*column), whole(table, *column, numbers)?)),
                    Cells::Texts(..) => Err(TargetError::Texts { path: path(), column: head.title(*column) }),
                });
                Ok(Self::Numbers(numbers.collect::<Result<_, _>>()?))
            }
        }
    }

    fn classes(table: &Pieces, column: usize, cells: &Cells) -> Result<Self, TargetError> {
        let (path, title) = (|| table.head().path().to_path_buf(), || table.head().title(column));
        let (of, names) = match cells {
            Cells::Texts(of, names) => (of.clone(), names.clone()),
            Cells::Numbers(numbers) => {
                let different = different(numbers);
                let place = |x: f64| different.binary_search_by(|other| other.total_cmp(&(x + 0.0))).ok();
                let of = numbers.iter().map(|number| number.and_then(place)).collect();
                (of, different.into_iter().map(class_name).collect::<Vec<_>>())
            }
        };
        if let Some(row) = of.iter().position(Option::is_none) {
            return Err(TargetError::Missing(table.place(row, column)?));
        }
        match names.len() {
            ..=1 => Err(TargetError::OneClass { path: path(), column: title(), class: names.join("") }),
            classes if classes > MOST_CLASSES => Err(TargetError::Classes { path: path(), column: title(), classes }),
            _ => Ok(Self::Classes { column, names, of: of.into_iter().flatten().collect() }),
        }
    }

    /// The columns of the target in a table that is as the one trained on.
    pub fn columns(table: &Table, schema: &Schema) -> Result<Vec<usize>, TargetError> {
        let has_names = table.has_names();
        let columns = schema.targets.iter().map(|(place, name)| {
            let named = |name: &str| (0..table.width()).find(|column| table.name(*column) == Some(name));
            let found = match name {
                Some(name) if has_names => named(name),
                _ => Some(*place).filter(|_| table.width() == schema.width),
            };
            let column = || name.as_ref().map_or_else(|| format!("{}", place + 1), |name| format!("{name:?}"));
            found.ok_or_else(|| TargetError::NoColumn { path: table.path().to_path_buf(), column: column() })
        });
        columns.collect()
    }

    /// The target of a table that is as the one trained on.
    pub fn read(table: &Pieces, schema: &Schema) -> Result<Self, TargetError> {
        let columns = Self::columns(table.head(), schema)?;
        let Outputs::Classes(names) = &schema.outputs else {
            return Self::of(table, &columns, Some(Task::Regress));
        };
        let (column, mut of) = (columns.first().copied().unwrap_or_default(), Vec::new());
        table.each_cell(&[column], |_, _, cell, place| {
            of.push(class_of(cell, names).ok_or_else(|| TargetError::Unknown {
                place: place(),
                class: cell.text().to_string(),
                known: listed(names),
            })?);
            Ok::<_, TargetError>(())
        })?;
        Ok(Self::Classes { column, names: names.clone(), of })
    }

    /// The classes of a column, of which a net has some: those that it does not have follow its own, in the order of the rows.
    pub fn beside(table: &Pieces, column: usize, known: &[String]) -> Result<Self, TargetError> {
        let (mut names, mut of) = (known.to_vec(), Vec::new());
        table.each_cell(&[column], |_, _, cell, place| {
            if cell.is_missing() {
                return Err(TargetError::Missing(place()));
            }
            let class = class_of(cell, &names).unwrap_or(names.len());
            if class == names.len() {
                names.push(cell.number().map_or_else(|| cell.text().into_owned(), class_name));
            }
            of.push(class);
            Ok(())
        })?;
        match names.len() {
            classes if classes > MOST_CLASSES => {
                let (path, column) = (table.head().path().to_path_buf(), table.head().title(column));
                Err(TargetError::Classes { path, column, classes })
            }
            _ => Ok(Self::Classes { column, names, of }),
        }
    }

    /// The class of each row, to split by; 0 where there are none.
    pub fn strata(&self, rows: usize) -> Vec<usize> {
        match self {
            Self::Classes { of, .. } => of.clone(),
            Self::Numbers(_) => vec![0; rows],
        }
    }

    /// What a net's outputs are.
    pub fn outputs(&self) -> Outputs {
        match self {
            Self::Classes { names, .. } => Outputs::Classes(names.clone()),
            Self::Numbers(columns) => Outputs::Numbers(columns.iter().map(|(name, _)| name.clone()).collect()),
        }
    }

    /// The scaling of numbers, by the rows that are trained on.
    pub fn scaling(&self, train: &[usize], normalise: Normalise) -> Vec<Scaling> {
        let Self::Numbers(columns) = self else { return Vec::new() };
        let of = |numbers: &[f32]| scaling(train.iter().map(|row| f64::from(numbers[*row])), normalise);
        columns.iter().map(|(_, numbers)| of(numbers)).collect()
    }

    /// What it is, in a line.
    pub fn report(&self, table: &Table) -> Vec<String> {
        vec![match self {
            Self::Classes { column, names, .. } => {
                format!("{} classes of {} (--task regress for numbers to find)", names.len(), table.title(*column))
            }
            Self::Numbers(columns) => {
                let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
                format!("numbers to find: {} (--task classify for classes)", names.join(", "))
            }
        }]
    }

    /// These rows, a class after another in turn, those of rarer ones several times: as many of each class as of the most
    /// frequent one.
    pub fn balanced(&self, table: &Table, rows: &[usize], report: &mut Vec<String>) -> Result<Vec<usize>, TargetError> {
        let Self::Classes { names, of, .. } = self else {
            return Err(TargetError::NoClasses(table.path().to_path_buf()));
        };
        let mut by_class = vec![Vec::new(); names.len()];
        rows.iter().for_each(|row| by_class[of[*row]].push(*row));
        by_class.retain(|rows| !rows.is_empty());
        let most = by_class.iter().map(Vec::len).max().unwrap_or(0);
        let all: Vec<_> =
            (0..most).flat_map(|place| by_class.iter().map(move |rows| rows[place % rows.len()])).collect();
        report.push(format!(
            "{} samples to train on, those of rarer classes several times: {most} of each class (--balance)",
            all.len()
        ));
        Ok(all)
    }

    /// How many rows of each class train and test.
    pub fn counts(&self, parts: &Parts) -> Vec<String> {
        let Self::Classes { names, of, .. } = self else { return Vec::new() };
        let count = |rows: &[usize], class: usize| rows.iter().filter(|row| of[**row] == class).count();
        let line = |(class, name): (usize, &String)| {
            let (train, test) = (count(&parts.train, class), count(&parts.test, class));
            let told = match (train, test) {
                (1, 0) => ": one row only, never tested",
                (0, _) => ": never trained on",
                _ => "",
            };
            format!("  {name}: {train} to train on, {test} to test with{told}")
        };
        names.iter().enumerate().map(line).collect()
    }
}

fn whole(table: &Pieces, column: usize, numbers: &[Option<f64>]) -> Result<Vec<f32>, TargetError> {
    if let Some(row) = numbers.iter().position(Option::is_none) {
        return Err(TargetError::Missing(table.place(row, column)?));
    }
    Ok(numbers.iter().flatten().map(|x| *x as f32).collect())
}

/// The numbers that there are, each once, ascending; 0 is not told from −0.
fn different(numbers: &[Option<f64>]) -> Vec<f64> {
    let mut different: Vec<f64> = numbers.iter().flatten().map(|x| x + 0.0).collect();
    different.sort_unstable_by(f64::total_cmp);
    different.dedup();
    different
}

/// Classes if they are texts, or few whole numbers.
fn guess(cells: &Cells) -> Task {
    let Cells::Numbers(numbers) = cells else { return Task::Classify };
    let different = different(numbers);
    let are_whole = different.iter().all(|x| x.fract() == 0.0);
    let are_few = different.len() <= MOST_GUESSED && different.len() * 5 <= numbers.len();
    if are_whole && are_few { Task::Classify } else { Task::Regress }
}
