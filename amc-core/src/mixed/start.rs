//! Parameters to start from: drawn layer by layer, so that each neuron's sum has the same scale over the samples.

use rand_core::Rng;

use super::EvaluateParts;
use super::draw::{self, Size};
use super::statistics::{Place, lambda, variance};
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
    let layers = net.places().zip(net.sections().zip(net.layers()));
    for (index, (place, (section, layer))) in layers.enumerate() {
        evaluator.gather(net, parameters, statistics, index);
        if place.neurons > 0 {
            let size = Size::of_start(SCALES[index.min(1)]);
            draw::layer(evaluator.lanes(), place, size, statistics, parameters, rng);
            if place.states > 0 {
                let of_inputs = of_inputs(place, statistics);
                layer.remember(parameters.get_mut(section.range()).unwrap_or_default(), of_inputs);
            }
        }
    }
    evaluator.keep(parameters, Part::Net)
}

/// By how much the weights of what a recurrent layer is given at a step would be larger if it had no states.
fn of_inputs(place: Place, statistics: &[f32]) -> f32 {
    let (means, squares) = place.inputs(statistics);
    let inputs = place.fan_in.saturating_sub(place.states);
    let of_step = means.iter().zip(squares).take(inputs).map(|(mean, square)| variance(*mean, *square)).sum();
    let by = lambda(of_step) / draw::scale(place, statistics);
    if by.is_finite() { by } else { 1.0 }
}

/// Gathers the statistics of parameters that are given, and gives their loss; they are then kept.
///
/// Lengths are those of [`start`].
pub fn start_at(net: Net<'_>, parameters: &[f32], statistics: &mut [f32], evaluator: &mut impl EvaluateParts) -> f32 {
    let loss = evaluator.keep(parameters, Part::Net);
    evaluator.gather(net, parameters, statistics, 0);
    loss
}
