//! How far results are from the float32 reference, and limits on that.

use serde::{Deserialize, Serialize};

/// One output of a model against the reference, over all samples, as `bench::accuracy` measures it.
///
/// Errors count the elements where both results are finite; `nan` and `inf` count what else the lowered model's result has
/// where the reference has a number, and no limit holds while they are not 0.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OutputError {
    /// Its name.
    pub output: String,
    /// Norm of the error over the norm of the reference (one smaller than 1e-6, root mean square, counts as that); none when
    /// values became NaN or infinite.
    pub relative_l2: Option<f64>,
    /// Cosine similarity, -1..=1.
    pub cosine: f64,
    /// Largest absolute error.
    pub max_abs: f64,
    /// Elements that became NaN.
    pub nan: u64,
    /// Elements that became infinite.
    pub inf: u64,
    /// Share of samples whose largest class stays the same, for outputs shaped like a classifier's.
    pub top1_agreement: Option<f64>,
}

/// How many labelled samples were classified right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Top1 {
    /// Samples with a label.
    pub samples: u64,
    /// Of these, right.
    pub correct: u64,
}

impl Top1 {
    /// Share that is right, 0..=1; none without samples.
    pub fn share(self) -> Option<f64> {
        (self.samples > 0).then(|| self.correct as f64 / self.samples as f64)
    }
}

/// A model's outputs against the reference.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Errors {
    /// Samples run.
    pub samples: u64,
    /// Every output.
    pub outputs: Vec<OutputError>,
    /// Against labels, when the data has them.
    pub top1: Option<Top1>,
}

impl Errors {
    /// Elements that became NaN or infinite.
    pub fn not_finite(&self) -> u64 {
        self.outputs.iter().map(|o| o.nan + o.inf).sum()
    }

    /// The largest relative error of an output; infinite when values became NaN or infinite. What layers are ranked by.
    pub fn relative_l2(&self) -> f64 {
        if self.not_finite() > 0 {
            return f64::INFINITY;
        }
        let each = self.outputs.iter().map(|o| o.relative_l2.unwrap_or(f64::INFINITY));
        each.fold(0.0, f64::max)
    }

    /// The worst output's figure; none where the outputs have no such figure. `reference` is the reference's own top-1.
    pub fn figure(&self, metric: Metric, reference: Option<Top1>) -> Option<f64> {
        let outputs = self.outputs.iter();
        match metric {
            Metric::RelativeL2 => outputs.map(|o| o.relative_l2.unwrap_or(f64::INFINITY)).reduce(f64::max),
            Metric::Cosine => outputs.map(|o| o.cosine).reduce(f64::min),
            Metric::MaxAbs => outputs.map(|o| o.max_abs).reduce(f64::max),
            Metric::Top1Agreement => outputs.filter_map(|o| o.top1_agreement).reduce(f64::min),
            Metric::Top1Drop => Some(100.0 * (reference?.share()? - self.top1?.share()?)),
        }
    }
}

/// What a limit is on. The worst output counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Norm of the error over the norm of the reference, at most.
    #[serde(rename = "relative-l2")]
    RelativeL2,
    /// Cosine similarity, at least.
    Cosine,
    /// Largest absolute error, at most.
    MaxAbs,
    /// Share of samples whose largest class stays the same, in percent in texts, at least.
    #[serde(rename = "top1-agreement")]
    Top1Agreement,
    /// Percentage points of top-1 accuracy lost against the reference, at most; needs labels.
    #[serde(rename = "top1-drop")]
    Top1Drop,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Cosine,
        Self::RelativeL2,
        Self::MaxAbs,
        Self::Top1Agreement,
        Self::Top1Drop,
    ];

    /// `cosine`, as limits write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelativeL2 => "relative-l2",
            Self::Cosine => "cosine",
            Self::MaxAbs => "max-abs",
            Self::Top1Agreement => "top1-agreement",
            Self::Top1Drop => "top1-drop",
        }
    }

    /// Its figure where nothing is lost.
    pub fn of_no_error(self) -> f64 {
        if self.is_floor() { 1.0 } else { 0.0 }
    }

    /// True when more is better.
    pub fn is_floor(self) -> bool {
        matches!(self, Self::Cosine | Self::Top1Agreement)
    }
}

/// A limit: what a combination must reach.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// On what.
    pub metric: Metric,
    /// The least or the most allowed; a share for `top1-agreement`, percentage points for `top1-drop`.
    pub value: f64,
}

