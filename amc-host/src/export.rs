//! A trained net as source code and as files for other toolchains: its description and its parameters, and of one that was
//! trained on a table also what scales its numbers, and its classes.

mod c;
mod c99;
mod exchange;
mod frozen;
pub mod integer;
mod rust;

pub use self::c::{ExportError, c, prefix};
pub use self::c99::c99;
pub use self::exchange::{to_npz, to_onnx, to_safetensors};
pub use self::frozen::{Frozen, Stored};
pub use self::rust::rust;

/// Columns that a line of numbers fills.
const WIDTH: usize = 110;

/// Values with commas between, in lines.
fn lines(values: impl Iterator<Item = String>) -> String {
    let (mut text, mut line) = (String::new(), String::from("   "));
    for value in values {
        if line.len() + value.len() + 2 > WIDTH {
            text += &format!("{line}\n");
            line.truncate(3);
        }
        line += &format!(" {value},");
    }
    text + &format!("{line}\n")
}
