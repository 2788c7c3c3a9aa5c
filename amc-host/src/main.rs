//! The command `amc`.

use std::process::ExitCode;

fn main() -> ExitCode {
    amc_host::cli::main()
}
