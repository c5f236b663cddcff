//! Histograms of magnitudes that grow with what they see, and thresholds found in them.

/// Bins of a histogram.
pub const BINS: usize = 4096;
/// Share of values that lie within the percentile threshold (the default of pytorch-quantization and of ModelOpt).
pub const PERCENTILE: f64 = 0.9999;
/// Levels of signed 8-bit values above zero.
const LEVELS: usize = 128;
/// Largest share of the values other than zero that the entropy method clips: what the percentile method clips. Without a
/// limit, a tensor of few different values (pixels of 16 grey levels) is cut down to one of them, which loses no information
/// about itself; and a long tail, as GELU makes it, is cut where the information lost is little but the error large.
const CLIPPED: f64 = 1.0 - PERCENTILE;
/// Share that a level counts as when nothing of it can be shown.
const LEAST_SHOWN: f64 = 1e-10;
/// The least width is 2 to the power of this; subnormal numbers are not told apart.
const LEAST: i32 = -126;
/// Thresholds tried by the searching methods.
const TRIED: usize = 256;

/// Values counted together.
const BLOCK: usize = 8192;
/// Values of a tensor that are all counted; of those that come after them one line in [`EVERY`] is.
pub const COUNTED: u64 = 1 << 22;
/// See [`COUNTED`]. The expected counts stay what they are: a line that is counted counts this often, and which one of the
/// lines next to each other it is differs from place to place.
pub const EVERY: usize = 8;
/// Values next to each other that are counted or left out together: what comes from memory at once.
const LINE: usize = 16;
/// Tables counted into in turn, so that equal values next to each other do not wait for one another.
const LANES: usize = 4;

/// Counts of magnitudes in bins of equal width. The width is a power of two that doubles when a larger value comes, so that
/// two neighbouring bins become one exactly and the order of the data does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Width of a bin is 2 to the power of this.
    exponent: i32,
    counts: Vec<u64>,
    /// Values that came, counted or not.
    came: u64,
}

/// How the values of one inference are counted.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    every: usize,
    is_finite: bool,
    seed: u64,
}

impl Look {
    /// Of how many lines one is counted.
    pub fn every(self) -> usize {
        self.every
    }
}

/// Room to count in, to be used again.
pub struct Scratch {
    tables: Vec<[u32; BINS]>,
    bins: Vec<u16>,
    used: bool,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            tables: vec![[0; BINS]; LANES],
            bins: vec![0; BLOCK],
            used: false,
        }
    }
}

/// Limits of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Smallest value that is a number; infinite when there is none.
    pub min: f32,
    /// Largest.
    pub max: f32,
    /// No value is infinite or NaN.
    pub is_finite: bool,
}

impl Limits {
    /// Of these values.
    pub fn of(values: &[f32]) -> Self {
        const WIDE: usize = 16;
        let (mut min, mut max, mut odd) = ([f32::INFINITY; WIDE], [f32::NEG_INFINITY; WIDE], [0u32; WIDE]);
        let (chunks, rest) = values.as_chunks::<WIDE>();
        let mut look = |at: usize, value: f32| {
            min[at] = if value < min[at] { value } else { min[at] };
            max[at] = if value > max[at] { value } else { max[at] };
            // All exponent bits are set in infinities and NaN only.
            odd[at] |= u32::from(value.to_bits() & 0x7f80_0000 == 0x7f80_0000);
        };
        for chunk in chunks {
            for (at, value) in chunk.iter().enumerate() {
                look(at, *value);
            }
        }
        for (at, value) in rest.iter().enumerate() {
            look(at, *value);
        }
        Self {
            min: min.into_iter().fold(f32::INFINITY, f32::min),
            max: max.into_iter().fold(f32::NEG_INFINITY, f32::max),
            is_finite: odd.iter().all(|o| *o == 0),
        }
    }

    /// Those of both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            is_finite: self.is_finite && other.is_finite,
        }
    }
}

