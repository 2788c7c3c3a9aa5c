//! A net whose first layers are frozen.

use amc_core::{Layer, Net};

use super::{Size, number};
use crate::export::frozen::{Parameters, Parts};
use crate::export::lines;

/// Units of the widest layer.
fn widest(net: &Net<'_>) -> usize {
    net.layers().iter().map(Layer::units).max().unwrap_or(0)
}

/// An array with the comment `what`, and a macro of its length.
fn array(what: &str, names: [String; 2], of: &str, values: impl ExactSizeIterator<Item = String>) -> String {
    let [name, count] = names;
    let head = format!("\n/* {what} */\n#define {count} {}\n", values.len());
    format!("{head}static const {of} {name}[{count}] = {{\n{}}};\n", lines(values))
}

/// What follows the layers of [`c`](super::c()) in place of the net and its parameters: the first layers as `BODY` with
/// its parameters as they are stored, and the others as `HEAD` with theirs and the loss.
pub(super) fn parts(parts: &Parts<'_>, loss: &str, prefix: &str) -> String {
    let Parts { layers, body, head, of_body, of_head } = parts;
    let size = |what, name, value| Size { what, name, value }.line(prefix);
    let mut text = String::from("\n");
    text += &size("Layers that stay as they are.", "BODY_LAYER_COUNT", *layers);
    text += &size("Units of the widest of them.", "BODY_WIDEST", widest(body));
    text += &size("Numbers that they make of a sample.", "BODY_OUTPUTS", body.outputs());
    let bytes = format!("AMC_BODY_BYTES({prefix}_BODY_LAYER_COUNT)");
    text += &format!("/* Bytes of memory for amc_body_create. */\n#define {prefix}_BODY_BYTES {bytes}\n");
    let bytes = format!("AMC_FEATURES_BYTES({prefix}_INPUTS, {prefix}_BODY_LAYER_COUNT, {prefix}_BODY_WIDEST)");
    text += &format!("/* Bytes of memory for amc_body_features. */\n#define {prefix}_FEATURES_BYTES {bytes}\n\n");
    let fields = format!("{prefix}_INPUTS, {prefix}_LAYERS, {prefix}_BODY_LAYER_COUNT");
    text += "/* The layers that stay: a net whose loss is not looked at. */\n";
    text += &format!("static const amc_net {prefix}_BODY = {{{fields}, AMC_LOSS_KIND_MEAN_SQUARED_ERROR}};\n");

    let named = |what: &str| [format!("{prefix}_BODY_{what}S"), format!("{prefix}_BODY_{what}_COUNT")];
    let floats = |numbers: &[f32]| numbers.iter().map(|x| number(*x)).collect::<Vec<_>>().into_iter();
    let (stored, what, others) = match of_body {
        Parameters::F32(all) => {
            text += &array("What they have learned.", named("PARAMETER"), "float", floats(all));
            ("amc_f32", "PARAMETER", None)
        }
        Parameters::F16((weights, others)) => {
            let weights = weights.iter().map(|x| format!("{:#06x}", x.to_bits()));
            text += &array("Their weights, half floats.", named("WEIGHT"), "uint16_t", weights);
            ("amc_f16", "WEIGHT", Some(others))
        }
        Parameters::I8((weights, others)) => {
            text += &array("Their weights.", named("WEIGHT"), "int8_t", weights.iter().map(i8::to_string));
            ("amc_i8", "WEIGHT", Some(others))
        }
    };
    let [array_of, count] = named(what);
    let mut fields = format!("&{stored}, {array_of}, {count}");
    if let Some(others) = others {
        let what = "For each layer the scales of its units, and its biases.";
        text += &array(what, named("OTHER"), "float", floats(others));
        fields += &format!(", {prefix}_BODY_OTHERS, {prefix}_BODY_OTHER_COUNT");
    } else {
        fields += ", NULL, 0";
    }
    text += "\n/* Their parameters, for amc_body_create. */\n";
    text += &format!("static const amc_frozen {prefix}_FROZEN = {{{fields}}};\n\n");

    text += &size("Layers behind them.", "HEAD_LAYER_COUNT", head.layers().len());
    text += &size("Units of the widest of those.", "HEAD_WIDEST", widest(head));
    let bytes = format!("AMC_PREDICT_BYTES({prefix}_HEAD_LAYER_COUNT, {prefix}_HEAD_WIDEST)");
    text += &format!(
        "/* Bytes of memory for amc_net_predict by those. */\n#define {prefix}_HEAD_PREDICT_BYTES {bytes}\n\n"
    );
    let of = format!("{prefix}_LAYERS + {prefix}_BODY_LAYER_COUNT");
    let fields = format!("{prefix}_BODY_OUTPUTS, {of}, {prefix}_HEAD_LAYER_COUNT, {loss}");
    text += "/* The layers behind, and the loss that the net was trained on. */\n";
    text += &format!("static const amc_net {prefix}_HEAD = {{{fields}}};\n");
    let named = ["S", "_COUNT"].map(|end| format!("{prefix}_HEAD_PARAMETER{end}"));
    text + &array("What the layers behind have learned.", named, "float", floats(of_head))
}
