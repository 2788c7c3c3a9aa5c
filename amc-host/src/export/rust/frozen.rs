//! A net whose first layers are frozen.

use std::fmt::Write;

use super::number;
use crate::export::frozen::{Parameters, Parts};
use crate::export::lines;

const OTHERS: &str = "For each layer the scales of its neurons, and what follows its weights.";

/// A static array with the comment `what`.
fn array(what: &str, name: &str, of: &str, values: impl Iterator<Item = String>) -> String {
    let values = lines(values);
    format!(
        "/// {what}\n#[allow(clippy::approx_constant)]\n#[rustfmt::skip]\npub static {name}: {of} = [\n{values}];\n\n"
    )
}

/// Arrays of weights of a type, and of the numbers beside them.
fn scaled(of: &str, weights: impl Iterator<Item = String>, others: &[f32]) -> String {
    let weights = array("Their weights.", "BODY_WEIGHTS", &format!("[{of}; Body::stored(&BODY).0]"), weights);
    let others = others.iter().map(|x| number(*x));
    weights + &array(OTHERS, "BODY_OTHERS", "[f32; Body::stored(&BODY).1]", others)
}

/// What follows the constants of [`rust`](super::rust()) in place of the parameters: the first layers as the constant `BODY` with
/// its parameters as they are stored, and the others as `HEAD` with theirs.
pub(super) fn parts(parts: &Parts<'_>) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "const PARTS: (Net<'static>, Net<'static>) = match NET.split({}) {{", parts.layers)?;
    writeln!(text, "    Ok(parts) => parts,\n    Err(_) => panic!(\"NET has other layers\"),\n}};")?;
    writeln!(text, "/// The layers that stay as they are.\npub const BODY: Net<'static> = PARTS.0;")?;
    writeln!(text, "/// Those behind them.\npub const HEAD: Net<'static> = PARTS.1;\n")?;
    let stored = match &parts.of_body {
        Parameters::F32(all) => {
            let values = all.iter().map(|x| number(*x));
            text += &array("What they have learned.", "BODY_PARAMETERS", "[f32; BODY.parameters()]", values);
            "F32(&BODY_PARAMETERS)"
        }
        Parameters::F16((weights, others)) => {
            text += &scaled("F16", weights.iter().map(|x| format!("F16({:#06x})", x.to_bits())), others);
            "F16(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS })"
        }
        Parameters::I8((weights, others)) => {
            text += &scaled("i8", weights.iter().map(i8::to_string), others);
            "I8(Scaled { weights: &BODY_WEIGHTS, others: &BODY_OTHERS })"
        }
    };
    let of_head = parts.of_head.iter().map(|x| number(*x));
    text += &array("What those behind them have learned.", "HEAD_PARAMETERS", "[f32; HEAD.parameters()]", of_head);
    writeln!(text, "/// What stays, to be asked for features.\npub const FROZEN: Frozen<'static> = Frozen::{stored};")?;
    Ok(text)
}