impl Histogram {
    /// Begins to count these values, whose limits are known: makes room for the largest. Their parts go to
    /// [`Self::tally`], in any order and at the same time, and what that counted to [`Self::take`].
    pub fn begin(&mut self, values: &[f32], limits: Limits) -> Look {
        let largest = match limits.is_finite {
            true => limits.min.abs().max(limits.max.abs()),
            false => values
                .iter()
                .filter(|v| v.is_finite())
                .fold(0f32, |m, v| m.max(v.abs())),
        };
        // A tensor without elements has no limits.
        let is_new = self.counts.is_empty() || largest > self.edge(BINS) || self.only_zeros();
        if is_new && !values.is_empty() {
            self.open(largest);
        }
        let look = Look {
            every: if self.came < COUNTED { 1 } else { EVERY },
            is_finite: limits.is_finite,
            seed: self.came,
        };
        self.came += values.len() as u64;
        look
    }

    /// Counts the finite ones of a part of the values.
    pub fn tally(&self, values: &[f32], look: Look, part: usize, scratch: &mut Scratch) {
        let mut some = Vec::new();
        let values = match look.every {
            1 => values,
            every => {
                some.reserve(values.len() / every + LINE);
                // A generator of its own for each part, so that the order of the parts does not matter (Knuth's MMIX).
                let next = |state: u64| {
                    state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407)
                };
                let mut state = next(look.seed ^ (part as u64).rotate_left(32));
                for lines in values.chunks(LINE * every) {
                    state = next(state);
                    let at = LINE * ((state >> 33) as usize % every);
                    some.extend_from_slice(lines.get(at..lines.len().min(at + LINE)).unwrap_or_default());
                }
                &some
            }
        };
        for block in values.chunks(BLOCK) {
            if look.is_finite {
                self.count(block, scratch);
            } else {
                let finite: Vec<f32> = block.iter().copied().filter(|v| v.is_finite()).collect();
                self.count(&finite, scratch);
            }
        }
    }

    /// Counts a block into the scratch tables.
    fn count(&self, block: &[f32], scratch: &mut Scratch) {
        scratch.used = true;
        let per_width = 2f64.powi(-self.exponent) as f32;
        let bins = &mut scratch.bins[..block.len().min(BLOCK)];
        for (bin, value) in bins.iter_mut().zip(block) {
            *bin = ((value.abs() * per_width) as u32).min(BINS as u32 - 1) as u16;
        }
        let [a, b, c, d] = &mut scratch.tables[..] else {
            return;
        };
        // A bin's number has 12 bits by now; masking tells the compiler so.
        let at = |bin: u16| usize::from(bin) & (BINS - 1);
        let (fours, rest) = bins.as_chunks::<LANES>();
        for four in fours {
            a[at(four[0])] += 1;
            b[at(four[1])] += 1;
            c[at(four[2])] += 1;
            d[at(four[3])] += 1;
        }
        for bin in rest {
            a[at(*bin)] += 1;
        }
    }

    /// Moves what was counted into the histogram.
    pub fn take(&mut self, look: Look, scratch: &mut Scratch) {
        if !std::mem::take(&mut scratch.used) {
            return;
        }
        for table in &mut scratch.tables {
            for (count, n) in self.counts.iter_mut().zip(table) {
                *count += u64::from(std::mem::take(n)) * look.every as u64;
            }
        }
    }

    fn only_zeros(&self) -> bool {
        self.exponent == LEAST && self.counts.iter().skip(1).all(|n| *n == 0)
    }

    /// Makes room for values up to `largest`.
    fn open(&mut self, largest: f32) {
        if largest > 0.0 {
            self.make_room(largest);
        } else if self.counts.is_empty() {
            self.counts = vec![0; BINS];
            self.exponent = LEAST;
        }
    }

    fn make_room(&mut self, largest: f32) {
        // The least exponent with largest <= BINS * 2^exponent; subnormal widths are not needed.
        let wanted = ((f64::from(largest) / BINS as f64).log2().ceil() as i32).clamp(LEAST, 127);
        let is_empty = self.counts.iter().all(|n| *n == 0);
        if is_empty {
            self.counts = vec![0; BINS];
            self.exponent = wanted;
        } else if self.only_zeros() {
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
        let used = self.used();
        if used == 0 {
            return 0.0;
        }
        // Sums up to each bin of n, n * x and n * x^2: any range of bins costs three look-ups.
        let middle = |i: usize| i as f64 + 0.5;
        let sums = [0, 1, 2].map(|power| sums(&self.counts[..used], |i, n| n * middle(i).powi(power)));
        let of = |power: usize, from: usize, to: usize| sums[power][to] - sums[power][from];
        let mut best = (f64::INFINITY, used);
        for bins in self.candidates() {
            // In units of a bin's width.
            let scale = bins as f64 / (LEVELS - 1) as f64;
            let (mut error, mut from) = (0.0, 0);
            for level in 0..LEVELS {
                // The first bin whose middle is nearer to the next level.
                let end = (level as f64 + 0.5) * scale - 0.5;
                let to = match level + 1 == LEVELS {
                    true => used,
                    false => (end.ceil().max(0.0) as usize).clamp(from, used),
                };
                let value = level as f64 * scale;
                error += of(2, from, to) - 2.0 * value * of(1, from, to) + value * value * of(0, from, to);
                from = to;
            }
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
        let mut counts = self.counts[..used].to_vec();
        counts[0] = counts[1];
        let number = sums(&counts, |_, n| n);
        let filled = sums(&counts, |_, n| f64::from(u8::from(n > 0.0)));
        // The sum over p * ln p, but for the factor 1 / total and the logarithm of it.
        let logs = sums(&counts, |_, n| if n > 0.0 { n * n.ln() } else { 0.0 });
        let total = number[used];
        let mut best = (f64::INFINITY, used);
        for bins in self.candidates() {
            let outside = total - number[bins];
            let inside = number[bins];
            if inside <= 0.0 || outside > CLIPPED * total {
                continue;
            }
            // What the 8-bit version cannot show at all costs as if it were hardly there.
            let shown = |level: usize| {
                let (from, to) = (level * bins / LEVELS, (level + 1) * bins / LEVELS);
                let mean = (number[to] - number[from]) / (filled[to] - filled[from]).max(1.0);
                (from, to, mean / inside)
            };
            // Sum of p * ln(p / q), p = n / total, q the same within a level.
            let mut divergence = (logs[bins] - inside * total.ln()) / total;
            for level in 0..LEVELS {
                let (from, to, q) = shown(level);
                let n = number[to] - number[from];
                if n > 0.0 {
                    divergence -= n / total * q.max(LEAST_SHOWN).ln();
                }
            }
            // The last bin holds what is clipped, too.
            if outside > 0.0 {
                let n = number[bins] - number[bins - 1];
                let q = if n > 0.0 { shown(LEVELS - 1).2 } else { 0.0 }.max(LEAST_SHOWN).ln();
                let term = |n: f64| {
                    if n > 0.0 {
                        n / total * ((n / total).ln() - q)
                    } else {
                        0.0
                    }
                };
                divergence += term(n + outside) - term(n);
            }
            if divergence < best.0 {
                best = (divergence, bins);
            }
        }
        self.edge(best.1)
    }
}

/// Sums of a function of bin and count over the bins before each.
fn sums(counts: &[u64], of: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut total = 0.0;
    let mut out = Vec::with_capacity(counts.len() + 1);
    out.push(0.0);
    for (i, n) in counts.iter().enumerate() {
        total += of(i, *n as f64);
        out.push(total);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32]) -> Histogram {
        let mut h = Histogram::default();
        add(&mut h, values);
        h
    }

    /// Counts these values in parts; their limits.
    fn add(h: &mut Histogram, values: &[f32]) -> Limits {
        let (limits, mut scratch) = (Limits::of(values), Scratch::default());
        let look = h.begin(values, limits);
        for (part, values) in values.chunks(50_000).enumerate() {
            h.tally(values, look, part, &mut scratch);
        }
        h.take(look, &mut scratch);
        limits
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
    fn what_is_left_out_of_many_values_changes_no_threshold_by_much() {
        let bell = bell();
        let (mut some, mut rounds) = (Histogram::default(), 0);
        while some.came < 4 * COUNTED {
            add(&mut some, &bell);
            rounds += 1;
        }
        let whole = of(&bell);
        let all = Histogram {
            counts: whole.counts.iter().map(|n| n * rounds).collect(),
            ..whole
        };
        let near = |a: f64, b: f64, share: f64| assert!((a - b).abs() <= share * b, "{a} {b}");
        near(some.total() as f64, all.total() as f64, 0.01);
        near(some.percentile().into(), all.percentile().into(), 0.03);
        near(some.entropy().into(), all.entropy().into(), 0.1);
        near(some.mean_squared_error().into(), all.mean_squared_error().into(), 0.1);
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
        let limits = add(&mut h, &[3.0, f32::NAN, f32::INFINITY]);
        assert_eq!((limits.min, limits.max, limits.is_finite), (3.0, f32::INFINITY, false));
        assert_eq!(h.total(), 3);
        assert!((h.mean_squared_error() - 3.0).abs() < 0.01);
        assert!(Histogram::default().entropy() == 0.0 && Histogram::default().percentile() == 0.0);
        assert_eq!(Histogram::default().mean_squared_error(), 0.0);
    }

    /// The divergence as the paper writes it, bin by bin.
    fn divergence(h: &Histogram, bins: usize) -> Option<f64> {
        let mut counts: Vec<f64> = h.counts[..h.used()].iter().map(|n| *n as f64).collect();
        counts[0] = counts[1];
        let total: f64 = counts.iter().sum();
        let outside: f64 = counts[bins..].iter().sum();
        if total - outside <= 0.0 || outside > CLIPPED * total {
            return None;
        }
        let mut sum = 0.0;
        for level in 0..LEVELS {
            let (from, to) = (level * bins / LEVELS, (level + 1) * bins / LEVELS);
            let group = &counts[from..to];
            let mean = group.iter().sum::<f64>() / group.iter().filter(|n| **n > 0.0).count().max(1) as f64;
            for (i, n) in group.iter().enumerate() {
                let p = (n + if from + i + 1 == bins { outside } else { 0.0 }) / total;
                let q = if *n > 0.0 { mean / (total - outside) } else { 0.0 };
                sum += if p > 0.0 {
                    p * (p / q.max(LEAST_SHOWN)).ln()
                } else {
                    0.0
                };
            }
        }
        Some(sum)
    }

    fn squared_error(h: &Histogram, bins: usize) -> f64 {
        let scale = bins as f64 / (LEVELS - 1) as f64;
        let error = |(i, n): (usize, &u64)| {
            let x = i as f64 + 0.5;
            let level = (x / scale).round().min((LEVELS - 1) as f64);
            *n as f64 * (x - level * scale).powi(2)
        };
        h.counts[..h.used()].iter().enumerate().map(error).sum()
    }

    #[test]
    fn sums_find_what_going_through_all_bins_finds() {
        let levels: Vec<f32> = (0..9_000).map(|i| (i % 900) as f32 + (i % 7) as f32 / 70.0).collect();
        for h in [of(&bell()), of(&levels)] {
            let least = h
                .candidates()
                .map(|b| squared_error(&h, b))
                .fold(f64::INFINITY, f64::min);
            let bins = (f64::from(h.mean_squared_error()) / h.width()).round() as usize;
            assert!(squared_error(&h, bins) <= least * 1.000_001, "{bins}");
            let least = h
                .candidates()
                .filter_map(|b| divergence(&h, b))
                .fold(f64::INFINITY, f64::min);
            let bins = (f64::from(h.entropy()) / h.width()).round() as usize;
            let found = divergence(&h, bins).unwrap();
            assert!(found <= least + 1e-9, "{bins}: {found} {least}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_the_data_does_not_matter(values in prop::collection::vec(-1e3f32..1e3, 1..50), cut in 0usize..50) {
            let cut = cut.min(values.len());
            let whole = of(&values);
            let mut parts = Histogram::default();
            for part in [&values[cut..], &values[..cut]] {
                add(&mut parts, part);
            }
            prop_assert_eq!(whole.counts, parts.counts);
        }
    }
}
