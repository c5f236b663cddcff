//! How far results are from the reference.

use crate::data::random::Random;
use crate::model::Tensor;
use crate::rewrite::search::OutputError;
use serde::{Deserialize, Serialize};

/// Errors kept for the medians; up to this many values they are exact, beyond it a uniform sample of them.
const RESERVOIR: usize = 1 << 20;
/// Root mean square below which a reference counts as this large in [`OutputMeter::error`].
const LEAST_RMS: f64 = 1e-6;
/// Outputs with more classes than this are not classifiers.
const MAX_CLASSES: u64 = 1 << 20;

/// One output against the reference, over all test samples.
///
/// Errors count the elements where both results are finite (or equal infinities, or both NaN: error 0); `nan` and `inf`
/// count what else the variant's result has, and no tolerance passes while they are not 0. Relative errors count the
/// elements whose reference is not 0, or where both are 0.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OutputAccuracy {
    pub output: String,
    pub samples: u64,
    pub max_abs: f64,
    pub mean_abs: f64,
    pub median_abs: f64,
    pub max_rel: f64,
    pub mean_rel: f64,
    pub median_rel: f64,
    pub cosine: f64,
    /// Signal to noise in dB; none when the error (or the reference) is zero.
    pub snr_db: Option<f64>,
    /// Smallest absolute tolerance (with relative 0) that would have passed.
    pub min_passing_atol: f64,
    /// Smallest relative tolerance (with absolute 0) that would have passed; none when a reference of 0 differs.
    pub min_passing_rtol: Option<f64>,
    pub nan: u64,
    pub inf: u64,
    /// Share of samples whose largest class agrees, for outputs shaped like a classifier's.
    pub top1_agreement: Option<f64>,
    /// Share of samples where the reference's largest class is among the variant's five largest.
    pub top5_agreement: Option<f64>,
    /// True when there were so many values that the medians come from a uniform sample of them.
    #[serde(default)]
    pub medians_sampled: bool,
}

/// Labels against the classifier's answers.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TaskAccuracy {
    pub samples: u64,
    pub top1_correct: u64,
    /// None when there are five classes or fewer.
    pub top5_correct: Option<u64>,
}

