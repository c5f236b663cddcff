//! What values tensors take, collected in the worker while a model runs; memory does not grow with the number of samples.

use crate::data::NamedTensors;
use crate::model::Tensor;
use crate::rewrite::histogram::Histogram;
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
    range: Option<Range>,
    histogram: Histogram,
}

impl Collector {
    /// Adds what one inference gave. Tensors that are not real floats are left out.
    pub fn add(&mut self, tensors: &NamedTensors) {
        let given: BTreeMap<&str, &Tensor> = tensors
            .iter()
            .filter(|(_, t)| t.dtype.is_float() && t.elements() > 0)
            .map(|(name, t)| (name.as_str(), t))
            .collect();
        for name in given.keys() {
            if !self.tensors.contains_key(*name) {
                self.tensors.insert((*name).to_owned(), Seen::default());
            }
        }
        self.tensors.par_iter_mut().for_each(|(name, seen)| {
            if let Some(values) = given.get(name.as_str()).and_then(|t| t.to_f32()) {
                seen.add(&values);
            }
        });
    }

    /// What was seen so far, thresholds included.
    pub fn observed(&self) -> BTreeMap<String, Observed> {
        let of = |(name, seen): (&String, &Seen)| {
            let range = seen.range?;
            let (histogram, histogram_end) = seen.histogram.coarse(Observed::BINS);
            let (octaves, octaves_start) = seen.histogram.octaves();
            let within = |threshold: f32| threshold.min(range.absmax());
            let observed = Observed {
                range,
                entropy: within(seen.histogram.entropy()),
                percentile: within(seen.histogram.percentile()),
                mse: within(seen.histogram.mean_squared_error()),
                histogram,
                histogram_end,
                octaves,
                octaves_start,
            };
            Some((name.clone(), observed))
        };
        self.tensors.par_iter().filter_map(of).collect()
    }
}

impl Seen {
    fn add(&mut self, values: &[f32]) {
        let mut range = Range {
            min: f32::MAX,
            max: f32::MIN,
        };
        let mut largest = 0f32;
        let mut is_finite = true;
        for value in values {
            range.min = range.min.min(*value);
            range.max = range.max.max(*value);
            is_finite &= value.is_finite();
            if value.is_finite() {
                largest = largest.max(value.abs());
            }
        }
        if !is_finite {
            // JSON has no infinities; the largest float32 exceeds every limit just as well.
            range = Range {
                min: f32::MIN,
                max: f32::MAX,
            };
        }
        self.range = Some(self.range.map_or(range, |r| r.joined(&range)));
        self.histogram.add(values.iter().copied(), largest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_add_up() {
        let mut collector = Collector::default();
        let tensor = |values: &[f32]| Tensor::from_f32(&[values.len() as u64], values).unwrap();
        collector.add(&vec![("a".into(), tensor(&[1.0, -3.0])), ("b".into(), tensor(&[0.5]))]);
        collector.add(&vec![
            ("a".into(), tensor(&[2.0])),
            ("b".into(), tensor(&[f32::INFINITY])),
        ]);
        collector.add(&vec![("n".into(), Tensor::from_i64(&[1], &[7]).unwrap())]);
        let seen = collector.observed();
        assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(seen["a"].range, Range { min: -3.0, max: 2.0 });
        assert_eq!(seen["a"].histogram.iter().sum::<u64>(), 3);
        assert_eq!(seen["b"].range.absmax(), f32::MAX);
        assert!(seen["a"].entropy > 2.9 && seen["a"].entropy <= 3.0);
    }
}
