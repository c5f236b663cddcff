//! The history of the open model as the studio shows it: read on a thread of its own, one trend and one run selected.

use crate::bench::Comparison;
use crate::bench::history::{Entry, History};
use crate::bench::trend::{Trend, Verdict, trends};
use crate::model::Model;
use crate::studio::command::CommandId;
use crate::studio::shell::layout::Pane;
use crate::studio::state::{Action, State};
use crossbeam_channel::{Receiver, TryRecvError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

type Wake = Arc<dyn Fn() + Send + Sync>;

/// The history with what is computed from it.
pub struct Kept {
    /// The runs.
    pub history: History,
    /// Over time.
    pub trends: Vec<Trend>,
}

/// State of the History tab.
#[derive(Default)]
pub struct Runs {
    reading: Option<Receiver<Result<Arc<Kept>, String>>>,
    comparing: Option<Receiver<Result<Comparison, String>>>,
    /// What was read; none before the first time.
    pub kept: Option<Result<Arc<Kept>, String>>,
    /// Index of the trend that is shown.
    pub trend: usize,
    /// Id of the selected run.
    pub selected: Option<String>,
    /// Id of the run that others are compared with.
    pub baseline: Option<String>,
    /// Runs kept since then, in milliseconds since 1970, are told about when they are slower.
    announce: Option<u64>,
}

impl Runs {
    /// Reads the history of a model anew.
    pub fn read(&mut self, folder: Option<&Path>, model: &Arc<Model>, wake: &Wake) {
        let Some(folder) = folder.map(Path::to_path_buf) else {
            self.kept = Some(Err(
                "This system has no data folder for users, so no history is kept.".into()
            ));
            return;
        };
        let model = Arc::clone(model);
        self.reading = Some(in_background(wake, move || {
            let sha256 = model.sha256().map_err(|e| e.to_string())?;
            let history = History::open(&folder, &sha256)?;
            let trends = trends(&history.entries);
            Ok(Arc::new(Kept { history, trends }))
        }));
    }

    /// Compares runs by their samples, the first is the baseline; the result goes to the table.
    pub fn compare(&mut self, ids: Vec<String>, wake: &Wake) {
        let Some(Ok(kept)) = &self.kept else { return };
        let kept = Arc::clone(kept);
        self.comparing = Some(in_background(wake, move || {
            let find = |id: &String| kept.history.entries.iter().find(|e| e.id == *id);
            let entries: Vec<&Entry> = ids.iter().filter_map(find).collect();
            kept.history.compare(&entries)
        }));
    }

    /// Tells about runs that are slower when they were kept since then, once the history is read.
    pub fn announce(&mut self, since: Instant) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.announce = Some(now.saturating_sub(since.elapsed()).as_millis() as u64);
    }

    /// True while something is being read.
    pub fn is_busy(&self) -> bool {
        self.reading.is_some() || self.comparing.is_some()
    }

    /// Trends whose last run was kept since then and is slower beyond the noise, in words.
    fn slower_since(&self, since_ms: u64) -> Vec<String> {
        let Some(Ok(kept)) = &self.kept else {
            return Vec::new();
        };
        let is_new = |t: &Trend| {
            let last = t.runs.last().and_then(|i| kept.history.entries.get(*i));
            last.and_then(Entry::kept_ms).is_some_and(|ms| ms >= since_ms)
        };
        let slow = |t: &&Trend| matches!(t.last, Verdict::Slower { .. }) && is_new(t);
        let words = |t: &Trend| format!("{} on {} is {}", t.key.variant, t.key.target, t.last.words());
        kept.trends.iter().filter(slow).map(words).collect()
    }
}

/// Does something on a thread of its own.
fn in_background<T: Send + 'static>(
    wake: &Wake,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Receiver<Result<T, String>> {
    let (tell, answer) = crossbeam_channel::bounded(1);
    let wake = Arc::clone(wake);
    // When no thread can be had the sender is dropped, which reads as an unexpected end.
    let _ = std::thread::Builder::new().name("history".into()).spawn(move || {
        let _ = tell.send(work());
        wake();
    });
    answer
}

/// What came back, once something did.
fn arrived<T>(slot: &mut Option<Receiver<Result<T, String>>>) -> Option<Result<T, String>> {
    let result = match slot.as_ref()?.try_recv() {
        Err(TryRecvError::Empty) => return None,
        Ok(result) => result,
        Err(TryRecvError::Disconnected) => Err("Reading the history ended unexpectedly.".into()),
    };
    *slot = None;
    Some(result)
}

/// Takes in what was read.
pub fn take_in(state: &mut State) {
    if let Some(kept) = arrived(&mut state.runs.reading) {
        let trends = kept.as_ref().map_or(0, |k| k.trends.len());
        state.runs.kept = Some(kept);
        state.runs.trend = state.runs.trend.min(trends.saturating_sub(1));
        let slower = state.runs.announce.take().map(|since| state.runs.slower_since(since));
        for words in slower.unwrap_or_default() {
            state.warn(format!("{words}. The History tab shows it."));
        }
    }
    match arrived(&mut state.runs.comparing) {
        None => {}
        Some(Err(why)) => state.error(format!("The runs cannot be compared: {why}")),
        Some(Ok(_)) if state.lab.is_running() => state.warn("A measurement is running; its results come to the table."),
        Some(Ok(comparison)) => {
            // The live side belonged to another comparison.
            state.lab.run = None;
            state.lab.result = Some(comparison);
            state.act(Action::Run(CommandId::Pane(Pane::Variants)));
        }
    }
}
