//! What values tensors take, collected in the worker while a model runs: looked at where the engine left them, by all
//! processors; memory does not grow with the number of samples.

use crate::engine::Views;
use crate::rewrite::histogram::{Histogram, Limits, Scratch};
use crate::rewrite::ranges::{Observed, Range};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Collects ranges and histograms of float tensors.
#[derive(Default)]
pub struct Collector {
    tensors: BTreeMap<String, Seen>,
}

#[derive(Default)]
struct Seen {
    limits: Option<Limits>,
    /// None where only the range is wanted.
    histogram: Option<Histogram>,
}

impl Collector {
    /// Adds what one inference gave; a histogram is kept of the tensors that `wanted` names.
    pub fn add(&mut self, tensors: Views<'_>, wanted: &dyn Fn(&str) -> bool) {
        let mut given: BTreeMap<&str, &[f32]> = BTreeMap::new();
        for (name, values) in tensors.iter().filter(|(_, values)| !values.is_empty()) {
            given.insert(name, values);
            if !self.tensors.contains_key(*name) {
                let histogram = wanted(name).then(Histogram::default);
                let seen = Seen {
                    limits: None,
                    histogram,
                };
                self.tensors.insert((*name).to_owned(), seen);
            }
        }
        let mut work: Vec<(&mut Seen, &[f32])> = self
            .tensors
            .iter_mut()
            .filter_map(|(name, seen)| Some((seen, *given.get(name.as_str())?)))
            .collect();
        // The largest first, so that no processor is left with one at the end.
        work.sort_by_key(|(_, values)| std::cmp::Reverse(values.len()));
        work.into_par_iter()
            .with_max_len(1)
            .for_each_init(Scratch::default, |scratch, (seen, values)| seen.add(values, scratch));
    }

    /// What was seen so far, thresholds included.
    pub fn observed(&self) -> BTreeMap<String, Observed> {
        let of = |(name, seen): (&String, &Seen)| Some((name.clone(), seen.observed()?));
        self.tensors.par_iter().filter_map(of).collect()
    }
}

impl Seen {
    fn add(&mut self, values: &[f32], scratch: &mut Scratch) {
        let limits = match &mut self.histogram {
            Some(histogram) => histogram.add(values, scratch),
            None => Limits::of(values),
        };
        self.limits = Some(self.limits.map_or(limits, |l| l.joined(limits)));
    }

    fn observed(&self) -> Option<Observed> {
        let limits = self.limits?;
        let range = match limits.is_finite {
            true => Range {
                min: limits.min,
                max: limits.max,
            },
            // JSON has no infinities; the largest float32 exceeds every limit just as well.
            false => Range {
                min: f32::MIN,
                max: f32::MAX,
            },
        };
        let Some(histogram) = &self.histogram else {
            return Some(Observed::range_only(range));
        };
        let within = |threshold: f32| threshold.min(range.absmax());
        let (counts, histogram_end) = histogram.coarse(Observed::BINS);
        let (octaves, octaves_start) = histogram.octaves();
        Some(Observed {
            range,
            entropy: within(histogram.entropy()),
            percentile: within(histogram.percentile()),
            mse: within(histogram.mean_squared_error()),
            histogram: counts,
            histogram_end,
            octaves,
            octaves_start,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_add_up() {
        let mut collector = Collector::default();
        let wanted = |name: &str| name != "c";
        collector.add(&[("a", &[1.0, -3.0]), ("b", &[0.5]), ("c", &[4.0, -8.0])], &wanted);
        collector.add(&[("a", &[2.0]), ("b", &[f32::INFINITY]), ("none", &[])], &wanted);
        let seen = collector.observed();
        assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(seen["a"].range, Range { min: -3.0, max: 2.0 });
        assert_eq!(seen["a"].histogram.iter().sum::<u64>(), 3);
        assert_eq!(seen["b"].range.absmax(), f32::MAX);
        assert!(seen["a"].entropy > 2.9 && seen["a"].entropy <= 3.0);
        assert!(seen["c"].histogram.is_empty() && seen["c"].range.absmax() == 8.0);
    }
}
