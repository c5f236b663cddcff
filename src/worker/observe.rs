//! What values a model's tensors take, collected in the worker while the model runs: looked at where the engine has them,
//! by all processors; memory does not grow with the number of samples.

use crate::engine::{See, Spread};
use crate::rewrite::histogram::{Histogram, Limits, Scratch};
use crate::rewrite::ranges::{Observed, Range};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Values of a part that one processor looks at: what stays in its cache between two looks, and takes much longer than
/// handing it out.
const PART: usize = 1 << 15;

/// Collects ranges and histograms of float tensors.
#[derive(Default)]
pub struct Collector {
    /// Tensors that get a histogram; all when not given.
    thresholds: Option<HashSet<String>>,
    tensors: Mutex<BTreeMap<String, Arc<Mutex<Seen>>>>,
    /// Held while a tensor is looked at, by all processors: one tensor at a time counts in the rooms.
    looking: Mutex<()>,
    /// Room to count in that nobody uses just now.
    rooms: Mutex<Vec<Scratch>>,
    /// Time and bytes so far.
    spent: Mutex<(Duration, u64)>,
}

#[derive(Default)]
struct Seen {
    limits: Option<Limits>,
    /// None where only the range is wanted.
    histogram: Option<Histogram>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl See for Collector {
    fn see(&self, name: &str, values: &[f32], spread: Spread<'_>) {
        let _one = lock(&self.looking);
        let started = Instant::now();
        let known = lock(&self.tensors).get(name).map(Arc::clone);
        let seen = known.unwrap_or_else(|| {
            let has_histogram = self.thresholds.as_ref().is_none_or(|names| names.contains(name));
            let seen = Seen {
                limits: None,
                histogram: has_histogram.then(Histogram::default),
            };
            let mut tensors = lock(&self.tensors);
            Arc::clone(
                tensors
                    .entry(name.to_owned())
                    .or_insert_with(|| Arc::new(Mutex::new(seen))),
            )
        });
        let seen = &mut *lock(&seen);
        let limits = limits(values, spread);
        if let Some(histogram) = &mut seen.histogram {
            self.count(histogram, values, limits, spread);
        }
        seen.limits = Some(seen.limits.map_or(limits, |l| l.joined(limits)));
        let mut spent = lock(&self.spent);
        spent.0 += started.elapsed();
        spent.1 += size_of_val(values) as u64;
    }
}

/// Limits of all values.
fn limits(values: &[f32], spread: Spread<'_>) -> Limits {
    if values.len() <= PART {
        return Limits::of(values);
    }
    let joined = Mutex::new(Limits::of(&[]));
    spread(values.len().div_ceil(PART), &|part| {
        let found = Limits::of(&values[part * PART..values.len().min((part + 1) * PART)]);
        let mut all = lock(&joined);
        *all = all.joined(found);
    });
    joined.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Collector {
    /// A collector that keeps histograms of these tensors; of all when not given.
    pub fn new(thresholds: Option<HashSet<String>>) -> Self {
        Self {
            thresholds,
            ..Self::default()
        }
    }

    /// Time that looking took and bytes that were looked at, since the beginning.
    pub fn so_far(&self) -> (Duration, u64) {
        *lock(&self.spent)
    }

    fn count(&self, histogram: &mut Histogram, values: &[f32], limits: Limits, spread: Spread<'_>) {
        let look = histogram.begin(values, limits);
        let (step, shared) = (PART * look.every(), &*histogram);
        spread(values.len().div_ceil(step), &|part| {
            let mut room = lock(&self.rooms).pop().unwrap_or_default();
            let values = &values[part * step..values.len().min((part + 1) * step)];
            shared.tally(values, look, part, &mut room);
            lock(&self.rooms).push(room);
        });
        for room in lock(&self.rooms).iter_mut() {
            histogram.take(look, room);
        }
    }

    /// What was seen so far, thresholds included.
    pub fn observed(&self) -> BTreeMap<String, Observed> {
        let tensors = lock(&self.tensors);
        let of = |(name, seen): (&String, &Arc<Mutex<Seen>>)| Some((name.clone(), lock(seen).observed()?));
        tensors.par_iter().filter_map(of).collect()
    }
}

impl Seen {
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
        // No figure is beyond float32, whose largest values masks have: JSON has no infinities.
        let within = |threshold: f32| threshold.min(range.absmax());
        let finite = |edge: f32| edge.clamp(f32::MIN, f32::MAX);
        let (counts, histogram_end) = histogram.coarse(Observed::BINS);
        let (octaves, octaves_start) = histogram.octaves();
        Some(Observed {
            range,
            entropy: within(histogram.entropy()),
            percentile: within(histogram.percentile()),
            mse: within(histogram.mean_squared_error()),
            histogram: counts,
            histogram_end: finite(histogram_end),
            octaves,
            octaves_start: finite(octaves_start),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::everywhere;

    #[test]
    fn batches_add_up() {
        let collector = Collector::new(Some(["a", "b"].map(String::from).into()));
        let batch = |tensors: &[(&str, &[f32])]| {
            for (name, values) in tensors {
                collector.see(name, values, &everywhere);
            }
        };
        batch(&[("a", &[1.0, -3.0]), ("b", &[0.5]), ("c", &[4.0, -8.0])]);
        batch(&[("a", &[2.0]), ("b", &[f32::INFINITY])]);
        assert_eq!(collector.so_far().1, 28);
        let seen = collector.observed();
        assert_eq!(seen.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(seen["a"].range, Range { min: -3.0, max: 2.0 });
        assert_eq!(seen["a"].histogram.iter().sum::<u64>(), 3);
        assert_eq!(seen["b"].range.absmax(), f32::MAX);
        assert!(seen["a"].entropy > 2.9 && seen["a"].entropy <= 3.0);
        assert!(seen["c"].histogram.is_empty() && seen["c"].range.absmax() == 8.0);
    }

    #[test]
    fn no_figure_of_a_mask_is_lost_on_its_way() {
        for values in [
            &[f32::MIN, 0.0, 1.0][..],
            &[f32::NEG_INFINITY, 0.0],
            &[f32::NAN, 2.0],
            &[f32::MAX; 9],
            &[0.0],
        ] {
            let collector = Collector::new(Some(["m".into()].into()));
            collector.see("m", values, &everywhere);
            let seen = collector.observed();
            let text = serde_json::to_string(&seen).unwrap();
            let back: BTreeMap<String, Observed> =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(back, seen, "{values:?}");
        }
    }

    #[test]
    fn parts_of_a_large_tensor_add_up() {
        let values: Vec<f32> = (0..PART * 3 + 17).map(|i| ((i * 7919) % 1000) as f32 - 300.0).collect();
        let (parts, whole) = (Collector::default(), Collector::default());
        parts.see("x", &values, &everywhere);
        whole.see("x", &values, &|count, part| (0..count).for_each(part));
        let (parts, whole) = (parts.observed(), whole.observed());
        assert_eq!(parts, whole);
        assert_eq!(
            parts["x"].range,
            Range {
                min: -300.0,
                max: 699.0
            }
        );
        assert_eq!(parts["x"].histogram.iter().sum::<u64>(), values.len() as u64);
    }
}
