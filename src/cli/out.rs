//! What commands print: text for people as [`visible`] shows it, JSON as it is. A reader that goes away (`| head`) ends the
//! output, not the program: what was asked for is done, and the exit code says how it went. A standard output that takes
//! nothing for another reason is an error at the end.

use super::exit::CliError;
use crate::{files, visible};
use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Why standard output takes nothing any more.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints to standard output.
macro_rules! out {
    ($($arguments:tt)*) => { $crate::cli::out::print(format_args!($($arguments)*), "") };
}

/// Prints a line to standard output.
macro_rules! outln {
    () => { $crate::cli::out::print(format_args!(""), "\n") };
    ($($arguments:tt)*) => { $crate::cli::out::print(format_args!($($arguments)*), "\n") };
}

/// Prints a line to standard error.
macro_rules! errln {
    ($($arguments:tt)*) => { $crate::cli::out::tell(format_args!($($arguments)*)) };
}

/// What the macros `out` and `outln` call.
pub fn print(text: Arguments<'_>, end: &str) {
    write(visible::text(&text.to_string()).as_bytes(), end);
}

/// Prints a line for programs, as it is.
pub fn data(line: &str) {
    write(line.as_bytes(), "\n");
}

fn write(bytes: &[u8], end: &str) {
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    if lost.is_some() {
        return;
    }
    let mut to = io::stdout().lock();
    *lost = to.write_all(bytes).and_then(|()| to.write_all(end.as_bytes())).err();
}

/// What the macro `errln` calls. There is no place left to say that standard error takes nothing.
pub fn tell(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{}", visible::text(&text.to_string()));
}

/// Makes sure that all was printed.
///
/// # Errors
/// Exit code 2: standard output took nothing, for another reason than that its reader went away.
pub fn finish() -> Result<(), CliError> {
    let mut lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    if lost.is_none() {
        *lost = io::stdout().flush().err();
    }
    match &*lost {
        Some(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(CliError::unusable(format!(
            "the result could not be printed: {}",
            files::words(e)
        ))),
        _ => Ok(()),
    }
}
