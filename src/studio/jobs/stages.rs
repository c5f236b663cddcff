//! The tree of a build's stages, from the messages of the runtime.

use crate::engine::Stage;
use std::time::{Duration, Instant};

/// One stage as shown.
#[derive(Clone, Debug)]
pub struct Row {
    /// The runtime's name.
    pub name: String,
    /// Nesting, 0 for the outermost.
    pub depth: usize,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 when unknown.
    pub total: u64,
    /// True once ended.
    pub finished: bool,
    /// When it was first heard of.
    pub since: Instant,
    /// How long it took, once ended.
    pub took: Option<Duration>,
    parents: Vec<String>,
}

/// Stages in order of appearance, children below their parents.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    /// The rows.
    pub rows: Vec<Row>,
}

/// Rows kept: a runtime that names every layer does not fill the memory.
const KEEP: usize = 2_000;

impl Stages {
    /// Takes in a message.
    pub fn update(&mut self, stage: Stage) {
        let known = self
            .rows
            .iter()
            .rposition(|r| r.name == stage.name && r.parents == stage.parents);
        let index = match known {
            Some(index) => index,
            None if self.rows.len() >= KEEP => return,
            None => {
                let at = self.end_of(&stage.parents);
                self.rows.insert(
                    at,
                    Row {
                        name: stage.name,
                        depth: stage.parents.len(),
                        done: 0,
                        total: 0,
                        finished: false,
                        since: Instant::now(),
                        took: None,
                        parents: stage.parents,
                    },
                );
                at
            }
        };
        if let Some(row) = self.rows.get_mut(index) {
            row.done = stage.done;
            row.total = stage.total;
            if stage.finished && !row.finished {
                row.finished = true;
                row.took = Some(row.since.elapsed());
            }
        }
    }

    /// Index after the last row inside the stage with this path; the end for outermost ones and unknown parents.
    fn end_of(&self, parents: &[String]) -> usize {
        if parents.is_empty() {
            return self.rows.len();
        }
        let inside = |r: &Row| {
            r.parents.starts_with(parents)
                || (r.parents.as_slice() == &parents[..parents.len() - 1] && Some(&r.name) == parents.last())
        };
        self.rows.iter().rposition(inside).map_or(self.rows.len(), |i| i + 1)
    }

    /// Share done over the outermost stage that runs, when it can be told.
    pub fn fraction(&self) -> Option<f32> {
        let row = self.rows.iter().rfind(|r| r.depth == 0 && !r.finished && r.total > 0)?;
        Some((row.done as f32 / row.total as f32).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &str, parents: &[&str], done: u64, total: u64, finished: bool) -> Stage {
        Stage {
            name: name.into(),
            parents: parents.iter().map(|p| (*p).into()).collect(),
            done,
            total,
            finished,
        }
    }

    #[test]
    fn children_stand_below_their_parent() {
        let mut s = Stages::default();
        s.update(stage("Building", &[], 0, 2, false));
        s.update(stage("Saving", &[], 0, 0, false));
        s.update(stage("Tactics", &["Building"], 1, 4, false));
        s.update(stage("Timing", &["Building", "Tactics"], 0, 0, true));
        s.update(stage("Weights", &["Building"], 0, 0, false));
        let names: Vec<_> = s.rows.iter().map(|r| (r.name.as_str(), r.depth)).collect();
        assert_eq!(
            names,
            [
                ("Building", 0),
                ("Tactics", 1),
                ("Timing", 2),
                ("Weights", 1),
                ("Saving", 0)
            ]
        );
        s.update(stage("Building", &[], 1, 2, false));
        assert_eq!(s.fraction(), Some(0.5));
        assert_eq!(s.rows.len(), 5);
        s.update(stage("Building", &[], 2, 2, true));
        assert!(s.rows[0].took.is_some());
    }
}
