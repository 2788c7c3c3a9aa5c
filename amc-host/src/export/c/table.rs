//! What a device needs of a table: what scales its numbers, and its classes.

use super::{ExportError, LONGEST, finite, number};
use crate::data::schema::{Feature, Outputs, Scaling, Schema};

/// What its constants need: the type of a pair, and the functions that apply one.
pub(in crate::export) struct Names<'a> {
    pub scaling: &'a str,
    pub scale: &'a str,
    pub unscale: &'a str,
}

/// What a device needs besides, to take a table's numbers and to say its classes. Numbers that are taken or given as they
/// are have names alone.
pub(in crate::export) fn of_a_table(schema: &Schema, prefix: &str, of: &Names<'_>) -> Result<String, ExportError> {
    let mut text = format!("\n/* Numbers of a row. */\n#define {prefix}_FEATURES {}\n", schema.numbers());
    text += &format!("/* Rows of a sample, the oldest first. */\n#define {prefix}_ROWS {}\n\n", schema.window.rows);
    let names: Vec<_> = schema.features.iter().flat_map(Feature::meanings).collect();
    let inputs = Pairs {
        of: "number of a row",
        scaling: of.scaling,
        how: format!("{} makes (x - offset) * scale of x", of.scale),
        offset: "the offset of input",
        scale: "the scale of input",
        name: "INPUT",
        count: "FEATURES",
    };
    text += &inputs.array(prefix, &names, &schema.input_scaling)?;
    match &schema.outputs {
        Outputs::Classes(names) => text += &classes(names, prefix)?,
        Outputs::Numbers(names) => {
            let outputs = Pairs {
                of: "output",
                scaling: of.scaling,
                how: format!("{} makes y / scale + offset of y", of.unscale),
                offset: "the offset of output",
                scale: "the scale of output",
                name: "OUTPUT",
                count: "OUTPUTS",
            };
            text += &format!("\n{}", outputs.array(prefix, names, &schema.output_scaling)?);
        }
    }
    Ok(text)
}

/// The names of classes.
pub(in crate::export) fn classes(names: &[String], prefix: &str) -> Result<String, ExportError> {
    let mut text =
        "\n/* What the outputs stand for, in UTF-8; those beyond, if there are, for nothing. */\n".to_string();
    text += &format!("#define {prefix}_CLASS_COUNT {}\n", names.len());
    text += &format!("static const char *const {prefix}_CLASSES[{prefix}_CLASS_COUNT] = {{\n");
    for (class, name) in names.iter().enumerate() {
        if name.len() > LONGEST {
            return Err(ExportError::LongName { class, bytes: name.len() });
        }
        text += &format!("    {},\n", literal(name));
    }
    Ok(text + "};\n")
}

/// Offsets and scales.
struct Pairs<'a> {
    of: &'static str,
    /// Their type.
    scaling: &'a str,
    how: String,
    /// What errors call them.
    offset: &'static str,
    scale: &'static str,
    name: &'static str,
    count: &'static str,
}

impl Pairs<'_> {
    /// An array of the scaling of what has these names, or the names alone where nothing is scaled.
    fn array(&self, prefix: &str, names: &[String], scalings: &[Scaling]) -> Result<String, ExportError> {
        let Self { of, scaling, how, offset, scale, name, count } = self;
        if scalings.iter().all(|scaling| *scaling == Scaling::NONE) {
            let names: String = names.iter().map(|name| format!("\n   {}", literal(name))).collect();
            return Ok(format!("/* Each {of} is as it was measured, in this order:{names} */\n"));
        }
        finite(offset, &scalings.iter().map(|of| of.offset).collect::<Vec<_>>())?;
        finite(scale, &scalings.iter().map(|of| of.scale).collect::<Vec<_>>())?;
        let head = format!("/* Offset and scale of each {of}: {how}. */\n");
        let rows: String = scalings
            .iter()
            .zip(names)
            .map(|(of, name)| format!("    {{{}, {}}}, /* {} */\n", number(of.offset), number(of.scale), literal(name)))
            .collect();
        let array = format!("{prefix}_{name}_SCALING[{prefix}_{count}]");
        Ok(format!("{head}static const {scaling} {array} = {{\n{rows}}};\n"))
    }
}

/// A string of C, in one line of ASCII. Without `*` and `??` it ends no comment and has no trigraph; octal numbers have
/// three digits at most, so that no digit behind one belongs to it.
fn literal(text: &str) -> String {
    let of_byte = |byte: u8| match byte {
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b'*' => "\\052".to_string(),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    format!("\"{}\"", text.bytes().map(of_byte).collect::<String>())
}
