//! The `enginesmith` program: arguments, logging, and off to the command line or the studio.

use enginesmith::visible::Visible;
use std::process::ExitCode;

fn main() -> ExitCode {
    enginesmith::cli::report_panics();
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENGINESMITH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours are escape sequences too.
        .with_ansi(false)
        .with_writer(|| Visible::new(std::io::stderr()))
        .init();
    enginesmith::cli::main()
}
