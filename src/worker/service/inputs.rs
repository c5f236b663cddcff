//! What engines are run on to look at values: samples from files, or generated ones.

use super::accuracy::batch_range;
use super::request;
use crate::data::generate::generate;
use crate::data::shapes::run_sizes;
use crate::data::{NamedTensors, Samples};
use crate::format;
use crate::graph::Graph;
use crate::graph::sizes::Sizes;
use crate::recipe::{DataSource, Recipe};
use crate::worker::JobError;

/// What is said where samples that failed together are run one at a time.
pub fn alone_words(why: &JobError) -> String {
    format!("the model does not take several samples at once, so they run one at a time: {why}")
}

/// Samples run together at most; inner tensors of a batch are held at once.
const BATCH: u64 = 8;

/// Samples that are run together.
pub struct Batch {
    /// The inputs.
    pub tensors: NamedTensors,
    /// How many samples they are.
    pub count: u64,
    /// Their labels, where the data has any.
    pub labels: Vec<i64>,
}

/// Samples of a source, or generated ones.
pub enum Inputs<'a> {
    /// From files.
    Data {
        /// What they come from.
        source: &'a DataSource,
        /// Those that are left.
        samples: Box<Samples>,
        /// Samples run together.
        batch: u64,
        /// The least and the most that the model and the recipe's profiles allow.
        allowed: (u64, u64),
    },
    /// Made up, as the graph says.
    Generated {
        /// The graph.
        graph: &'a Graph,
        /// Size of every input.
        sizes: Sizes,
        /// Of the next.
        seed: u64,
        /// How many.
        count: u64,
        /// What every input was taken for.
        why: Vec<String>,
    },
}

impl<'a> Inputs<'a> {
    /// The source's samples for the inputs of `graph`; `generated` made-up ones where there is no source.
    ///
    /// # Errors
    /// Data or shapes that do not fit the model.
    pub fn open(
        recipe: &Recipe,
        source: Option<&'a DataSource>,
        graph: &'a Graph,
        generated: u64,
    ) -> Result<Self, JobError> {
        if let Some(source) = source {
            let samples = Samples::open(source, graph).map_err(|e| request(e.to_string()))?;
            let (least, most) = batch_range(graph, std::iter::once(recipe));
            let most = most.min(BATCH).max(least);
            return Ok(Self::Data {
                source,
                samples: Box::new(samples),
                batch: most,
                allowed: (least, most),
            });
        }
        let sizes = run_sizes(graph, recipe).map_err(request)?;
        Ok(Self::Generated {
            graph,
            sizes,
            seed: 0,
            count: generated,
            why: Vec::new(),
        })
    }

    /// Runs this many samples together from now on, or what is allowed nearest to that.
    pub fn limit(&mut self, samples: u64) {
        if let Self::Data { batch, allowed, .. } = self {
            *batch = samples.clamp(allowed.0, allowed.1);
        }
    }

    /// Goes back to before the last samples, to give them and all others one at a time; false where that is how they came,
    /// or where the model allows no batch of one.
    ///
    /// # Errors
    /// A file that changed meanwhile.
    pub fn one_at_a_time(&mut self) -> Result<bool, JobError> {
        match self {
            Self::Data {
                samples,
                batch,
                allowed,
                ..
            } if allowed.0 <= 1 && samples.in_batch() > 1 => {
                samples.step_back().map_err(|e| request(e.to_string()))?;
                (*batch, *allowed) = (1, (1, 1));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Where the samples of the data are, in a sentence; none where they are where everybody expects them.
    pub fn layout(&self) -> Option<&str> {
        match self {
            Self::Data { samples, .. } => samples.layout(),
            Self::Generated { .. } => None,
        }
    }

    /// How many samples there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Data { samples, .. } => samples.count(),
            Self::Generated { count, .. } => *count,
        }
    }

    /// The next samples; none after the last.
    ///
    /// # Errors
    /// A file that does not fit.
    pub fn next(&mut self) -> Result<Option<Batch>, JobError> {
        match self {
            Self::Data { samples, batch, .. } => {
                let size = usize::try_from(*batch).unwrap_or(1);
                let batch = samples.next_batch(size).map_err(|e| request(e.to_string()))?;
                let count = samples.in_batch();
                Ok(batch.map(|(tensors, labels)| Batch { count, tensors, labels }))
            }
            Self::Generated { seed, count, .. } if *seed >= *count => Ok(None),
            Self::Generated {
                graph,
                sizes,
                seed,
                why,
                ..
            } => {
                let (tensors, words) = generate(graph, sizes, *seed).map_err(request)?;
                *seed += 1;
                *why = words;
                Ok(Some(Batch {
                    tensors,
                    count: 1,
                    labels: Vec::new(),
                }))
            }
        }
    }

    /// What was run on, in words, after `samples` of them.
    pub fn words(&self, samples: u64) -> String {
        let count = format::plural(usize::try_from(samples).unwrap_or(usize::MAX), "sample");
        match self {
            Self::Data { source, .. } => {
                let name = source.path.file_name().unwrap_or(source.path.as_os_str());
                format!("{count} of {}", name.to_string_lossy())
            }
            Self::Generated { why, .. } => format!("{count} of generated inputs ({})", why.join("; ")),
        }
    }
}
