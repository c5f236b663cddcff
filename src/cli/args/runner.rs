//! Arguments of `runner`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `runner`.
#[derive(Args, Debug)]
pub struct RunnerArgs {
    /// For which language
    #[command(subcommand)]
    pub language: RunnerLanguage,
}

/// Languages there is a module for.
#[derive(Subcommand, Debug)]
pub enum RunnerLanguage {
    /// Write the Python module that makes a runner of any callable (PyTorch, JAX, NumPy, a client of a server)
    Python {
        /// The file to write
        #[arg(short, long, value_name = "FILE", default_value = "enginesmith_runner.py")]
        output: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
    },
}
