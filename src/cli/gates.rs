//! Gates of `compare` and `run`: reading the baseline, holding the comparison against it, writing what CI reads.

use super::args::GateArgs;
use super::exit::{CliError, Exit};
use crate::bench::Comparison;
use crate::bench::gate::{self, Gates};
use crate::export::ci;
use crate::files;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The variable with the name of the file that a GitHub job's summary is read from.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// What the options ask for, read and checked before anything is measured.
pub struct Gate {
    baseline: Option<Comparison>,
    gates: Gates,
    args: GateArgs,
    summary: Option<PathBuf>,
}

impl Gate {
    /// # Errors
    /// Exit code 2: a baseline or a percentage that cannot be read, a file that cannot be written.
    pub fn open(args: &GateArgs) -> Result<Self, CliError> {
        let baseline = args.baseline.as_deref().map(gate::read_baseline).transpose();
        let summary = args
            .step_summary
            .then(|| std::env::var_os(STEP_SUMMARY).map(PathBuf::from));
        let summary = match summary {
            Some(None) => {
                let why = format!("--step-summary: {STEP_SUMMARY} is not set; a GitHub job sets it");
                return Err(CliError::unusable(why));
            }
            given => given.flatten(),
        };
        for path in [&args.junit, &args.code_quality, &args.metrics].into_iter().flatten() {
            files::may_write(path, true, &[]).map_err(CliError::unusable)?;
        }
        Ok(Self {
            baseline: baseline.map_err(CliError::unusable)?,
            gates: gates(args)?,
            args: args.clone(),
            summary,
        })
    }

    /// Holds the comparison against the baseline; what was checked is in the comparison then.
    ///
    /// # Errors
    /// Exit code 2: the baseline cannot be compared with.
    pub fn hold(&self, comparison: &mut Comparison) -> Result<(), CliError> {
        let Some(baseline) = &self.baseline else { return Ok(()) };
        let allowed = &self.args.allow_different;
        comparison.gates = gate::check(comparison, baseline, &self.gates, allowed).map_err(CliError::unusable)?;
        Ok(())
    }

    /// Writes the files for CI; `about` is the recipe or model that a finding points at.
    ///
    /// # Errors
    /// Exit code 2: a file that cannot be written.
    pub fn write(&self, comparison: &Comparison, about: &Path) -> Result<(), CliError> {
        let about = about.to_string_lossy();
        for (path, text) in [
            (&self.args.junit, ci::junit(comparison)),
            (&self.args.code_quality, ci::code_quality(comparison, &about)),
            (&self.args.metrics, ci::metrics(comparison)),
        ] {
            if let Some(path) = path {
                let written = files::write_renamed(path, text.as_bytes());
                written.map_err(|e| CliError::unusable(format!("{}: {}", path.display(), files::words(&e))))?;
                errln!("wrote {}", path.display());
            }
        }
        if let Some(path) = &self.summary {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            let written = file.and_then(|mut f| f.write_all(ci::summary(comparison).as_bytes()));
            written.map_err(|e| CliError::unusable(format!("{}: {}", path.display(), files::words(&e))))?;
        }
        Ok(())
    }
}

/// Says what failed. Exit code 1 when a variant failed, broke the recipe's limits or did not pass a gate; 3 when all that
/// failed was a target or worker that could not be reached; 130 when the user ended it early.
pub fn verdict(comparison: &Comparison) -> Exit {
    let mut exit = Exit::Fine;
    let unreachable = |name: &str| comparison.variants.iter().any(|v| v.name == name && v.is_unreachable);
    for check in comparison.checks().iter().filter(|c| !c.passed) {
        errln!("failed: {}: {}", check.variant, check.message);
        exit = match exit {
            Exit::Findings => Exit::Findings,
            _ if check.gate == "measured" && unreachable(&check.variant) => Exit::Unavailable,
            _ => Exit::Findings,
        };
    }
    match comparison.is_partial {
        true => Exit::Cancelled,
        false => exit,
    }
}

/// A percentage such as `5%`.
///
/// # Errors
/// Exit code 2: the option and its text.
pub fn percent(flag: &str, text: &Option<String>) -> Result<Option<f64>, CliError> {
    let Some(text) = text else { return Ok(None) };
    let number = text.trim().trim_end_matches('%').trim().parse::<f64>();
    let number = number.ok().filter(|n| n.is_finite() && *n >= 0.0);
    number
        .map(Some)
        .ok_or_else(|| CliError::unusable(format!("{flag}: {text:?} is not a percentage such as 5%")))
}

fn gates(args: &GateArgs) -> Result<Gates, CliError> {
    Ok(Gates {
        slower_percent: percent("--fail-slower", &args.fail_slower)?,
        p99_slower_percent: percent("--fail-p99-slower", &args.fail_p99_slower)?,
        throughput_percent: percent("--fail-throughput", &args.fail_throughput)?,
        top1_points: percent("--fail-top1", &args.fail_top1)?,
        error_percent: percent("--fail-error", &args.fail_error)?,
    })
}
