//! Which rows are trained on, and which are kept to test with.

use std::fmt;

use amc_core::Generator;
use amc_core::batch::Minibatch;
use rand_core::SeedableRng;

/// How rows are split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// At random, by this seed; classes in equal shares.
    Random(u64),
    /// The last rows test: for rows in the order of time.
    Last,
    /// Rows that have the same in this column stay together; which of them test is random.
    Group(String),
}

/// By name: random, random:SEED, last, group:COLUMN.
impl std::str::FromStr for Split {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seed = text.strip_prefix("random:").and_then(|seed| seed.parse().ok());
        match (text, text.strip_prefix("group:"), seed) {
            ("random", ..) => Ok(Self::Random(1)),
            ("last", ..) => Ok(Self::Last),
            (_, Some(column), _) if !column.is_empty() => Ok(Self::Group(column.to_string())),
            (.., Some(seed)) => Ok(Self::Random(seed)),
            _ => Err("use random, random:SEED, last or group:COLUMN"),
        }
    }
}

/// As it is named.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(seed) => write!(f, "random:{seed}"),
            Self::Last => write!(f, "last"),
            Self::Group(column) => write!(f, "group:{column}"),
        }
    }
}

/// Rows by their numbers, those to train on and those to test with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Trained on, in this order.
    pub train: Vec<usize>,
    /// Never trained on.
    pub test: Vec<usize>,
}

/// All of `rows`, in a random order.
fn shuffled(rows: &[usize], rng: &mut Generator) -> Vec<usize> {
    let mut order = vec![0; rows.len()];
    Minibatch::new(rows.len(), &mut order).draw(rng).iter().map(|place| rows[*place as usize]).collect()
}

/// Rows of so many that test: their share, to the nearest, but never all.
fn share(rows: usize, fraction: f64) -> usize {
    ((rows as f64 * fraction).round() as usize).min(rows.saturating_sub(1))
}

/// The last `fraction` of the rows tests.
pub fn last(rows: usize, fraction: f64) -> Parts {
    let train = rows - share(rows, fraction);
    Parts { train: (0..train).collect(), test: (train..rows).collect() }
}

/// A random `fraction` tests. `strata` has the class of each row, all 0 where there are none: of each the same share tests,
/// and one that has a single row trains.
pub fn random(seed: u64, strata: &[usize], fraction: f64) -> Parts {
    let mut rng = Generator::seed_from_u64(seed);
    let classes = strata.iter().max().map_or(0, |most| most + 1);
    let by_class = (0..classes).map(|class| (0..strata.len()).filter(|row| strata[*row] == class).collect::<Vec<_>>());
    let (mut parts, mut seen, mut tested) = (Parts::default(), 0, 0);
    for rows in by_class {
        // Of all classes so far: small ones would round to nothing, each for itself.
        seen += rows.len();
        let wanted = (seen as f64 * fraction).round() as usize;
        let count = wanted.saturating_sub(tested).min(rows.len().saturating_sub(1));
        tested += count;
        let mut rows = shuffled(&rows, &mut rng);
        parts.test.extend(rows.drain(..count));
        parts.train.extend(rows);
    }
    Parts { train: shuffled(&parts.train, &mut rng), test: shuffled(&parts.test, &mut rng) }
}

/// Random groups test, as long as they are no more than a `fraction` of the rows; `groups` has each row's. At least one
/// trains, and one tests if there are two.
pub fn grouped(seed: u64, groups: &[usize], fraction: f64) -> Parts {
    let mut rng = Generator::seed_from_u64(seed);
    let count = groups.iter().max().map_or(0, |most| most + 1);
    let mut sizes = vec![0; count];
    groups.iter().for_each(|group| sizes[*group] += 1);
    let (mut testing, mut tested, limit) = (vec![false; count], 0, groups.len() as f64 * fraction);
    let order = shuffled(&(0..count).collect::<Vec<_>>(), &mut rng);
    for (place, group) in order.into_iter().enumerate() {
        let rows: usize = sizes[group];
        if (tested + rows) as f64 <= limit || place == 0 && count > 1 {
            testing[group] = true;
            tested += rows;
        }
    }
    let (test, train) = (0..groups.len()).partition::<Vec<_>, _>(|row| testing[groups[*row]]);
    Parts { train: shuffled(&train, &mut rng), test }
}

#[cfg(test)]
mod tests {
    use super::{Parts, Split, grouped, last, random};

    fn sorted(Parts { train, test }: &Parts) -> Vec<usize> {
        let mut all = [&train[..], test].concat();
        all.sort_unstable();
        all
    }

    #[test]
    fn each_class_has_its_share_and_each_row_its_part() {
        // Sorted by class, as tables are shipped.
        let strata: Vec<usize> = [(0, 59), (1, 71), (2, 48), (3, 1)].iter().flat_map(|(c, n)| vec![*c; *n]).collect();
        let parts = random(1, &strata, 0.2);
        assert_eq!(sorted(&parts), (0..strata.len()).collect::<Vec<_>>());
        let of = |class| parts.test.iter().filter(|row| strata[**row] == class).count();
        assert_eq!([of(0), of(1), of(2), of(3)], [12, 14, 10, 0]);
        assert_eq!(random(1, &strata, 0.2), parts);
        assert_ne!(random(2, &strata, 0.2), parts);
        // In no order of classes.
        assert!(parts.train.iter().take(20).any(|row| strata[*row] == 0));
        assert!(parts.train.iter().take(20).any(|row| strata[*row] == 2));
    }

    #[test]
    fn small_classes_are_tested_with_together() {
        let strata: Vec<usize> = (0..50).flat_map(|class| [class, class]).collect();
        let parts = random(7, &strata, 0.2);
        assert_eq!(parts.test.len(), 20);
        assert!((0..50).all(|class| parts.train.iter().any(|row| strata[*row] == class)));
    }

    #[test]
    fn groups_stay_together() {
        let groups: Vec<usize> = (0..100).map(|row| row % 10).collect();
        let parts = grouped(3, &groups, 0.25);
        assert_eq!(sorted(&parts), (0..100).collect::<Vec<_>>());
        assert_eq!(parts.test.len(), 20);
        assert!(parts.test.iter().all(|row| parts.train.iter().all(|other| groups[*other] != groups[*row])));
        let two = grouped(3, &[0, 0, 0, 1, 1, 1], 0.2);
        assert_eq!((two.train.len(), two.test.len()), (3, 3));
        assert_eq!(grouped(3, &[0, 0], 0.2).train.len(), 2);
    }

    #[test]
    fn the_last_rows_keep_their_order() {
        assert_eq!(last(10, 0.25), Parts { train: (0..7).collect(), test: (7..10).collect() });
        assert_eq!(last(1, 0.9), Parts { train: vec![0], test: vec![] });
    }

    #[test]
    fn splits_are_read() {
        assert_eq!("random".parse(), Ok(Split::Random(1)));
        assert_eq!("random:7".parse(), Ok(Split::Random(7)));
        assert_eq!("group:room".parse(), Ok(Split::Group("room".into())));
        assert!(["", "group:", "random:", "random:-1", "first"].iter().all(|text| text.parse::<Split>().is_err()));
    }
}