/// Collects one output's accuracy, batch by batch; memory is bounded.
#[derive(Clone, Debug)]
pub struct OutputMeter {
    name: String,
    samples: u64,
    elements: u64,
    sum_abs: f64,
    max_abs: f64,
    relative: u64,
    sum_rel: f64,
    max_rel: f64,
    zero_differs: bool,
    dot: f64,
    square_reference: f64,
    square_result: f64,
    square_error: f64,
    nan: u64,
    inf: u64,
    abs: Reservoir,
    rel: Reservoir,
    classes: Option<Agreement>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Agreement {
    top1: u64,
    top5: Option<u64>,
}

impl OutputMeter {
    /// A meter for the output of this name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            samples: 0,
            elements: 0,
            sum_abs: 0.0,
            max_abs: 0.0,
            relative: 0,
            sum_rel: 0.0,
            max_rel: 0.0,
            zero_differs: false,
            dot: 0.0,
            square_reference: 0.0,
            square_result: 0.0,
            square_error: 0.0,
            nan: 0,
            inf: 0,
            abs: Reservoir::new(1),
            rel: Reservoir::new(2),
            classes: None,
        }
    }

    /// Adds one batch: the reference's tensor and the variant's, of `samples` samples. Types may differ (FP16 against
    /// FP32), shapes must not.
    ///
    /// # Errors
    /// Shapes that differ, complex numbers.
    pub fn add(&mut self, reference: &Tensor, result: &Tensor, samples: u64) -> Result<(), String> {
        let fail = |why: String| format!("output {:?}: {why}", self.name);
        if reference.dims != result.dims {
            return Err(fail(format!(
                "the reference has the shape {:?}, the variant {:?}",
                reference.dims, result.dims
            )));
        }
        let values = |t: &'_ Tensor| match t.to_f64_iter() {
            Some(values) => Ok(values.collect::<Vec<f64>>()),
            None => Err(fail(format!("values of type {} cannot be compared", t.dtype))),
        };
        let (expected, found) = (values(reference)?, values(result)?);
        for (r, v) in expected.iter().zip(&found) {
            self.element(*r, *v);
        }
        self.samples += samples;
        if let Some(classes) = classes(&reference.dims, samples) {
            let agreement = self.classes.get_or_insert_with(Agreement::default);
            for (r, v) in expected.chunks_exact(classes).zip(found.chunks_exact(classes)) {
                let answer = rank_of_largest(r).map(|largest| rank(v, largest));
                agreement.top1 += u64::from(answer == Some(0));
                if classes > 5 {
                    *agreement.top5.get_or_insert(0) += u64::from(answer.is_some_and(|n| n < 5));
                }
            }
        }
        Ok(())
    }

    /// The figures so far that rank and limit what a lower precision costs; without medians, so cheap.
    pub fn output_error(&self) -> OutputError {
        OutputError {
            output: self.name.clone(),
            relative_l2: Some(self.error()).filter(|e| e.is_finite()),
            cosine: self.cosine(),
            max_abs: self.max_abs,
            nan: self.nan,
            inf: self.inf,
            top1_agreement: self.classes.map(|c| self.share(c.top1)),
        }
    }

    fn cosine(&self) -> f64 {
        let norms = self.square_reference.sqrt() * self.square_result.sqrt();
        if norms > 0.0 {
            (self.dot / norms).clamp(-1.0, 1.0)
        } else if self.square_error == 0.0 {
            1.0
        } else {
            0.0
        }
    }

    /// Of all samples.
    fn share(&self, n: u64) -> f64 {
        if self.samples == 0 {
            0.0
        } else {
            n as f64 / self.samples as f64
        }
    }

    fn element(&mut self, reference: f64, result: f64) {
        let same_kind = reference == result || (reference.is_nan() && result.is_nan());
        if !same_kind && !result.is_finite() {
            self.nan += u64::from(result.is_nan());
            self.inf += u64::from(result.is_infinite());
            return;
        }
        if !same_kind && !reference.is_finite() {
            // The variant has a number where the reference has none: no error can be given for it.
            return;
        }
        let error = if same_kind { 0.0 } else { (result - reference).abs() };
        self.elements += 1;
        self.sum_abs += error;
        self.max_abs = self.max_abs.max(error);
        self.abs.add(error);
        if reference.is_finite() && result.is_finite() {
            self.dot += reference * result;
            self.square_reference += reference * reference;
            self.square_result += result * result;
            self.square_error += error * error;
        }
        if reference == 0.0 && error > 0.0 {
            self.zero_differs = true;
            return;
        }
        let relative = if error == 0.0 { 0.0 } else { error / reference.abs() };
        self.relative += 1;
        self.sum_rel += relative;
        self.max_rel = self.max_rel.max(relative);
        self.rel.add(relative);
    }

    /// One number for how far the results are off: the norm of all differences over the norm of the reference. A reference
    /// smaller than 1e-6 (root mean square) counts as that, so that noise around zero is no error. Infinite when the results
    /// have NaN or infinities where the reference has numbers.
    pub fn error(&self) -> f64 {
        if self.nan + self.inf > 0 {
            return f64::INFINITY;
        }
        let least = LEAST_RMS * LEAST_RMS * self.elements as f64;
        let square = self.square_reference.max(least);
        if square > 0.0 {
            (self.square_error / square).sqrt()
        } else {
            0.0
        }
    }

    /// The figures so far.
    pub fn finish(&self) -> OutputAccuracy {
        let mean = |sum: f64, n: u64| if n == 0 { 0.0 } else { sum / n as f64 };
        let snr = 10.0 * (self.square_reference / self.square_error).log10();
        let share = |n: u64| self.share(n);
        OutputAccuracy {
            output: self.name.clone(),
            samples: self.samples,
            max_abs: self.max_abs,
            mean_abs: mean(self.sum_abs, self.elements),
            median_abs: self.abs.median(),
            max_rel: self.max_rel,
            mean_rel: mean(self.sum_rel, self.relative),
            median_rel: self.rel.median(),
            cosine: self.cosine(),
            snr_db: snr.is_finite().then_some(snr),
            min_passing_atol: self.max_abs,
            min_passing_rtol: (!self.zero_differs).then_some(self.max_rel),
            nan: self.nan,
            inf: self.inf,
            top1_agreement: self.classes.map(|c| share(c.top1)),
            top5_agreement: self.classes.and_then(|c| c.top5).map(share),
            medians_sampled: self.abs.seen > RESERVOIR as u64,
        }
    }
}

