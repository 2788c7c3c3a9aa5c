//! What a graph calls the layers that its nodes are.

use super::messages::Node;
use super::read::Reader;
use crate::torch::module_of;

impl Reader<'_> {
    /// Calls the last layer what PyTorch calls the module whose weights it has, or else what the graph calls its node.
    pub(super) fn call(&mut self, node: &Node, weights: Option<&str>) {
        self.names.resize(self.layers.len(), None);
        if let Some(name) = self.names.last_mut() {
            *name = weights.and_then(module_of).map(String::from).or_else(|| own(node));
        }
    }
}

/// The name of a node, if it does more than to number an operator.
fn own(node: &Node) -> Option<String> {
    // PyTorch's has the modules and the operator: /encoder/fc/Gemm.
    if let Some(path) = node.name.strip_prefix('/') {
        return path.rsplit_once('/').map(|(modules, _)| modules.replace('/', "."));
    }
    let is_number = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '_');
    let is_numbered = node.name.strip_prefix(&*node.operator).is_some_and(is_number);
    (!is_numbered).then(|| node.name.clone())
}
