//! Parameters to start from: drawn layer by layer, so that each neuron's sum has the same scale over the samples.

use rand_core::Rng;

use super::EvaluateParts;
use super::draw::{self, Size};
use crate::net::Net;
use crate::part::Part;

/// Standard deviation of a neuron's sum over the samples, biases aside: of the first layer, whose neurons are to bend in
/// different places, and of the others, which are to pass a signal on.
const SCALES: [f32; 2] = [0.6, 0.4];

/// Draws parameters to start from, by the statistics that the layers before lead to, and gathers those of all layers. Gives
/// the loss, for the parameters that are then kept.
///
/// Lengths are those of [`Net::parameters`] and [`Net::statistics`].
pub fn start<R: Rng + Clone>(
    net: Net<'_>,
    parameters: &mut [f32],
    statistics: &mut [f32],
    rng: &mut R,
    evaluator: &mut impl EvaluateParts,
) -> f32 {
    parameters.fill(0.0);
    for (section, layer) in net.sections().zip(net.layers()) {
        layer.set_initial(parameters.get_mut(section.range()).unwrap_or_default());
    }
    for (index, place) in net.places().enumerate() {
        evaluator.gather(net, parameters, statistics, index == 0);
        if place.neurons > 0 {
            let size = Size::of_start(SCALES[index.min(1)]);
            draw::layer(evaluator.lanes(), place, size, statistics, parameters, rng);
        }
    }
    let loss = evaluator.keep(parameters, Part::Net);
    evaluator.gather(net, parameters, statistics, false);
    loss
}

/// Gathers the statistics of parameters that are given, and gives their loss; they are then kept.
///
/// Lengths are those of [`start`].
pub fn start_at(net: Net<'_>, parameters: &[f32], statistics: &mut [f32], evaluator: &mut impl EvaluateParts) -> f32 {
    let loss = evaluator.keep(parameters, Part::Net);
    evaluator.gather(net, parameters, statistics, true);
    loss
}