impl TaskAccuracy {
    /// Adds one batch of a classifier's answers and their labels; `false`, and nothing is added, when the output is not
    /// shaped like a classifier's or complex.
    pub fn add(&mut self, output: &Tensor, labels: &[i64]) -> bool {
        let samples = labels.len() as u64;
        let (Some(classes), Some(values)) = (classes(&output.dims, samples), output.to_f64_iter()) else {
            return false;
        };
        let values: Vec<f64> = values.collect();
        for (answer, label) in values.chunks_exact(classes).zip(labels) {
            // A label outside the classes is never right.
            let place = usize::try_from(*label)
                .ok()
                .filter(|l| *l < classes)
                .map(|l| rank(answer, l));
            self.samples += 1;
            self.top1_correct += u64::from(place == Some(0));
            if classes > 5 {
                *self.top5_correct.get_or_insert(0) += u64::from(place.is_some_and(|n| n < 5));
            }
        }
        true
    }
}

/// Number of classes when an output of these dims holds one score per class and sample: `[samples, classes]`, more dimensions
/// of size 1 behind them allowed.
fn classes(dims: &[u64], samples: u64) -> Option<usize> {
    let (&[n, classes], rest) = dims.split_first_chunk()?;
    let shaped = n == samples && (2..=MAX_CLASSES).contains(&classes) && rest.iter().all(|d| *d == 1);
    if shaped { usize::try_from(classes).ok() } else { None }
}

/// Index of the largest score, the first of equals; `None` when all are NaN.
fn rank_of_largest(scores: &[f64]) -> Option<usize> {
    let numbers = scores.iter().enumerate().filter(|(_, x)| !x.is_nan());
    numbers
        .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
        .map(|(i, _)| i)
}

/// How many scores come before that of `class`: larger ones, and equal ones with a smaller index. A NaN comes last.
fn rank(scores: &[f64], class: usize) -> usize {
    let Some(own) = scores.get(class).filter(|x| !x.is_nan()) else {
        return scores.len();
    };
    scores
        .iter()
        .enumerate()
        .filter(|(i, x)| *x > own || (*x == own && *i < class))
        .count()
}

/// A uniform sample of a stream (Vitter's algorithm R, 1985), exact while the stream fits.
#[derive(Clone, Debug)]
struct Reservoir {
    values: Vec<f64>,
    seen: u64,
    random: Random,
}

impl Reservoir {
    fn new(seed: u64) -> Self {
        Self {
            values: Vec::new(),
            seen: 0,
            random: Random::new(seed),
        }
    }

    fn add(&mut self, value: f64) {
        self.seen += 1;
        if self.values.len() < RESERVOIR {
            self.values.push(value);
            return;
        }
        let at = self.random.below(self.seen) as usize;
        if let Some(slot) = self.values.get_mut(at) {
            *slot = value;
        }
    }

    fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        super::stats::median(&sorted).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;

