//! Real traffic: how many requests of which size.

use super::Samples;
use super::over::Over;
use crate::graph::Graph;
use crate::graph::sizes::{evaluate, point};
use crate::recipe::DataSource;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The column that counts.
const COUNT: &str = "count";
/// How far above a size one that the model takes is looked for.
const FARTHEST: u64 = 512;

/// Requests by their sizes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Names of the sizes, as the file has them or as they were asked for.
    pub names: Vec<String>,
    /// How many requests have these sizes, in the order of `names`.
    pub counts: BTreeMap<Vec<u64>, u64>,
}

/// Requests of one size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Requests {
    /// The size they have.
    pub size: u64,
    /// The least size at or above it that the model takes.
    pub padded: u64,
    /// How many.
    pub count: u64,
}

impl Traffic {
    /// Reads a CSV file: a header with names of sizes and, if it likes, `count`; a line for every kind of request.
    ///
    /// # Errors
    /// The file, the line and what is wrong there.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text =
            std::fs::read_to_string(path).map_err(|e| format!("{}: {}", path.display(), crate::files::words(&e)))?;
        Self::parse(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let separator = if text.lines().next().is_some_and(|l| l.contains(';')) {
            ';'
        } else {
            ','
        };
        let cells = |line: &str| -> Vec<String> {
            let cell = |c: &str| c.trim().trim_matches('"').trim().to_owned();
            line.trim_start_matches('\u{feff}').split(separator).map(cell).collect()
        };
        let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
        let Some((_, header)) = lines.next() else {
            return Err("the file is empty".into());
        };
        let header = cells(header);
        if header.iter().all(|c| c.parse::<u64>().is_ok()) {
            return Err("line 1: the first line names the columns, as in: seq,count".into());
        }
        let count = header.iter().position(|c| c.eq_ignore_ascii_case(COUNT));
        let names: Vec<String> = header
            .iter()
            .enumerate()
            .filter(|(i, _)| Some(*i) != count)
            .map(|(_, c)| c.clone())
            .collect();
        if names.is_empty() {
            return Err("line 1: no column names a size".into());
        }
        let mut out = Self {
            names,
            counts: BTreeMap::new(),
        };
        for (index, line) in lines {
            let cells = cells(line);
            let wrong = |why: &str| format!("line {}: {why}", index + 1);
            if cells.len() != header.len() {
                return Err(wrong(&format!(
                    "{} columns where the header has {}",
                    cells.len(),
                    header.len()
                )));
            }
            let mut sizes = Vec::new();
            let mut requests = 1;
            for (i, cell) in cells.iter().enumerate() {
                let number = cell
                    .parse::<u64>()
                    .map_err(|_| wrong(&format!("{cell:?} is no whole number")))?;
                match Some(i) == count {
                    true => requests = number,
                    false if number == 0 => return Err(wrong("a size of 0")),
                    false => sizes.push(number),
                }
            }
            let slot = out.counts.entry(sizes).or_default();
            *slot = slot.saturating_add(requests);
        }
        if out.total() == 0 {
            return Err("it has no requests".into());
        }
        Ok(out)
    }

    /// Counts the samples of data: what size each has where `over` varies.
    ///
    /// # Errors
    /// Data that cannot be read or does not fit the model.
    pub fn of_data(source: &DataSource, graph: &Graph, over: &Over) -> Result<Self, String> {
        let mut samples = Samples::open(source, graph).map_err(|e| e.to_string())?;
        let mut out = Self {
            names: vec![over.label.clone()],
            counts: BTreeMap::new(),
        };
        while let Some((tensors, _)) = samples.next_batch(1).map_err(|e| e.to_string())? {
            let shapes: BTreeMap<String, Vec<u64>> = tensors.into_iter().map(|(name, t)| (name, t.dims)).collect();
            let Some(size) = over.largest(graph, &shapes) else {
                continue;
            };
            *out.counts.entry(vec![size]).or_default() += 1;
        }
        if out.counts.is_empty() {
            return Err("the data has no samples".into());
        }
        Ok(out)
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |n, c| n.saturating_add(*c))
    }

    /// The words that [`Over::find`] takes for the columns: `seq`, `height=width`.
    pub fn over(&self) -> String {
        self.names.join("=")
    }

    /// The requests along one size: of several that stay equal the largest, to which the others are padded; each with the
    /// next size that the model takes.
    ///
    /// # Errors
    /// A size above which none was found that the model takes.
    pub fn requests(
        &self,
        graph: &Graph,
        over: &Over,
        shapes: &BTreeMap<String, Vec<u64>>,
    ) -> Result<Vec<Requests>, String> {
        let mut by_size: BTreeMap<u64, u64> = BTreeMap::new();
        for (sizes, count) in &self.counts {
            let size = sizes.iter().copied().max().unwrap_or(0);
            *by_size.entry(size).or_default() += count;
        }
        let works = |size: u64| {
            let at = over.set(graph, shapes, size);
            at.is_ok_and(|shapes| evaluate(graph, &point(&shapes)).is_ok())
        };
        let mut next: Option<u64> = None;
        let mut out = Vec::new();
        for (size, count) in by_size {
            // What serves a smaller request serves this one too, as long as it is large enough.
            let padded = match next.filter(|n| *n >= size) {
                Some(padded) => padded,
                None => (size..=size.saturating_add(FARTHEST))
                    .find(|n| works(*n))
                    .ok_or_else(|| {
                        format!(
                            "the model does not work at {} {size}, nor at any of the {FARTHEST} sizes above it",
                            over.label
                        )
                    })?,
            };
            next = Some(padded);
            out.push(Requests { size, padded, count });
        }
        Ok(out)
    }
}

