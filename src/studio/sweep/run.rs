//! The sweep of batch sizes: the one that runs, as it streams in, and the last result.

use crate::bench::Comparison;
use crate::bench::sweep::{Curve, Point, Rounds};
use crate::recipe::SweepRow;
use crate::studio::jobs::Job;
use crate::worker::ServiceEvent;

/// A batch size of a variant while it is measured.
#[derive(Clone, Debug, Default)]
struct Row {
    /// Index of its variant.
    variant: usize,
    /// The size that is swept.
    size: u64,
    /// Images per query.
    batch: u64,
    /// Of every round: images, start of the first and end of the last inference in milliseconds.
    rounds: Vec<(f64, f64, f64)>,
}

/// A sweep, running or ended.
pub struct Sweep {
    /// Its job.
    pub job: Job,
    /// Protocol of the numbers.
    pub protocol: String,
    /// Names of the variants; colours go by index.
    pub variants: Vec<String>,
    rows: Vec<Row>,
    /// What varies.
    over: String,
    /// The result, once it is done.
    pub result: Option<Comparison>,
    /// Highest throughput seen, for an axis that grows and does not shrink.
    pub top: f64,
}

impl Sweep {
    /// Follows a task that was just started for these rows.
    pub fn new(job: Job, protocol: String, over: &str, planned: &[SweepRow]) -> Self {
        let mut variants: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        for row in planned {
            if variants.last() != Some(&row.variant) {
                variants.push(row.variant.clone());
            }
            rows.push(Row {
                variant: variants.len() - 1,
                size: row.size,
                batch: row.batch.unwrap_or(1),
                rounds: Vec::new(),
            });
        }
        Self {
            job,
            protocol,
            variants,
            rows,
            over: over.into(),
            result: None,
            top: 0.0,
        }
    }

    /// Takes in what arrived.
    pub fn poll(&mut self, see: &mut dyn FnMut(&ServiceEvent)) {
        let rows = &mut self.rows;
        self.job.poll(&mut |event| {
            if let ServiceEvent::Samples {
                variant,
                round,
                samples,
            } = event
                && let Some(row) = rows.get_mut(*variant)
            {
                row.add(*round as usize, samples);
            }
            see(event);
        });
    }

    /// The curve of every variant: the result's, or what has arrived so far, without a knee.
    pub fn curves(&self) -> Vec<Curve> {
        if let Some(result) = &self.result {
            return result.sweeps.clone();
        }
        let curve = |(variant, name): (usize, &String)| Curve {
            name: name.clone(),
            over: self.over.clone(),
            points: self
                .rows
                .iter()
                .filter(|r| r.variant == variant)
                .filter_map(Row::point)
                .collect(),
            ..Curve::default()
        };
        self.variants.iter().enumerate().map(curve).collect()
    }
}

impl Row {
    fn add(&mut self, round: usize, samples: &[crate::bench::Sample]) {
        // Rounds come in order; one that is skipped or absurd is none.
        if round > self.rounds.len() {
            return;
        }
        if round == self.rounds.len() {
            self.rounds.push((0.0, f64::INFINITY, f64::NEG_INFINITY));
        }
        if let Some((images, start, end)) = self.rounds.get_mut(round) {
            *images += samples.len() as f64 * self.batch as f64;
            for sample in samples {
                *start = start.min(sample.start_h2d_ms);
                *end = end.max(sample.end_d2h_ms);
            }
        }
    }

    fn point(&self) -> Option<Point> {
        let span = |(images, start, end): &(f64, f64, f64)| (*images, end - start);
        let rounds = Rounds {
            batch: self.batch,
            rounds: self.rounds.iter().map(span).filter(|(_, ms)| *ms > 0.0).collect(),
        };
        let (images_per_s, low, high) = rounds.rates()?;
        Some(Point {
            batch: self.batch,
            images_per_s,
            low,
            high,
            ..Point::at(self.size)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Sample;

    #[test]
    fn rounds_that_stream_in_make_a_point() {
        let mut row = Row {
            batch: 4,
            ..Row::default()
        };
        assert_eq!(row.point(), None);
        row.add(0, &[Sample::call(0.0, 5.0)]);
        row.add(0, &[Sample::call(5.0, 10.0)]);
        row.add(1, &[Sample::call(0.0, 5.0)]);
        row.add(9, &[Sample::call(0.0, 1.0)]);
        let point = row.point().unwrap();
        // 12 images in 15 ms; 8 in 10 ms, 4 in 5 ms.
        assert_eq!((point.images_per_s, point.low, point.high), (800.0, 800.0, 800.0));
        row.add(2, &[Sample::call(0.0, f64::NAN)]);
        assert!(row.point().is_some());
    }
}
