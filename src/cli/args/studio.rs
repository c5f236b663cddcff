//! Arguments of the window.

use clap::Args;
use std::path::PathBuf;

/// Arguments of the window.
#[derive(Args, Debug)]
pub struct StudioArgs {
    /// A model (.onnx), a recipe (.toml) or an engine (.engine, .plan) to open
    pub file: Option<PathBuf>,
    /// Render the window to this PNG file and exit
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Window size in points
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub size: Option<String>,
    /// light, dark or system
    #[arg(long)]
    pub theme: Option<String>,
    /// The step to show: model, check, recipe, build or lab
    #[arg(long)]
    pub step: Option<String>,
    /// Run this once the file is open, and wait for its end before a screenshot: check, build, compare or sweep
    #[arg(long, requires = "file")]
    pub run: Option<String>,
    /// The pane to bring to the front: precision, plots, batches, variants, history, findings, differences, engine, layers or
    /// log
    #[arg(long)]
    pub pane: Option<String>,
}