    fn measure(reference: &[f32], result: &[f32]) -> OutputAccuracy {
        let mut meter = OutputMeter::new("y");
        let dims = [reference.len() as u64];
        let tensor = |v: &[f32]| Tensor::from_f32(&dims, v).unwrap();
        meter.add(&tensor(reference), &tensor(result), 1).unwrap();
        meter.finish()
    }

    #[test]
    fn figures_by_hand() {
        let a = measure(&[1.0, -2.0, 4.0, 0.0], &[1.5, -2.0, 3.0, 0.0]);
        assert_eq!((a.max_abs, a.mean_abs, a.median_abs), (1.0, 1.5 / 4.0, 0.25));
        assert_eq!((a.max_rel, a.mean_rel, a.median_rel), (0.5, 0.75 / 4.0, 0.125));
        // dot = 1.5 + 4 + 12; |r|^2 = 21; |v|^2 = 2.25 + 4 + 9.
        assert!((a.cosine - 17.5 / (21.0f64 * 15.25).sqrt()).abs() < 1e-12);
        assert!((a.snr_db.unwrap() - 10.0 * (21.0f64 / 1.25).log10()).abs() < 1e-12);
        assert_eq!((a.min_passing_atol, a.min_passing_rtol), (1.0, Some(0.5)));
        assert_eq!((a.nan, a.inf, a.top1_agreement), (0, 0, None));
        let tensor = |v: &[f32]| Tensor::from_f32(&[4], v).unwrap();
        let mut meter = OutputMeter::new("y");
        meter
            .add(&tensor(&[1.0, -2.0, 4.0, 0.0]), &tensor(&[1.5, -2.0, 3.0, 0.0]), 1)
            .unwrap();
        let e = meter.output_error();
        assert!((e.relative_l2.unwrap() - (1.25f64 / 21.0).sqrt()).abs() < 1e-12);
        assert_eq!((e.cosine, e.max_abs, e.nan, e.inf), (a.cosine, 1.0, 0, 0));
        let mut meter = OutputMeter::new("y");
        meter.add(&tensor(&[0.0; 4]), &tensor(&[1.0; 4]), 1).unwrap();
        assert!(
            meter.output_error().relative_l2.unwrap() > 1e5,
            "far from a reference of zero"
        );
        let mut meter = OutputMeter::new("y");
        meter.add(&tensor(&[0.0; 4]), &tensor(&[0.0; 4]), 1).unwrap();
        assert_eq!(meter.output_error().relative_l2, Some(0.0));
        meter.add(&tensor(&[0.0; 4]), &tensor(&[f32::NAN; 4]), 1).unwrap();
        assert_eq!((meter.output_error().relative_l2, meter.output_error().nan), (None, 4));
    }

    #[test]
    fn the_error_is_relative_to_the_whole_tensor() {
        let error = |reference: &[f32], result: &[f32]| {
            let mut meter = OutputMeter::new("y");
            let dims = [reference.len() as u64];
            let tensor = |v: &[f32]| Tensor::from_f32(&dims, v).unwrap();
            meter.add(&tensor(reference), &tensor(result), 1).unwrap();
            meter.error()
        };
        assert!((error(&[3.0, 4.0], &[3.0, 4.5]) - 0.1).abs() < 1e-12);
        assert_eq!(error(&[1.0, 2.0], &[1.0, f32::INFINITY]), f64::INFINITY);
        assert_eq!(error(&[1.0, f32::NAN], &[1.0, f32::NAN]), 0.0);
        // Noise around zero, and a real value where there should be none.
        assert!(error(&[0.0; 4], &[1e-9; 4]) < 2e-3 && error(&[0.0; 4], &[1.0; 4]) > 1e5);
        assert_eq!(error(&[], &[]), 0.0);
    }

