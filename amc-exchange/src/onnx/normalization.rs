//! Normalisation over a sample: the operator, and the nodes that sets of operators without it have instead.

use amc_core::{Activation, Layer};

use super::OnnxError;
use super::attributes::Attributes;
use super::messages::Node;
use super::read::Reader;
use super::value::Dim;

/// What is added to a variance.
const EPSILON: f32 = 1e-5;

/// The nodes of a normalisation that is written out: x − mean, over the root of the mean of its square and ε.
struct WrittenOut<'m> {
    /// All of them, the last one being the division.
    nodes: Vec<usize>,
    means: [&'m Node; 2],
    /// The constant that is added to the variance.
    epsilon: &'m str,
}

impl<'m> Reader<'m> {
    pub(super) fn normalization(&mut self, node: &Node) -> Result<(), String> {
        let attributes = Attributes::new(node, &["axis", "epsilon", "stash_type"])?;
        is_ours(attributes.float("epsilon", EPSILON))?;
        let axis = self.value.dim(attributes.int("axis", -1))?;
        self.is_over_a_sample(axis == 1)?;
        let of = |place: usize| node.inputs.get(place).map(String::as_str).filter(|name| !name.is_empty());
        self.normalize(of(1), of(2))
    }

    /// Goes through a normalisation that is written out, from the value that these nodes take; gives the name of what it makes, or
    /// none where they are other nodes.
    pub(super) fn written_out(&mut self, name: &str, users: [usize; 2]) -> Result<Option<&'m str>, OnnxError> {
        let Some(found) = self.find(name, users) else { return Ok(None) };
        let (mut nodes, last) = (found.nodes.clone(), found.nodes[found.nodes.len() - 1]);
        let all = self.graph.nodes;
        let mut made: &'m str = all[last].outputs.first().map_or("", String::as_str);
        // Gains and biases, each of a node of its own, if they are there.
        let [gains, biases] = ["Mul", "Add"].map(|operator| {
            let [user] = *self.graph.users(made) else { return None };
            let node = &all[user];
            let constant = node.inputs.iter().find(|input| *input != made && self.graph.is_constant(input))?;
            if node.operator != operator || node.inputs.len() != 2 {
                return None;
            }
            nodes.push(user);
            made = node.outputs.first().map_or("", String::as_str);
            Some(constant.as_str())
        });
        for node in nodes {
            if std::mem::replace(&mut self.visited[node], true) {
                return Err(self.refuse(node, "it is part of a circle"));
            }
        }
        self.awaits_bias = false;
        let layer = self.keeps_to_a_sample(&found).and_then(|()| self.normalize(gains, biases));
        layer.map_err(|reason| self.refuse(last, &format!("a normalisation that ends here: {reason}")))?;
        self.call(&all[last], gains);
        Ok(Some(made))
    }

    fn find(&self, name: &str, users: [usize; 2]) -> Option<WrittenOut<'m>> {
        let all = self.graph.nodes;
        let output = |node: usize| all[node].outputs.first().map(String::as_str);
        let is = |node: &usize, operator: &str| all[*node].operator == operator;
        // The only node that takes what another makes, if it is of this kind.
        let next = |node: usize, operator: &str| match *self.graph.users(output(node)?) {
            [only] if is(&only, operator) => Some(only),
            _ => None,
        };
        let mean = users.into_iter().find(|node| is(node, "ReduceMean"))?;
        let difference = users.into_iter().find(|node| is(node, "Sub"))?;
        let centred = output(difference)?;
        if next(mean, "Sub")? != difference || all[difference].inputs != [name, output(mean)?] {
            return None;
        }
        let takers = self.graph.users(centred);
        let division = *takers.iter().find(|node| is(node, "Div"))?;
        let square = *takers.iter().find(|node| is(node, "Pow") || is(node, "Mul"))?;
        let is_square = match &all[square].inputs[..] {
            [one, other] if is(&square, "Mul") => one == centred && other == centred,
            [one, power] => one == centred && self.graph.tensor(power).is_ok_and(|power| power.values == [2.0]),
            _ => false,
        };
        let variance = next(square, "ReduceMean")?;
        let sum = next(variance, "Add")?;
        let root = next(sum, "Sqrt")?;
        let is_whole = takers.iter().all(|node| *node == division || *node == square)
            && next(root, "Div")? == division
            && all[division].inputs == [centred, output(root)?];
        let epsilon = all[sum].inputs.iter().find(|input| self.graph.is_constant(input))?;
        let nodes = vec![mean, difference, square, variance, sum, root, division];
        (is_square && is_whole).then_some(WrittenOut { nodes, means: [&all[mean], &all[variance]], epsilon })
    }

    /// Checks that both means are over all numbers of a sample, and what is added to the variance.
    fn keeps_to_a_sample(&self, found: &WrittenOut<'m>) -> Result<(), String> {
        let known = ["axes", "keepdims", "noop_with_empty_axes"];
        for node in found.means {
            let axes = self.axes(node, "axes", &known)?.ok_or("it does not say over which dimensions")?;
            let mut places = axes.iter().map(|axis| self.value.dim(*axis)).collect::<Result<Vec<_>, _>>()?;
            places.sort_unstable();
            self.is_over_a_sample(places.into_iter().eq(1..self.value.dims.len()))?;
            if Attributes::new(node, &known)?.int("keepdims", 1) == 0 {
                return Err("its means do not keep their dimensions".to_string());
            }
        }
        match self.graph.tensor(found.epsilon)?.values[..] {
            [epsilon] => is_ours(epsilon),
            _ => Err("what is added to the variance is not one number".to_string()),
        }
    }

    fn is_over_a_sample(&self, is_over_all: bool) -> Result<(), String> {
        match is_over_all && self.value.dims.first() == Some(&Dim::Batch) {
            true => Ok(()),
            false => Err(format!("it is not over all numbers of a sample, which is {}", self.value.text())),
        }
    }

    /// A layer of these constants; gains that are not there are 1, biases 0.
    fn normalize(&mut self, gains: Option<&str>, biases: Option<&str>) -> Result<(), String> {
        self.value.settle_as_it_is();
        let units = self.value.numbers();
        let read = |of: Option<&str>, what: &str| match of.map(|name| self.graph.tensor(name)).transpose()? {
            Some(of) if of.values.len() == units => Ok(Some(of.values)),
            Some(of) => Err(format!("{} {what} for {units} numbers", of.values.len())),
            None => Ok(None),
        };
        let gains = read(gains, "gains")?.unwrap_or_else(|| vec![1.0; units]);
        let biases = read(biases, "biases")?.unwrap_or_else(|| vec![0.0; units]);
        let axes = self.value.axes();
        let parameters = [axes.to_ours(&gains), axes.to_ours(&biases)].concat();
        self.push(Layer::normalization(units, Activation::Linear), parameters, self.value.clone())
    }
}

fn is_ours(epsilon: f32) -> Result<(), String> {
    match epsilon {
        EPSILON => Ok(()),
        other => Err(format!("epsilon is {other}, and 0.00001 alone is read")),
    }
}
