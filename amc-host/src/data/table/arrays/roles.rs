//! Which arrays of an archive are features, and which are targets: by their names.

use std::path::Path;

use amc_exchange::npz::Archive;

use super::ArraysError;

/// What features are called, in any case of letters.
const FEATURES: [&str; 5] = ["x", "data", "features", "images", "inputs"];

/// What targets are called.
const TARGETS: [&str; 5] = ["y", "target", "targets", "label", "labels"];

/// What `numpy.savez` calls two arrays to which nobody gave names.
const NAMELESS: [&str; 2] = ["arr_0", "arr_1"];

/// Arrays that are named where it cannot be told which is what.
const NAMED: usize = 20;

/// Which part of a data set an array is.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    All,
    Train,
    Test,
}

/// What arrays are: one of each, or one to train on and one to test with.
pub struct Roles<'a> {
    pub features: Vec<&'a str>,
    /// None, if there are no targets.
    pub targets: Vec<&'a str>,
    /// What targets are called, whichever part they are.
    pub title: String,
}

/// A name without what says which part it is, and that part.
fn split(name: &str) -> (String, Part) {
    let name = name.to_ascii_lowercase();
    for (word, part) in [("train", Part::Train), ("test", Part::Test)] {
        let cut = name.strip_prefix(word).and_then(|rest| rest.strip_prefix('_'));
        if let Some(rest) = cut.or_else(|| name.strip_suffix(word).and_then(|rest| rest.strip_suffix('_'))) {
            return (rest.to_string(), part);
        }
    }
    (name, Part::All)
}

impl<'a> Roles<'a> {
    /// Those of an archive's arrays.
    pub fn of(path: &Path, archive: &'a Archive) -> Result<Self, ArraysError> {
        let all: Vec<_> = archive.names().collect();
        let features = pick(path, &all, &FEATURES, "features")?;
        let targets = pick(path, &all, &TARGETS, "targets")?;
        let names = |of: &[(&'a str, Part)]| of.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        match (&features[..], &targets[..], &all[..]) {
            ([], [], [one]) => Ok(Self { features: vec![one], targets: Vec::new(), title: String::new() }),
            ([], [], [one, other]) if NAMELESS.iter().all(|name| all.contains(name)) => {
                let [features, targets] = if *one == NAMELESS[0] { [*one, *other] } else { [*other, *one] };
                Ok(Self { features: vec![features], targets: vec![targets], title: "y".to_string() })
            }
            ([], ..) => Err(ArraysError::NoFeatures { path: path.to_path_buf(), arrays: listed(archive) }),
            (features, targets, _) => {
                let parts = |of: &[(&str, Part)]| of.iter().map(|(_, part)| *part).collect::<Vec<_>>();
                if !targets.is_empty() && parts(features) != parts(targets) {
                    let [features, targets] = [features, targets].map(|of| names(of).join(" and "));
                    return Err(ArraysError::Parts { path: path.to_path_buf(), features, targets });
                }
                let title = targets.first().map_or_else(String::new, |(name, _)| split(name).0);
                Ok(Self { features: names(features), targets: names(targets), title })
            }
        }
    }
}

/// The one that is called so, or those to train on and to test with.
fn pick<'a>(
    path: &Path,
    all: &[&'a str],
    called: &[&str],
    what: &'static str,
) -> Result<Vec<(&'a str, Part)>, ArraysError> {
    let of = |part: Part| {
        let is = |name: &&&str| {
            let (stem, found) = split(name);
            found == part && called.contains(&&*stem)
        };
        all.iter().filter(is).map(|name| (*name, part)).collect::<Vec<_>>()
    };
    let (whole, train, test) = (of(Part::All), of(Part::Train), of(Part::Test));
    let is_several =
        whole.len() > 1 || train.len() > 1 || test.len() > 1 || !whole.is_empty() && train.len() + test.len() > 0;
    let found = [whole, train, test].concat();
    if is_several {
        let names = found.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(ArraysError::Several { path: path.to_path_buf(), names, what });
    }
    Ok(found)
}

/// What there is, each with its shape.
fn listed(archive: &Archive) -> String {
    let count = archive.names().count();
    let one = |name: &str| match archive.layout(name) {
        Ok(layout) => format!("{name} {layout}"),
        Err(_) => format!("{name} (not read)"),
    };
    let more = if count > NAMED { format!(", and {} more", count - NAMED) } else { String::new() };
    let listed = archive.names().take(NAMED).map(one).collect::<Vec<_>>().join(", ");
    if listed.is_empty() { "no arrays".to_string() } else { listed + &more }
}