    #[test]
    fn equal_results_and_differing_zeros() {
        let same = measure(&[1.0, f32::NAN, f32::INFINITY], &[1.0, f32::NAN, f32::INFINITY]);
        assert_eq!(
            (same.max_abs, same.cosine, same.snr_db, same.nan, same.inf),
            (0.0, 1.0, None, 0, 0)
        );
        assert_eq!(measure(&[0.0, 1.0], &[1e-3, 1.0]).min_passing_rtol, None);
        assert_eq!(measure(&[0.0], &[0.0]).cosine, 1.0);
        assert_eq!(measure(&[0.0], &[1.0]).cosine, 0.0);
        assert_eq!(measure(&[], &[]).mean_abs, 0.0);
    }

    #[test]
    fn what_is_not_finite_is_counted_apart() {
        let a = measure(
            &[1.0, 2.0, 3.0, f32::INFINITY],
            &[f32::NAN, f32::NEG_INFINITY, 3.5, 1.0],
        );
        assert_eq!((a.nan, a.inf, a.max_abs), (1, 1, 0.5));
        assert!(serde_json::to_string(&a).unwrap().contains("\"max_abs\":0.5"));
    }

    #[test]
    fn types_may_differ_and_shapes_may_not() {
        let mut meter = OutputMeter::new("y");
        let reference = Tensor::from_f32(&[2], &[1.0, 1.0 / 3.0]).unwrap();
        let half = Tensor::from_f16(&[2], &[f16::ONE, f16::from_f32(1.0 / 3.0)]).unwrap();
        meter.add(&reference, &half, 1).unwrap();
        let a = meter.finish();
        assert!(a.max_abs > 1e-6 && a.max_abs < 1e-3);
        let other = Tensor::from_f32(&[1, 2], &[1.0, 1.0]).unwrap();
        assert!(meter.add(&reference, &other, 1).unwrap_err().contains("output \"y\""));
    }

    #[test]
    fn classes_agree_by_their_largest() {
        let mut meter = OutputMeter::new("y");
        let tensor = |v: [[f32; 7]; 2]| Tensor::from_f32(&[2, 7, 1], v.as_flattened()).unwrap();
        let reference = tensor([[0.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0], [1.0; 7]]);
        let result = tensor([[10.0, 9.0, 9.0, 9.5, 1.0, 1.0, 1.0], [1.0; 7]]);
        meter.add(&reference, &result, 2).unwrap();
        let a = meter.finish();
        assert_eq!(
            (a.samples, a.top1_agreement, a.top5_agreement),
            (2, Some(0.5), Some(1.0))
        );
        let mut task = TaskAccuracy::default();
        assert!(task.add(&result, &[2, 0]));
        assert_eq!(
            task,
            TaskAccuracy {
                samples: 2,
                top1_correct: 1,
                top5_correct: Some(2)
            }
        );
        assert!(task.add(&result, &[-1, 99]));
        assert_eq!((task.samples, task.top1_correct), (4, 1));
        assert!(
            !task.add(&Tensor::from_f32(&[4], &[0.0; 4]).unwrap(), &[0]),
            "not a classifier's shape"
        );
        let nan = Tensor::from_f32(&[1, 2], &[f32::NAN, f32::NAN]).unwrap();
        let mut task = TaskAccuracy::default();
        assert!(task.add(&nan, &[0]) && task.top1_correct == 0, "NaN is never right");
    }

    #[test]
    fn medians_beyond_the_reservoir_are_close_and_say_so() {
        let n = RESERVOIR as u64 + 200_000;
        let mut meter = OutputMeter::new("y");
        let mut random = Random::new(3);
        for _ in 0..n {
            meter.element(1.0, 1.0 + random.unit());
        }
        let a = meter.finish();
        assert!(a.medians_sampled && (a.median_abs - 0.5).abs() < 0.01, "{a:?}");
        assert_eq!(meter.abs.values.len(), RESERVOIR);
        assert!(!measure(&[1.0], &[1.0]).medians_sampled);
    }
}
