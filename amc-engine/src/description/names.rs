//! What the layers of a net are called.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters that a name may have.
const MOST: usize = 128;

/// What options call parts of a net: no layer is called so.
const PARTS: [&str; 4] = ["all", "head", "biases", "norms"];

/// What such a part begins with that has a number behind it.
const LAST: &str = "last:";

/// Why a layer is not called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing.
    #[error("a name is not empty")]
    Empty,
    /// It has more characters than a name may have.
    #[error("a name has up to {MOST} characters, and this one {0}")]
    Long(usize),
    /// Options call a part of a net so.
    #[error("{0:?} is no name: all, head, last:K, biases and norms are parts of a net")]
    Part(String),
    /// It would be read as a number of a layer.
    #[error("{0:?} is no name: a name has a letter, and is no number, as numbers count layers")]
    Number(String),
    /// A character that is not seen, or that stands between names.
    #[error("{name:?} is no name: it has {character:?}")]
    Character {
        /// What it would be.
        name: String,
        /// The character.
        character: char,
    },
    /// A space that is not seen.
    #[error("{0:?} is no name: it has a space at an end")]
    Space(String),
    /// Another layer has it.
    #[error("layers {} and {} (from 0) are both called {name:?}", layers[0], layers[1])]
    Twice {
        /// The name.
        name: String,
        /// The layers.
        layers: [usize; 2],
    },
}

/// What a layer is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LayerName(String);

impl TryFrom<String> for LayerName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        let count = name.chars().count();
        let wrong = name.chars().find(|c| is_unseen(*c) || *c == ',');
        match wrong {
            _ if name.is_empty() => Err(NameError::Empty),
            _ if count > MOST => Err(NameError::Long(count)),
            Some(character) => Err(NameError::Character { name, character }),
            None if name.trim() != name => Err(NameError::Space(name)),
            None if PARTS.contains(&&*name) || name.starts_with(LAST) => Err(NameError::Part(name)),
            None if !name.chars().any(char::is_alphabetic) || name.parse::<f64>().is_ok() => {
                Err(NameError::Number(name))
            }
            None => Ok(Self(name)),
        }
    }
}

/// Whether a character takes no place, or changes where others stand: control characters, and of Unicode's formats and separators of
/// lines those that are in texts.
fn is_unseen(c: char) -> bool {
    let format = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    c.is_control()
        || format.contains(&c)
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

impl FromStr for LayerName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        name.to_string().try_into()
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the layers of a net are called: each has a name of its own, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Option<LayerName>>")]
pub struct LayerNames(Vec<Option<LayerName>>);

impl TryFrom<Vec<Option<LayerName>>> for LayerNames {
    type Error = NameError;

    fn try_from(names: Vec<Option<LayerName>>) -> Result<Self, NameError> {
        let mut layers = HashMap::new();
        for (layer, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            if let Some(first) = layers.insert(name, layer) {
                return Err(NameError::Twice { name: name.to_string(), layers: [first, layer] });
            }
        }
        Ok(Self::some(names))
    }
}

impl LayerNames {
    /// Of what layers may be called: those that are names, and no other layer's.
    pub fn guessed(guesses: &[Option<String>]) -> Self {
        let mut counts = HashMap::new();
        guesses.iter().flatten().for_each(|guess| *counts.entry(guess).or_insert(0) += 1);
        let of = |guess: &Option<String>| guess.as_ref().filter(|guess| counts[guess] == 1)?.parse().ok();
        Self::some(guesses.iter().map(of).collect())
    }

    /// Names of which there are some, or of no layer at all.
    fn some(names: Vec<Option<LayerName>>) -> Self {
        if names.iter().all(Option::is_none) { Self::default() } else { Self(names) }
    }

    /// These, and those of others for layers that have none here: but for names that are a layer's here.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let others_of = |layer| others.of(layer).filter(|name| self.layer(name).is_none());
        let layers = 0..self.0.len().max(others.0.len());
        Self::some(layers.map(|layer| self.of(layer).or_else(|| others_of(layer)).cloned()).collect())
    }

    /// Whether no layer has a name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they are those of so many layers.
    pub fn fit(&self, layers: usize) -> bool {
        self.is_empty() || self.0.len() == layers
    }

    /// That of a layer.
    pub fn of(&self, layer: usize) -> Option<&LayerName> {
        self.0.get(layer)?.as_ref()
    }

    /// The layer that is called so.
    pub fn layer(&self, name: &LayerName) -> Option<usize> {
        self.0.iter().position(|of| of.as_ref() == Some(name))
    }
}

