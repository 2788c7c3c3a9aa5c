//! What the command says: results on stdout, where it is an error if they cannot be written, and all else on stderr,
//! where nothing depends on its being read.

use std::fmt::{Arguments, Display};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use clap::Parser;

/// Whether another process speaks for this one.
static IS_MUTE: AtomicBool = AtomicBool::new(false);

/// Says nothing any more, or speaks again: of several processes that make one run one does.
pub fn mute(is_mute: bool) {
    IS_MUTE.store(is_mute, Relaxed);
}

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

/// Reads the command line of the program called `name`, and runs it. What goes wrong is said in a line, or by clap, and ends
/// with exit code 2; that nobody reads the results any more does not.
pub fn main<P: Parser>(name: &str, run: impl FnOnce(P) -> anyhow::Result<ExitCode>) -> ExitCode {
    let done = P::try_parse().map_err(anyhow::Error::from).and_then(run);
    done.unwrap_or_else(|error| end(name, &error))
}

/// Says what went wrong, and gives the exit code.
pub fn end(name: &str, error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        // Help and version are results; how options are used wrongly is not.
        return match error.print() {
            Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
            Err(_) if error.use_stderr() => ExitCode::from(2),
            Err(cause) => end(name, &StdoutError::from(cause).into()),
        };
    }
    if error.downcast_ref().is_some_and(StdoutError::is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    crate::note!("{name}: {error:#}");
    ExitCode::from(2)
}

/// Writes a result to stdout, all of it.
pub fn print(text: impl Display) -> Result<(), StdoutError> {
    if IS_MUTE.load(Relaxed) {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    write!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Writes a line to stderr, if that can be written.
#[doc(hidden)]
pub fn note(text: Arguments<'_>) {
    if IS_MUTE.load(Relaxed) {
        return;
    }
    // In one piece, so that lines of several threads or programs do not mix.
    let _ = io::stderr().lock().write_all(format!("{}\n", visible(&text.to_string())).as_bytes());
}

/// A text that tells a terminal nothing to do: a file's names may be of any characters.
fn visible(text: &str) -> String {
    let is_command = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.chars().fold(String::with_capacity(text.len()), |mut seen, c| {
        if is_command(c) {
            seen.extend(c.escape_default())
        } else {
            seen.push(c)
        }
        seen
    })
}

/// Like `eprintln!`, for a stderr that may be closed or full: the line is lost, and the program goes on.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => {
        $crate::console::note(::std::format_args!($($text)*))
    };
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn names_of_a_file_tell_a_terminal_nothing() {
        assert_eq!(visible("fc\u{1b}[31m\r\u{9b}1m\u{7f}"), "fc\\u{1b}[31m\\r\\u{9b}1m\\u{7f}");
        assert_eq!(visible("\tσ is 0.1\n"), "\tσ is 0.1\n");
    }
}
