//! Shapes that a graph computes of those of its values, as exporters write them where the batch is free.

use super::attributes::Attributes;
use super::messages::Node;
use super::read::Reader;
use super::value::{BATCH, Dim, MOST_DIMS};

/// Nodes that a shape may be computed by.
const MOST_NODES: usize = 64;

impl Reader<'_> {
    /// Keeps the shape of the value that the walk has come to.
    pub(super) fn keep_shape(&mut self, name: &str) {
        let lengths = self.value.dims.iter().map(Dim::length);
        let lengths = lengths.map(|length| length.map_or(Some(BATCH), |length| i64::try_from(length).ok()));
        self.shapes.insert(name.to_string(), lengths.map(|length| length.unwrap_or(i64::MAX)).collect());
    }

    /// The lengths that a value is: a constant, or computed of shapes; that of the batch is [`BATCH`].
    pub(super) fn lengths(&self, name: &str) -> Result<Vec<i64>, String> {
        self.lengths_within(name, &mut MOST_NODES.clone())
    }

    fn lengths_within(&self, name: &str, nodes: &mut usize) -> Result<Vec<i64>, String> {
        let Some(node) = self.graph.maker(name).filter(|_| !self.graph.is_constant(name)) else {
            let lengths = self.graph.ints(name)?;
            return if lengths.contains(&BATCH) {
                Err(format!("{name:?} has a length of {BATCH}"))
            } else {
                Ok(lengths)
            };
        };
        *nodes = nodes.checked_sub(1).ok_or_else(|| format!("{name:?} is computed by more than {MOST_NODES} nodes"))?;
        let input = |place: usize| node.inputs.get(place).map_or("", String::as_str);
        let lengths = match &*node.operator {
            "Shape" => {
                let attributes = Attributes::new(node, &["start", "end"])?;
                let shape =
                    self.shapes.get(input(0)).ok_or_else(|| format!("the shape of {:?} is not known", input(0)))?;
                part(shape, attributes.int("start", 0), attributes.int("end", i64::MAX))
            }
            "Slice" => {
                let of = self.lengths_within(input(0), nodes)?;
                let one = |place: usize, default: i64| match input(place) {
                    "" => Ok(default),
                    name => only(&self.graph.ints(name)?),
                };
                if one(3, 0)? != 0 || one(4, 1)? != 1 {
                    return Err(format!("{name:?} takes a part of a shape that is not read"));
                }
                part(&of, one(1, 0)?, one(2, i64::MAX)?)
            }
            "Gather" => {
                let of = self.lengths_within(input(0), nodes)?;
                let indices = self.graph.ints(input(1))?;
                let from_end =
                    |index: i64| if index < 0 { index.saturating_add_unsigned(of.len() as u64) } else { index };
                let at = |index: &i64| of.get(usize::try_from(from_end(*index)).ok()?).copied();
                let lengths = indices.iter().map(at).collect::<Option<_>>();
                lengths.ok_or_else(|| format!("{name:?} is of a place that a shape does not have"))?
            }
            "Concat" => {
                let mut all = Vec::new();
                for name in &node.inputs {
                    all.extend(self.lengths_within(name, nodes)?);
                }
                all
            }
            "Mul" => {
                let [one, other] = [0, 1].map(input);
                let (one, other) = (self.lengths_within(one, nodes)?, self.lengths_within(other, nodes)?);
                vec![product(only(&one)?, only(&other)?).ok_or_else(|| format!("{name:?} is of several batches"))?]
            }
            // A length for itself has one dimension or none.
            "Squeeze" | "Unsqueeze" | "Reshape" | "Identity" => self.lengths_within(input(0), nodes)?,
            _ => return Err(not_read(name, node)),
        };
        if lengths.len() > MOST_DIMS { Err(format!("{name:?} has more than {MOST_DIMS} lengths")) } else { Ok(lengths) }
    }
}

fn not_read(name: &str, node: &Node) -> String {
    format!("{name:?} is no constant, and {} computes no shape that is read", node.operator)
}

/// A place that may be counted from the end, within a shape or at its end.
fn place(index: i64, length: usize) -> usize {
    let index = if index < 0 { index.saturating_add_unsigned(length as u64) } else { index };
    // The end of a shape is often said to be the largest i64.
    usize::try_from(index.max(0)).unwrap_or(usize::MAX).min(length)
}

fn part(lengths: &[i64], start: i64, end: i64) -> Vec<i64> {
    let (start, end) = (place(start, lengths.len()), place(end, lengths.len()));
    lengths.get(start..end).unwrap_or_default().to_vec()
}

fn only(lengths: &[i64]) -> Result<i64, String> {
    match lengths {
        [only] => Ok(*only),
        _ => Err(format!("{lengths:?} is not one length")),
    }
}

/// The product of two lengths, of which the batch can be multiplied by 1 alone.
fn product(one: i64, other: i64) -> Option<i64> {
    match (one, other) {
        (BATCH, 1) | (1, BATCH) => Some(BATCH),
        (BATCH, _) | (_, BATCH) => None,
        _ => one.checked_mul(other),
    }
}
