//! Comparisons: the one that runs, as it streams in, and the last result.

use crate::bench::{Comparison, live::LiveSeries};
use crate::engine::BuildRecord;
use crate::studio::accuracy::differences::DifferenceRun;
use crate::studio::jobs::Job;
use crate::studio::jobs::stages::Stages;
use crate::studio::layers::run::LayerRun;
use crate::worker::ServiceEvent;

/// A variant while it is measured.
#[derive(Default)]
pub struct LiveVariant {
    /// Its name.
    pub name: String,
    /// Images per query: the first dimension of the first input it is measured with.
    pub batch: u64,
    /// Its samples.
    pub series: LiveSeries,
    /// Stages of its build.
    pub stages: Stages,
    /// How it was built, once it is.
    pub record: Option<BuildRecord>,
    /// Why it has no numbers.
    pub lost: Option<String>,
}

/// A comparison, running or ended.
pub struct Run {
    /// Its job.
    pub job: Job,
    /// Protocol of the numbers.
    pub protocol: String,
    /// The variants, in the recipe's order; colours go by index.
    pub variants: Vec<LiveVariant>,
    /// Largest values seen, for axes that grow and do not shrink.
    pub axes: Axes,
}

/// Ranges of the plots' axes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Axes {
    /// Right end of the time axis in seconds.
    pub seconds: f64,
    /// Latency axis in milliseconds: lower and upper end.
    pub latency: Option<(f64, f64)>,
    /// Largest count of the histogram.
    pub count: f64,
}

impl Axes {
    /// Grows to take in a time and a range of latencies.
    pub fn grow(&mut self, seconds: f64, low: f64, high: f64) {
        self.seconds = self.seconds.max(seconds);
        let (l, h) = self.latency.unwrap_or((low, high));
        self.latency = Some((l.min(low), h.max(high)));
    }
}

/// State of the Lab.
#[derive(Default)]
pub struct Lab {
    /// The running or last comparison's live side.
    pub run: Option<Run>,
    /// The last result.
    pub result: Option<Comparison>,
    /// The running or last sweep of batch sizes.
    pub sweep: Option<crate::studio::sweep::run::Sweep>,
    /// True while the plots stand still though samples arrive.
    pub paused: bool,
    /// Counts up to make the plots forget zoom and pan.
    pub reset_plots: u64,
    /// True once the user zoomed or panned.
    pub zoomed: bool,
    /// Column that the table is sorted by; the recipe's order without one.
    pub sort: Option<String>,
    /// Samples that arrived while the plots were paused.
    pub held: Vec<ServiceEvent>,
    /// The running or last profile.
    pub profile: Option<LayerRun>,
    /// Index of the variant to profile.
    pub profile_variant: usize,
    /// The running or last comparison tensor by tensor.
    pub difference: Option<DifferenceRun>,
    /// Index of the variant to compare tensor by tensor.
    pub difference_variant: usize,
    /// The limit of errors as it was typed; empty for the default.
    pub difference_limit: String,
}

impl Lab {
    /// True while a profile runs.
    pub fn is_profiling(&self) -> bool {
        self.profile.as_ref().is_some_and(|p| p.job.is_running())
    }

    /// True while tensors are compared.
    pub fn is_differing(&self) -> bool {
        self.difference.as_ref().is_some_and(|d| d.job.is_running())
    }

    /// True while a comparison or a sweep runs.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|r| r.job.is_running()) || self.is_sweeping()
    }

    /// True while a sweep runs.
    pub fn is_sweeping(&self) -> bool {
        self.sweep.as_ref().is_some_and(|s| s.job.is_running())
    }
}

impl Run {
    /// Follows a task that was just started for these variants: name and images per query.
    pub fn new(job: Job, protocol: String, variants: Vec<(String, u64)>) -> Self {
        let live = |(name, batch)| LiveVariant {
            name,
            batch,
            ..Default::default()
        };
        Self {
            job,
            protocol,
            variants: variants.into_iter().map(live).collect(),
            axes: Axes::default(),
        }
    }

    /// Takes in one event.
    pub fn see(variants: &mut [LiveVariant], event: &ServiceEvent) {
        match event {
            ServiceEvent::Stage { variant, stage } => {
                if let Some(v) = variants.get_mut(*variant) {
                    v.stages.update(stage.clone());
                }
            }
            ServiceEvent::Built { variant, record } => {
                if let Some(v) = variants.get_mut(*variant) {
                    v.record = Some((**record).clone());
                }
            }
            ServiceEvent::Samples {
                variant,
                round,
                samples,
            } => {
                if let Some(v) = variants.get_mut(*variant) {
                    v.series.append(*round, samples);
                }
            }
            ServiceEvent::WorkerLost {
                variant: Some(variant),
                message,
            } => {
                if let Some(v) = variants.get_mut(*variant) {
                    v.lost = Some(message.clone());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Sample;

    #[test]
    fn axes_grow_and_do_not_shrink() {
        let mut a = Axes::default();
        a.grow(1.0, 2.0, 3.0);
        a.grow(0.5, 2.5, 2.6);
        assert_eq!(
            a,
            Axes {
                seconds: 1.0,
                latency: Some((2.0, 3.0)),
                count: 0.0
            }
        );
    }

    #[test]
    fn events_for_unknown_variants_do_no_harm() {
        let mut variants = vec![LiveVariant::default()];
        Run::see(
            &mut variants,
            &ServiceEvent::Samples {
                variant: 7,
                round: 0,
                samples: vec![Sample::call(0.0, 1.0)],
            },
        );
        Run::see(
            &mut variants,
            &ServiceEvent::Samples {
                variant: 0,
                round: 0,
                samples: vec![Sample::call(0.0, 1.0)],
            },
        );
        assert_eq!(variants[0].series.count(), 1);
    }
}
