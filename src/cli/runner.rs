//! `runner`: the module that makes a runner of people's own code.

use super::args::{RunnerArgs, RunnerLanguage};
use super::exit::{CliError, Exit};
use crate::files;
use crate::worker::PYTHON_RUNNER;

/// Writes the module.
pub fn runner(args: &RunnerArgs) -> Result<Exit, CliError> {
    let RunnerLanguage::Python { output, force } = &args.language;
    if std::fs::read(output).is_ok_and(|there| there == PYTHON_RUNNER.as_bytes()) {
        outln!("{} is there already, in this version", output.display());
        return Ok(Exit::Fine);
    }
    files::may_write(output, *force, &[]).map_err(CliError::unusable)?;
    let written = files::write_renamed(output, PYTHON_RUNNER.as_bytes());
    written.map_err(|e| CliError::unusable(format!("{}: {}", output.display(), files::words(&e))))?;
    outln!("wrote {}", output.display());
    outln!("A script beside it that says");
    outln!("    import enginesmith_runner");
    outln!("    enginesmith_runner.serve(model, name=\"PyTorch eager\")");
    outln!("is a variant: enginesmith compare MODEL.onnx --runner 'python SCRIPT.py' (docs/runner.md has the rest)");
    Ok(Exit::Fine)
}
