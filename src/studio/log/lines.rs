//! The log: lines of the studio, the workers and the runtimes, bounded in number.

use crate::visible;
use std::collections::VecDeque;
use std::time::Instant;

/// Lines kept; the oldest go first.
const KEEP: usize = 20_000;

/// Severity of a line, worst last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Debug,
    /// Worker output that is not protocol.
    Stray,
    Info,
    Warn,
    Error,
}

impl Level {
    /// As the service names them.
    pub fn from_name(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "warn" | "warning" => Self::Warn,
            "debug" | "trace" => Self::Debug,
            "stray" => Self::Stray,
            _ => Self::Info,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Stray => "output",
            Self::Info => "info",
            Self::Warn => "warning",
            Self::Error => "error",
        }
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Seconds since the studio started.
    pub at: f64,
    /// Severity.
    pub level: Level,
    /// Who says it: `studio`, or the variant.
    pub source: String,
    /// The text.
    pub text: String,
}

/// The log and its filter.
pub struct Log {
    started: Instant,
    lines: VecDeque<Line>,
    /// Least severity shown.
    pub least: Level,
    /// Text that a shown line contains.
    pub search: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            lines: VecDeque::new(),
            least: Level::Stray,
            search: String::new(),
        }
    }
}

impl Log {
    /// Adds a line (of several, one each).
    pub fn push(&mut self, level: Level, source: &str, text: &str) {
        let at = self.started.elapsed().as_secs_f64();
        for line in text.lines() {
            // A runtime may print anything; what is kept of one line is bounded.
            let cut: String = line.chars().take(4000).collect();
            let text = visible::text(&cut).into_owned();
            self.lines.push_back(Line {
                at,
                level,
                source: source.into(),
                text,
            });
        }
        while self.lines.len() > KEEP {
            self.lines.pop_front();
        }
    }

    /// Lines that pass the filter, oldest first.
    pub fn shown(&self) -> Vec<&Line> {
        let search = self.search.to_lowercase();
        self.lines
            .iter()
            .filter(|l| l.level >= self.least && (search.is_empty() || l.text.to_lowercase().contains(&search)))
            .collect()
    }

    /// Number of all lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True when there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Forgets all lines.
    pub fn clear(&mut self) {
        self.lines.clear();
    }

    /// The shown lines as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for l in self.shown() {
            out.push_str(&format!(
                "{:9.3}  {:<7}  {:<10}  {}\n",
                l.at,
                l.level.word(),
                l.source,
                l.text
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_and_bound() {
        let mut log = Log::default();
        log.push(Level::Debug, "a", "hidden");
        log.push(Level::Error, "a", "one\ntwo");
        assert_eq!(log.shown().len(), 2);
        log.search = "TWO".into();
        assert_eq!(log.shown().len(), 1);
        log.search.clear();
        for _ in 0..KEEP {
            log.push(Level::Info, "b", "x");
        }
        assert_eq!(log.len(), KEEP);
    }
}