/// The names that there are, with commas between.
impl fmt::Display for LayerNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().flatten().map(|name| name.0.as_str()).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{LayerName, LayerNames, NameError};

    #[test]
    fn what_is_read_as_something_else_is_no_name() {
        let told = |name: &str| name.parse::<LayerName>().expect_err(name).to_string();
        assert_eq!(told(""), "a name is not empty");
        assert_eq!(told(&"é".repeat(129)), "a name has up to 128 characters, and this one 129");
        for part in ["all", "head", "biases", "norms", "last:2", "last:x"] {
            assert!(told(part).contains("parts of a net"), "{part}");
        }
        for number in ["0", "12", "-1", "1.5", "0.2.1", "1e3", "inf", "_", "99999999999999999999"] {
            assert!(told(number).contains("numbers count layers"), "{number}");
        }
        assert_eq!(told("a,b"), "\"a,b\" is no name: it has ','");
        assert_eq!(told("a\nb"), "\"a\\nb\" is no name: it has '\\n'");
        for unseen in ['\u{ad}', '\u{200b}', '\u{202e}', '\u{2028}', '\u{feff}'] {
            assert!(told(&format!("fc{unseen}")).contains("is no name: it has"), "{unseen:?}");
        }
        assert_eq!(told(" a"), "\" a\" is no name: it has a space at an end");
        for name in ["fc1", "0.conv", "encoder.conv", "a b", "dense/kernel:0", "Head", "größe", &"é".repeat(128)] {
            assert_eq!(name.parse::<LayerName>().expect(name).to_string(), name);
        }
    }

    #[test]
    fn a_name_is_one_layers() {
        let name = |name: &str| Some(name.parse::<LayerName>().expect("a name"));
        let names = LayerNames::try_from(vec![name("a"), None, name("b")]).expect("names");
        assert_eq!(names.layer(&name("b").expect("a name")), Some(2));
        assert_eq!((names.of(0), names.of(1), names.of(3)), (name("a").as_ref(), None, None));
        assert!(names.fit(3) && !names.fit(2) && names.to_string() == "a, b");
        let twice = LayerNames::try_from(vec![name("a"), None, name("a")]).expect_err("twice");
        assert_eq!(twice, NameError::Twice { name: "a".into(), layers: [0, 2] });
        assert_eq!(LayerNames::try_from(vec![None, None]), Ok(LayerNames::default()));
    }

    #[test]
    fn names_of_others_stay_where_there_are_none() {
        let names = |names: &[&str]| {
            let name = |name: &&str| name.parse::<LayerName>().ok();
            LayerNames::try_from(names.iter().map(name).collect::<Vec<_>>()).expect("names")
        };
        let others = names(&["a", "b", ""]);
        assert_eq!(names(&["", "c", ""]).or(&others), names(&["a", "c", ""]));
        assert_eq!(names(&["", "", "a"]).or(&others), names(&["", "b", "a"]));
        assert_eq!((names(&[]).or(&others), others.or(&names(&[]))), (others.clone(), others));
    }

    #[test]
    fn guesses_that_are_no_names_are_left_out() {
        let guesses = ["a", "0", "b", "a", "c"].map(|guess| Some(guess.to_string()));
        let names = LayerNames::guessed(&[&guesses[..], &[None]].concat());
        assert!(names.fit(6) && names.to_string() == "b, c", "{names}");
        assert!(LayerNames::guessed(&[&guesses[..2], &guesses[..2]].concat()).is_empty());
    }
}
