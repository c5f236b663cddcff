//! Report files: the format by the file's ending, written under a temporary name and renamed.

use super::{Report, table};
use crate::files;
use std::path::Path;

/// What a report file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    /// One self-contained page.
    Html,
    /// A table for a README or a merge request.
    Markdown,
    /// Every figure in full precision.
    Csv,
    /// What `compare --baseline` reads back.
    Json,
}

impl ReportFormat {
    /// The format that the file's ending names.
    ///
    /// # Errors
    /// The file and the endings there are.
    pub fn of(path: &Path) -> Result<Self, String> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "html" | "htm" => Ok(Self::Html),
            "md" => Ok(Self::Markdown),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(format!(
                "{}: a report ends in .html, .md, .csv or .json",
                path.display()
            )),
        }
    }
}

/// Writes the report in the format that the file's ending names; replaces an existing file.
///
/// # Errors
/// An unknown ending; the file and what the system said.
pub fn write(path: &Path, report: &Report<'_>) -> Result<(), String> {
    let text = match ReportFormat::of(path)? {
        ReportFormat::Html => report.html(),
        ReportFormat::Markdown => table::markdown(report.comparison),
        ReportFormat::Csv => table::csv(report.comparison),
        ReportFormat::Json => table::json(report.comparison),
    };
    files::write_renamed(path, text.as_bytes()).map_err(|e| format!("{}: {}", path.display(), files::words(&e)))
}
