//! Histograms of magnitudes that grow with what they see, and thresholds found in them.

/// Bins of a histogram.
pub const BINS: usize = 4096;
/// Share of values that lie within the percentile threshold (the default of pytorch-quantization and of ModelOpt).
pub const PERCENTILE: f64 = 0.9999;
/// Levels of signed 8-bit values above zero.
const LEVELS: usize = 128;
/// Largest share of the values other than zero that the entropy method clips. Without a limit, a tensor of few different
/// values (pixels of 16 grey levels) is cut down to one of them, which loses no information about itself.
const CLIPPED: f64 = 0.001;
/// Thresholds tried by the searching methods.
const TRIED: usize = 256;

/// Counts of magnitudes in bins of equal width. The width is a power of two that doubles when a larger value comes, so that
/// two neighbouring bins become one exactly and the order of the data does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Width of a bin is 2 to the power of this.
    exponent: i32,
    counts: Vec<u64>,
}

impl Histogram {
    /// Counts finite values, none larger in magnitude than `largest`.
    pub fn add(&mut self, values: impl Iterator<Item = f32>, largest: f32) {
        if largest > 0.0 {
            self.make_room(largest);
        } else if self.counts.is_empty() {
            self.counts = vec![0; BINS];
            self.exponent = -126;
        }
        let per_width = 2f64.powi(-self.exponent) as f32;
        for value in values {
            if value.is_finite() {
                let bin = ((value.abs() * per_width) as usize).min(BINS - 1);
                self.counts[bin] += 1;
            }
        }
    }

    fn make_room(&mut self, largest: f32) {
        // The least exponent with largest <= BINS * 2^exponent; subnormal widths are not needed.
        let wanted = ((f64::from(largest) / BINS as f64).log2().ceil() as i32).clamp(-126, 127);
        let is_empty = self.counts.iter().all(|n| *n == 0);
        if is_empty {
            self.counts = vec![0; BINS];
            self.exponent = wanted;
        } else if self.counts[1..].iter().all(|n| *n == 0) && self.exponent == -126 {
            // Only zeros so far: they are zeros at any width.
            self.exponent = wanted;
        }
        while self.exponent < wanted {
            for i in 0..BINS / 2 {
                self.counts[i] = self.counts[2 * i] + self.counts[2 * i + 1];
            }
            self.counts[BINS / 2..].fill(0);
            self.exponent += 1;
        }
    }

    /// Values counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Width of a bin.
    pub fn width(&self) -> f64 {
        2f64.powi(self.exponent)
    }

    /// Number of bins up to the last one with a value.
    fn used(&self) -> usize {
        self.counts.iter().rposition(|n| *n > 0).map_or(0, |at| at + 1)
    }

    fn edge(&self, bins: usize) -> f32 {
        (self.width() * bins as f64) as f32
    }

    /// The counts joined to this many bins of equal width, and the upper edge of the last one; for pictures.
    pub fn coarse(&self, bins: usize) -> (Vec<u64>, f32) {
        let used = self.used().max(1);
        let step = used.div_ceil(bins.max(1));
        let joined = self.counts[..used.min(self.counts.len())].chunks(step.max(1));
        (joined.map(|c| c.iter().sum()).collect(), self.edge(step * bins))
    }

    /// Counts of magnitudes below the width of a bin, then by powers of two of it; and that width.
    pub fn octaves(&self) -> (Vec<u64>, f32) {
        let mut octaves = Vec::new();
        let (mut from, mut to) = (0, 1);
        while from < self.used() {
            octaves.push(self.counts[from..to.min(self.counts.len())].iter().sum());
            (from, to) = (to, 2 * to);
        }
        (octaves, self.edge(1))
    }

    /// The magnitude that [`PERCENTILE`] of the values do not exceed.
    pub fn percentile(&self) -> f32 {
        let wanted = (self.total() as f64 * PERCENTILE).ceil() as u64;
        let mut seen = 0;
        for (i, n) in self.counts.iter().enumerate() {
            seen += n;
            if seen >= wanted {
                return self.edge(i + 1);
            }
        }
        self.edge(self.used())
    }

    /// The candidates that the searching methods try, in bins: from 128 levels up to all that is used.
    fn candidates(&self) -> impl Iterator<Item = usize> {
        let used = self.used();
        let first = LEVELS.min(used.max(1));
        let step = ((used.saturating_sub(first)) / TRIED).max(1);
        (first..=used.max(first)).step_by(step)
    }

    /// The threshold with the least mean squared error of rounding to 8 bits, values at the middles of their bins
    /// (pytorch-quantization, `calib/histogram.py`, `_compute_amax_mse`).
    pub fn mean_squared_error(&self) -> f32 {
        if self.used() == 0 {
            return 0.0;
        }
        let mut best = (f64::INFINITY, self.used());
        for bins in self.candidates() {
            // In units of a bin's width.
            let scale = bins as f64 / (LEVELS - 1) as f64;
            let error: f64 = self.counts[..self.used()]
                .iter()
                .enumerate()
                .filter(|(_, n)| **n > 0)
                .map(|(i, n)| {
                    let x = i as f64 + 0.5;
                    let level = (x / scale).round().min((LEVELS - 1) as f64);
                    *n as f64 * (x - level * scale).powi(2)
                })
                .sum();
            if error < best.0 {
                best = (error, bins);
            }
        }
        self.edge(best.1)
    }

