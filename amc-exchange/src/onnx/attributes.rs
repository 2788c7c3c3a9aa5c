//! The attributes of a node.

use super::messages::{Attribute, Node, TensorMessage};

/// Those of a node, of which all are known.
pub(super) struct Attributes<'m>(&'m [Attribute]);

impl<'m> Attributes<'m> {
    /// Refuses others than these.
    pub(super) fn new(node: &'m Node, known: &[&str]) -> Result<Self, String> {
        match node.attributes.iter().find(|attribute| !known.contains(&&*attribute.name)) {
            Some(attribute) => Err(format!("attribute {:?} is not read", attribute.name)),
            None => Ok(Self(&node.attributes)),
        }
    }

    fn get(&self, name: &str) -> Option<&'m Attribute> {
        self.0.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.int.unwrap_or(0))
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.get(name).map_or(default, |attribute| attribute.float.unwrap_or(0.0))
    }

    pub(super) fn ints(&self, name: &str) -> Option<&'m [i64]> {
        self.get(name).map(|attribute| &attribute.ints[..])
    }

    pub(super) fn floats(&self, name: &str) -> &'m [f32] {
        self.get(name).map_or(&[], |attribute| &attribute.floats)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.get(name)?.text.as_deref().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.get(name)?.texts.iter();
        Some(texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect())
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'m TensorMessage> {
        self.get(name)?.tensor.as_ref()
    }

    /// Refuses an attribute of another value than its default.
    pub(super) fn only(&self, name: &str, wanted: i64) -> Result<(), String> {
        match self.int(name, wanted) {
            value if value == wanted => Ok(()),
            value => Err(format!("{name} is {value}, and {wanted} alone is read")),
        }
    }
}
