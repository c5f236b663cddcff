//! One logger for the whole process.
//!
//! TensorRT keeps the first logger that it is given until the last builder or runtime dies and calls it from any thread, so
//! there is one that lives forever. Who wants lines subscribes a sink, per build or for good.

use super::object::{Object, caught, interface_info, language};
use super::text;
use crate::sys::{Class, ILogger, Method, Severity, Table};
use std::collections::VecDeque;
use std::ffi::{c_char, c_void};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A line of the library's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How bad it is.
    pub severity: Severity,
    /// The text, without a line end.
    pub text: String,
}

/// Takes lines of the log, from any thread, also from several at once. A panic in it is caught and the line is lost.
pub type LogSink = Arc<dyn Fn(Severity, &str) + Send + Sync>;

/// Ends a subscription when dropped.
#[derive(Debug)]
pub struct Subscription(u64);

type Sinks = Vec<(u64, i32, LogSink)>;

static SINKS: RwLock<Sinks> = RwLock::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(1);
/// The most talkative severity that anyone wants; errors and warnings are always kept for messages.
static WANTED: AtomicI32 = AtomicI32::new(WARNING);
static RECENT: Mutex<VecDeque<(u64, LogLine)>> = Mutex::new(VecDeque::new());
static COUNT: AtomicU64 = AtomicU64::new(0);

pub(super) const ERROR: i32 = 1;
const WARNING: i32 = 2;
/// Lines of errors and warnings that are kept to explain a failure.
const KEPT: usize = 256;

/// Sends every line at least as severe as `least` to `sink` until the subscription is dropped.
pub fn subscribe(least: Severity, sink: LogSink) -> Subscription {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut sinks = SINKS.write().unwrap_or_else(PoisonError::into_inner);
    sinks.push((id, number(least), sink));
    update_wanted(&sinks);
    Subscription(id)
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut sinks = SINKS.write().unwrap_or_else(PoisonError::into_inner);
        sinks.retain(|s| s.0 != self.0);
        update_wanted(&sinks);
    }
}

fn update_wanted(sinks: &Sinks) {
    WANTED.store(
        sinks.iter().map(|s| s.1).max().unwrap_or(WARNING).max(WARNING),
        Ordering::Relaxed,
    );
}

/// The number of a severity: the same in all versions (a test checks the tables).
fn number(severity: Severity) -> i32 {
    match severity {
        Severity::InternalError => 0,
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Info => 3,
        Severity::Verbose => 4,
    }
}

fn severity(number: i32) -> Severity {
    match number {
        0 => Severity::InternalError,
        1 => Severity::Error,
        2 => Severity::Warning,
        3 => Severity::Info,
        _ => Severity::Verbose,
    }
}

fn deliver(number: i32, message: &str) {
    let severity = severity(number);
    if number <= WARNING {
        let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        let at = COUNT.fetch_add(1, Ordering::Relaxed);
        recent.push_back((
            at,
            LogLine {
                severity,
                text: message.to_owned(),
            },
        ));
    }
    forward(number, message);
}

/// Gives a line to the sinks.
pub(super) fn forward(number: i32, message: &str) {
    let severity = severity(number);
    // outside of the lock, so that a sink may subscribe or take its time
    let sinks: Vec<LogSink> = {
        let sinks = SINKS.read().unwrap_or_else(PoisonError::into_inner);
        sinks.iter().filter(|s| number <= s.1).map(|s| s.2.clone()).collect()
    };
    for sink in sinks {
        caught((), || sink(severity, message));
    }
}

/// A moment in the log: what came after it explains a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogMark(u64);

impl LogMark {
    pub fn now() -> LogMark {
        LogMark(COUNT.load(Ordering::Relaxed))
    }

    /// Errors and warnings since then (the last [`KEPT`] of the process).
    pub fn lines(self) -> Vec<LogLine> {
        let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().filter(|l| l.0 >= self.0).map(|l| l.1.clone()).collect()
    }
}

interface_info!(logger_info, c"ILogger");

unsafe extern "C" fn log(_: *mut c_void, severity: i32, message: *const c_char) {
    if severity > WANTED.load(Ordering::Relaxed) {
        return;
    }
    caught((), || {
        // SAFETY: TensorRT passes a C string that lives for the call.
        let message = unsafe { text(message) };
        deliver(severity, &message);
    });
}

/// The logger in the layout of one version.
pub(crate) struct LoggerObject(Box<Object<()>>);

impl LoggerObject {
    pub fn new(table: &Table) -> LoggerObject {
        let methods = [
            (Method::I_LOGGER_GET_API_LANGUAGE, language as *const c_void),
            (Method::I_LOGGER_GET_INTERFACE_INFO, logger_info as *const c_void),
            (Method::I_LOGGER_LOG, log as *const c_void),
        ];
        LoggerObject(Object::new(table, Class::I_LOGGER, &methods, ()))
    }

    pub fn handle(&self) -> ILogger {
        ILogger(self.0.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::VersionedEnum;

    #[test]
    fn severities_are_the_same_in_all_versions() {
        for table in Table::all() {
            for s in Severity::ALL {
                assert_eq!(s.value(table), Ok(number(*s)), "{} {s:?}", table.name);
                assert_eq!(severity(number(*s)), *s);
            }
        }
    }

    #[test]
    fn sinks_come_and_go_and_may_panic() {
        let seen = Arc::new(Mutex::new(vec![]));
        let sink: LogSink = {
            let seen = seen.clone();
            Arc::new(move |severity, text| seen.lock().expect("not poisoned").push((severity, text.to_owned())))
        };
        let mark = LogMark::now();
        let panicking = subscribe(Severity::Warning, Arc::new(|_, _| panic!("in a sink")));
        let subscription = subscribe(Severity::Info, sink);
        // SAFETY: the message is a C string.
        let send =
            |severity, message: &std::ffi::CStr| unsafe { log(std::ptr::null_mut(), severity, message.as_ptr()) };
        send(3, c"sinks test: info");
        send(4, c"sinks test: verbose");
        send(1, c"sinks test: error");
        drop((subscription, panicking));
        send(3, c"sinks test: too late");
        let seen = seen.lock().expect("not poisoned");
        let seen: Vec<_> = seen.iter().filter(|l| l.1.starts_with("sinks test")).collect();
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!(*seen[1], (Severity::Error, "sinks test: error".to_owned()));
        assert!(mark.lines().iter().any(|l| l.text == "sinks test: error"));
    }
}