    /// The threshold that loses the least information: least Kullback-Leibler divergence between the values clipped there
    /// and their 8-bit version (S. Migacz, 8-bit inference with TensorRT, GTC 2017; as pytorch-quantization's
    /// `_compute_amax_entropy`, the first bin given the count of the second, so that the zeros of a ReLU do not decide).
    pub fn entropy(&self) -> f32 {
        let used = self.used();
        if used <= LEVELS {
            return self.edge(used);
        }
        let mut counts: Vec<f64> = self.counts[..used].iter().map(|n| *n as f64).collect();
        counts[0] = counts[1];
        let total: f64 = counts.iter().sum();
        let mut best = (f64::INFINITY, used);
        for bins in self.candidates() {
            let outside: f64 = counts[bins..].iter().sum();
            let inside: f64 = total - outside;
            if inside <= 0.0 || outside > CLIPPED * total {
                continue;
            }
            let mut divergence = 0.0;
            for level in 0..LEVELS {
                let (from, to) = (level * bins / LEVELS, (level + 1) * bins / LEVELS);
                let group = &counts[from..to];
                let filled = group.iter().filter(|n| **n > 0.0).count();
                let mean = group.iter().sum::<f64>() / filled.max(1) as f64;
                for (i, n) in group.iter().enumerate() {
                    let is_last = from + i + 1 == bins;
                    let p = (n + if is_last { outside } else { 0.0 }) / total;
                    let q = if *n > 0.0 { mean / inside } else { 0.0 };
                    if p > 0.0 {
                        // What the 8-bit version cannot show at all costs as if it were hardly there.
                        divergence += p * (p / q.max(1e-10)).ln();
                    }
                }
            }
            if divergence < best.0 {
                best = (divergence, bins);
            }
        }
        self.edge(best.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32]) -> Histogram {
        let mut h = Histogram::default();
        let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
        h.add(values.iter().copied(), largest);
        h
    }

    /// Normal values with a few far outliers.
    fn bell() -> Vec<f32> {
        let mut state = 1u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        let mut values: Vec<f32> = (0..200_000)
            .map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0)
            .collect();
        values.extend([60.0, -80.0]);
        values
    }

    #[test]
    fn thresholds_leave_out_far_outliers() {
        let h = of(&bell());
        assert_eq!(h.total(), 200_002);
        for (name, found) in [("entropy", h.entropy()), ("percentile", h.percentile())] {
            assert!((2.5..12.0).contains(&found), "{name}: {found}");
        }
        // An error of 33 on one value weighs as much as a coarser grid for all the others.
        let found = h.mean_squared_error();
        assert!((40.0..60.0).contains(&found), "mse: {found}");
        // Few different values: none of the common ones is given up.
        let levels: Vec<f32> = (0..170_000).map(|i| (i % 17) as f32 / 16.0).collect();
        assert!(of(&levels).entropy() >= 1.0);
        // Without outliers everything stays inside.
        let even: Vec<f32> = (0..100_000).map(|i| i as f32 / 1e5).collect();
        let h = of(&even);
        assert!(h.entropy() > 0.9 && h.mean_squared_error() > 0.95 && h.percentile() > 0.99);
    }

    #[test]
    fn octaves_hold_all_values() {
        let h = of(&[0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 100.0]);
        let (octaves, start) = h.octaves();
        assert_eq!(octaves.iter().sum::<u64>(), 7);
        // Octave i ends at start * 2^i.
        let below = |limit: f32| -> u64 {
            let ends = octaves.iter().enumerate();
            ends.filter(|(i, _)| start * 2f32.powi(*i as i32) <= limit)
                .map(|(_, n)| n)
                .sum()
        };
        assert_eq!((below(1.0), below(2.0), below(4.0), below(64.0)), (1, 3, 5, 6));
        assert_eq!(Histogram::default().octaves().0, [0u64; 0]);
    }

    #[test]
    fn zeros_alone_are_counted() {
        let mut h = of(&[0.0, 0.0]);
        h.add([3.0f32].into_iter(), 3.0);
        assert_eq!(h.total(), 3);
        assert!((h.mean_squared_error() - 3.0).abs() < 0.01);
        assert!(Histogram::default().entropy() == 0.0 && Histogram::default().percentile() == 0.0);
        assert_eq!(Histogram::default().mean_squared_error(), 0.0);
    }

    proptest! {
        #[test]
        fn the_order_of_the_data_does_not_matter(values in prop::collection::vec(-1e3f32..1e3, 1..50), cut in 0usize..50) {
            let cut = cut.min(values.len());
            let whole = of(&values);
            let largest = |v: &[f32]| v.iter().fold(0f32, |m, v| m.max(v.abs()));
            let mut parts = Histogram::default();
            for part in [&values[cut..], &values[..cut]] {
                parts.add(part.iter().copied(), largest(part));
            }
            prop_assert_eq!(whole.counts, parts.counts);
        }
    }
}