impl Limit {
    /// Whether it holds; `reference` is the reference's own top-1. False where values became NaN or infinite.
    pub fn holds(&self, errors: &Errors, reference: Option<Top1>) -> bool {
        if errors.not_finite() > 0 {
            return false;
        }
        // Shares come from divisions of counts: 1 % of 100 is not to fail for its last bit.
        const SLACK: f64 = 1e-12;
        errors
            .figure(self.metric, reference)
            .is_some_and(|figure| match self.metric.is_floor() {
                true => figure >= self.value - SLACK,
                false => figure <= self.value + SLACK,
            })
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.metric {
            Metric::Top1Agreement => write!(f, "{}={}%", self.metric.name(), self.value * 100.0),
            Metric::Top1Drop => write!(f, "{}={}%", self.metric.name(), self.value),
            _ => write!(f, "{}={}", self.metric.name(), self.value),
        }
    }
}

impl std::str::FromStr for Limit {
    type Err = String;

    /// `cosine=0.999`, `relative-l2=0.01`, `max-abs=0.1`, `top1-agreement=99%`, `top1-drop=1%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Metric::ALL.map(Metric::name).join(", ");
        let (name, number) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} has no '='; write METRIC=VALUE with one of {}", names()))?;
        let metric = Metric::ALL
            .into_iter()
            .find(|m| m.name() == name.trim())
            .ok_or_else(|| format!("there is no metric {:?}; there are {}", name.trim(), names()))?;
        let number = number.trim();
        let (digits, percent) = match number.strip_suffix('%') {
            Some(digits) => (digits.trim_end(), true),
            None => (number, false),
        };
        let value: f64 = digits.parse().map_err(|_| format!("{number:?} is no number"))?;
        let (value, most) = match (metric, percent) {
            (Metric::Top1Agreement, true) => (value / 100.0, 1.0),
            (Metric::Top1Agreement | Metric::Cosine, false) => (value, 1.0),
            (Metric::Top1Drop, true) => (value, 100.0),
            (Metric::Top1Drop, false) => {
                return Err(format!("write {}={value}% for percentage points", metric.name()));
            }
            (_, true) => return Err(format!("{} is no percentage", metric.name())),
            (_, false) => (value, f64::MAX),
        };
        if !(0.0..=most).contains(&value) {
            return Err(format!(
                "{number} is not between 0 and what {} can reach",
                metric.name()
            ));
        }
        Ok(Self { metric, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(relative_l2: f64, cosine: f64) -> Errors {
        Errors {
            samples: 1,
            outputs: vec![OutputError {
                relative_l2: Some(relative_l2),
                cosine,
                ..OutputError::default()
            }],
            top1: None,
        }
    }

    #[test]
    fn limits_are_read_and_written() {
        for text in [
            "cosine=0.999",
            "relative-l2=0.01",
            "max-abs=0.5",
            "top1-agreement=99.5%",
            "top1-drop=1%",
        ] {
            let limit: Limit = text.parse().unwrap();
            assert_eq!(limit.to_string(), text);
        }
        for (text, word) in [
            ("cosine", "no '='"),
            ("cos=0.9", "top1-drop"),
            ("cosine=a", "no number"),
            ("cosine=1.5", "not between"),
            ("cosine=NaN", "not between"),
            ("max-abs=-1", "not between"),
            ("top1-drop=0.01", "top1-drop=0.01%"),
            ("cosine=99%", "no percentage"),
        ] {
            let error = text.parse::<Limit>().unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn the_worst_output_counts_and_nan_passes_nothing() {
        let mut both = errors(0.1, 0.99);
        both.outputs.extend(errors(0.02, 0.5).outputs);
        assert_eq!(both.relative_l2(), 0.1);
        assert_eq!(both.figure(Metric::Cosine, None), Some(0.5));
        let limit = |text: &str| text.parse::<Limit>().unwrap();
        assert!(limit("relative-l2=0.1").holds(&both, None));
        assert!(!limit("cosine=0.6").holds(&both, None));
        both.outputs[0].nan = 1;
        assert!(!limit("relative-l2=10").holds(&both, None));
        assert_eq!(both.relative_l2(), f64::INFINITY);
        // No figure is no small error.
        both.outputs[0] = OutputError::default();
        assert_eq!(both.relative_l2(), f64::INFINITY);
    }

    #[test]
    fn a_drop_is_in_points_and_needs_labels() {
        let limit: Limit = "top1-drop=1%".parse().unwrap();
        let top1 = |correct| Some(Top1 { samples: 100, correct });
        let mut e = errors(0.0, 1.0);
        assert!(!limit.holds(&e, top1(97)), "no labels");
        e.top1 = top1(96);
        assert!(limit.holds(&e, top1(97)));
        assert!(limit.holds(&e, top1(90)), "better than the reference");
        e.top1 = top1(95);
        assert!(!limit.holds(&e, top1(97)));
    }
}
