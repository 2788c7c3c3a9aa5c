//! What the command says: results on stdout, where it is an error if they cannot be written, and all else on stderr,
//! where nothing depends on its being read.

use std::fmt::{Arguments, Display};
use std::io::{self, Write};

/// Results cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("stdout cannot be written")]
pub struct StdoutError(#[from] io::Error);

impl StdoutError {
    /// Whether the reader has gone, as `head` does when it has seen enough: nothing is wrong then.
    pub fn is_closed_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Writes a result to stdout, all of it.
pub fn print(text: impl Display) -> Result<(), StdoutError> {
    let mut stdout = io::stdout().lock();
    write!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Writes a line to stderr, if that can be written.
#[doc(hidden)]
pub fn note(text: Arguments<'_>) {
    // In one piece, so that lines of several threads or programs do not mix.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Like `eprintln!`, for a stderr that may be closed or full: the line is lost, and the program goes on.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => {
        $crate::console::note(::std::format_args!($($text)*))
    };
}
