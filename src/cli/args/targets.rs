//! Arguments of `targets`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `targets`.
#[derive(Args, Debug)]
pub struct TargetsArgs {
    /// What to do; without it the targets are listed
    #[command(subcommand)]
    pub action: Option<TargetsAction>,
    /// Look at the machine behind this command
    #[arg(long, value_name = "PREFIX", global = true)]
    pub via: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `targets` can do.
#[derive(Subcommand, Debug)]
pub enum TargetsAction {
    /// Fetch a runtime into the user's cache directory, beside versions that are there
    Install {
        /// onnxruntime, onnxruntime-gpu, openvino (with an ONNX Runtime), tensorrt-rtx or tensorrt-lean, with @VERSION for another
        /// than the newest
        #[arg(value_name = "NAME[@VERSION]")]
        what: String,
    },
    /// Remove a runtime that `targets install` fetched
    Remove {
        /// Name and version
        #[arg(value_name = "NAME@VERSION")]
        what: String,
    },
    /// Say what this machine has and lacks: Python, pip, installed runtimes, every target with the reasons against it. With
    /// a target, test it: parse, build and run a tiny model, compare its numbers, take the time
    Doctor {
        /// The target to test
        #[arg(value_name = "NAME[@VERSION]")]
        target: Option<String>,
        /// The library (or its folder) to test instead of the one that is found
        #[arg(long, value_name = "PATH", requires = "target")]
        library: Option<PathBuf>,
    },
}
