//! Arguments of commands that look at a model, build it or clean it up.

use super::{OneVariant, RecipeArgs};
use crate::rewrite::PatchSpec;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The ONNX file, or an engine of TensorRT or TensorRT-RTX
    pub model: PathBuf,
    /// Shape of an input to count multiply-accumulates and memory at, or values of a shape tensor (NAME=32,32); repeatable
    #[arg(long, value_name = "NAME:1x3x224x224")]
    pub shape: Vec<String>,
    /// The library (or its folder) to ask about an engine; the version that built it when not given
    #[arg(long, value_name = "PATH")]
    pub library: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// Fail (exit code 3) when the target's own parser cannot be asked
    #[arg(long)]
    pub require_parser: bool,
}

/// Arguments of `build`.
#[derive(Args, Debug)]
pub struct BuildArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub one: OneVariant,
    /// The engine file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `clean`.
#[derive(Args, Debug)]
pub struct CleanArgs {
    /// The model (.onnx)
    pub model: PathBuf,
    /// The model to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Make no operator that this target lacks
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub target: Option<String>,
    /// Raise the opset first, to 13 to 23: LayerNormalization needs 17, Gelu 20, RMSNormalization 23
    #[arg(long, value_name = "VERSION")]
    pub opset: Option<i64>,
    /// Do only this, for example fold-constants; repeatable, applied in the order given
    #[arg(long, value_name = "PATCH", value_parser = only_patch)]
    pub only: Vec<PatchSpec>,
    /// Also remove inputs that nothing reads; callers then give fewer
    #[arg(long)]
    pub drop_unused_inputs: bool,
    /// Leave this out; repeatable
    #[arg(long, value_name = "PATCH", conflicts_with = "only", value_parser = clean_up_patch)]
    pub skip: Vec<PatchSpec>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// List every node that went, came or changed, and why
    #[arg(long)]
    pub nodes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `resize`.
#[derive(Args, Debug)]
pub struct ResizeArgs {
    /// The model (.onnx)
    pub model: PathBuf,
    /// The model to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Fix an open size, by its name or by input and axis (batch=1, images:2=640); repeatable
    #[arg(long, value_name = "SIZE=NUMBER", required_unless_present = "open", value_parser = fixed)]
    pub fix: Vec<(String, u64)>,
    /// Open a fixed size under a name (images:0=batch); repeatable, places of one name are one size
    #[arg(long, value_name = "INPUT:AXIS=NAME", value_parser = opened)]
    pub open: Vec<(String, String)>,
    /// Do not run the models to compare what they compute
    #[arg(long)]
    pub no_verify: bool,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `NAME=NUMBER`.
fn fixed(text: &str) -> Result<(String, u64), String> {
    let wanted = "a size and a number, as in batch=1 or images:2=640";
    let (name, number) = text.rsplit_once('=').ok_or_else(|| format!("expected {wanted}"))?;
    match number.trim().parse() {
        Ok(n) if n > 0 && !name.is_empty() => Ok((name.to_owned(), n)),
        _ => Err(format!("expected {wanted}, with a number from 1 on")),
    }
}

/// `INPUT:AXIS=NAME`.
fn opened(text: &str) -> Result<(String, String), String> {
    let wanted = "an input with an axis and a name, as in images:0=batch";
    let parts = text
        .rsplit_once('=')
        .filter(|(place, name)| place.contains(':') && !name.is_empty());
    let (place, name) = parts.ok_or_else(|| format!("expected {wanted}"))?;
    Ok((place.to_owned(), name.to_owned()))
}

/// A clean-up patch by the name that recipes use; the error lists the names.
fn clean_up_patch(text: &str) -> Result<PatchSpec, String> {
    named_patch(text, &PatchSpec::clean_up())
}

/// A clean-up patch, or one of those that are done only where they are asked for.
fn only_patch(text: &str) -> Result<PatchSpec, String> {
    let mut all = PatchSpec::clean_up();
    all.extend(PatchSpec::to_float());
    named_patch(text, &all)
}

fn named_patch(text: &str, all: &[PatchSpec]) -> Result<PatchSpec, String> {
    let names: Vec<&str> = all.iter().map(PatchSpec::kind).collect();
    let unknown = || format!("unknown patch; there are {}", names.join(", "));
    all.iter().find(|p| p.kind() == text).cloned().ok_or_else(unknown)
}
