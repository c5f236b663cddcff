//! A fault of the program itself, or of a library in it: said where it is, on a line of its own.

use crate::visible;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::{Location, PanicHookInfo};

/// From now on a panic is reported as [`report`] does, in the worker too, whose client shows what it prints.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| format!("\n{backtrace}"));
        let report = report(info, io::stderr().is_terminal()) + &backtrace.unwrap_or_default();
        // One write: other threads may be writing too. There is no place left to say that it failed.
        let _ = writeln!(io::stderr().lock(), "{report}");
    }));
}

fn report(info: &PanicHookInfo<'_>, is_terminal: bool) -> String {
    // A progress bar is on the line. It is not asked to go: the thread that panicked may hold its lock.
    let clear = if is_terminal { "\r\u{1b}[K" } else { "" };
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map_or("an unknown place".into(), place);
    format!(
        "{clear}fault inside enginesmith {} at {place}: {}",
        crate::VERSION,
        visible::text(what)
    )
}

/// File and line; a library's file begins with the library's name and version, not where it lay when it was compiled.
fn place(at: &Location<'_>) -> String {
    let file = at.file().replace('\\', "/");
    let inside = file
        .split_once("/registry/src/")
        .and_then(|(_, rest)| rest.split_once('/'));
    let file = inside.map_or(file.as_str(), |(_, rest)| rest);
    format!("{file}:{}", at.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_panic_says_where_and_takes_the_bar_away() {
        static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|info| {
            let reports = [true, false].map(|t| report(info, t));
            SAID.lock().unwrap().extend(reports);
        }));
        let line = line!() + 1;
        let fallen = std::thread::spawn(|| panic!("no\u{1b}[2J")).join();
        std::panic::set_hook(before);
        assert!(fallen.is_err());
        let said = SAID.lock().unwrap();
        let wanted = format!("src/cli/fault.rs:{line}: no\\u{{1b}}[2J");
        let ours: Vec<&String> = said.iter().filter(|s| s.ends_with(&wanted)).collect();
        assert!(
            ours.len() == 2 && ours[0].starts_with("\r\u{1b}[Kfault inside"),
            "{said:?}"
        );
        assert!(ours[1].starts_with("fault inside"));
    }
}
