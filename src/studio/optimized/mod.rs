//! The graph as ONNX Runtime optimized it: built by a worker, opened, and compared with the graph that went in.

use crate::graph::Graph;
use crate::model::Model;
use crate::rewrite::{GraphDiff, diff};
use crate::studio::jobs::{Ending, Job};
use crate::studio::model::document::Analysis;
use crate::worker::ServiceEvent;
use crossbeam_channel::{Receiver, TryRecvError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the file that the worker writes.
const FILE: &str = "optimized.onnx";

/// The optimized graph.
pub struct Opened {
    /// The graph with what is computed from it.
    pub analysis: Analysis,
    /// Against the graph that went in.
    pub diff: GraphDiff,
}

/// Where it stands.
enum Progress {
    Building,
    Opening(Receiver<Result<Opened, String>>),
    Ready(Box<Opened>),
    Failed,
}

/// An optimized graph on its way, or there.
pub struct Optimized {
    /// The build.
    pub job: Job,
    progress: Progress,
    /// Holds the file, which the opened model maps.
    folder: tempfile::TempDir,
}

/// The file to write in a folder.
pub fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

impl Optimized {
    /// Follows a build that was just started and writes [`file`] in this folder.
    pub fn new(job: Job, folder: tempfile::TempDir) -> Self {
        Self {
            job,
            progress: Progress::Building,
            folder,
        }
    }

    /// True until it is there or has failed.
    pub fn is_running(&self) -> bool {
        matches!(self.progress, Progress::Building | Progress::Opening(_))
    }

    /// The graph, once it is there.
    pub fn opened(&self) -> Option<&Opened> {
        match &self.progress {
            Progress::Ready(opened) => Some(opened),
            _ => None,
        }
    }

    /// Takes in what arrived; `before` is the graph that went in. Says once how it ended: an error is none when the user
    /// cancelled.
    pub fn poll(
        &mut self,
        before: &Arc<Graph>,
        wake: &Arc<dyn Fn() + Send + Sync>,
        see: &mut dyn FnMut(&ServiceEvent),
    ) -> Option<Result<(), Option<String>>> {
        match &self.progress {
            Progress::Building => {
                self.job.poll(see);
                match &self.job.ending {
                    None => None,
                    Some(Ending::Done(_)) => {
                        self.progress = Progress::Opening(open(self.folder.path(), before, wake));
                        None
                    }
                    Some(Ending::Cancelled) => self.fail(None),
                    Some(Ending::Failed(error)) => {
                        let why = error.to_string();
                        self.fail(Some(why))
                    }
                }
            }
            Progress::Opening(result) => match result.try_recv() {
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => self.fail(Some("the thread that opens it stopped".into())),
                Ok(Err(why)) => self.fail(Some(why)),
                Ok(Ok(opened)) => {
                    self.progress = Progress::Ready(Box::new(opened));
                    Some(Ok(()))
                }
            },
            Progress::Ready(_) | Progress::Failed => None,
        }
    }

    fn fail(&mut self, why: Option<String>) -> Option<Result<(), Option<String>>> {
        self.progress = Progress::Failed;
        Some(Err(why))
    }
}

/// Opens the file off the UI thread.
fn open(folder: &Path, before: &Arc<Graph>, wake: &Arc<dyn Fn() + Send + Sync>) -> Receiver<Result<Opened, String>> {
    let (tell, result) = crossbeam_channel::bounded(1);
    let (path, before, wake) = (file(folder), Arc::clone(before), Arc::clone(wake));
    // A thread that cannot be had drops the sender, which reads as failed. The stack is for deeply nested bodies.
    let _ = std::thread::Builder::new()
        .name("optimized graph".into())
        .stack_size(64 << 20)
        .spawn(move || {
            let opened = Model::open(&path).map_err(|e| e.to_string()).map(|model| {
                let analysis = Analysis::of(&Arc::new(model));
                Opened {
                    diff: diff(&before, &analysis.graph),
                    analysis,
                }
            });
            let _ = tell.send(opened);
            drop(tell);
            wake();
        });
    result
}