/// Sizes to measure so that a curve over all of these requests is known: the ends, and a few between them by share of the
/// requests and by distance.
pub fn sizes_to_measure(requests: &[Requests], most: usize) -> Vec<u64> {
    let mut all: Vec<u64> = requests.iter().map(|r| r.padded).collect();
    all.dedup();
    if all.len() <= most {
        return all;
    }
    let (Some(first), Some(last)) = (all.first().copied(), all.last().copied()) else {
        return all;
    };
    let mut chosen = vec![first, last];
    // Half of them at equal steps of the size, half at equal shares of the requests.
    let total: u64 = requests.iter().map(|r| r.count).sum();
    let half = (most - 2).div_ceil(2).max(1) as u64;
    for i in 1..=half {
        let wanted = first + (last - first) * i / (half + 1);
        chosen.extend(all.iter().copied().find(|s| *s >= wanted));
        let mut seen = 0;
        let share = total * i / (half + 1);
        chosen.extend(
            requests
                .iter()
                .find(|r| {
                    seen += r.count;
                    seen >= share
                })
                .map(|r| r.padded),
        );
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::model::DataType;

    #[test]
    fn a_table_of_requests_is_read_and_mistakes_are_named() {
        let traffic = Traffic::parse("seq,count\n128,90\n17, 5\n128,5\n").unwrap();
        assert_eq!((traffic.over().as_str(), traffic.total()), ("seq", 100));
        assert_eq!(traffic.counts[&vec![128]], 95);
        let pairs = Traffic::parse("\u{feff}height;width\n10;20\n\n30;20\n").unwrap();
        assert_eq!((pairs.over().as_str(), pairs.total()), ("height=width", 2));
        for (text, words) in [
            ("", "empty"),
            ("128,3\n", "line 1: the first line names the columns"),
            ("count\n3\n", "no column names a size"),
            ("seq,count\n128\n", "line 2: 1 columns where the header has 2"),
            ("seq,count\n128,x\n", "line 2: \"x\" is no whole number"),
            ("seq\n0\n", "line 2: a size of 0"),
            ("seq\n", "no requests"),
        ] {
            let error = Traffic::parse(text).unwrap_err();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn requests_are_padded_to_what_the_model_takes() {
        let graph = model(&[("x", DataType::Float32, &["n", "h", "w"])], vec![], vec![]);
        let over = Over::find(&graph, "h=w").unwrap();
        let traffic = Traffic::parse("h,w,count\n10,20,3\n20,5,1\n7,7,2\n").unwrap();
        let shapes = [("x".to_owned(), vec![1, 8, 8])].into();
        let requests = traffic.requests(&graph, &over, &shapes).unwrap();
        let sizes: Vec<(u64, u64)> = requests.iter().map(|r| (r.padded, r.count)).collect();
        assert_eq!(sizes, [(7, 2), (20, 4)]);
        let many: Vec<Requests> = (1..=100)
            .map(|n| Requests {
                size: n,
                padded: n,
                count: 1,
            })
            .collect();
        let few = sizes_to_measure(&many, 8);
        assert!(
            few.len() <= 8 && few.first() == Some(&1) && few.last() == Some(&100),
            "{few:?}"
        );
    }
}
