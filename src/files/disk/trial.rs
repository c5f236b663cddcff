//! Faults for tests: a step that fails, and what a loss of power at any moment would leave.
//!
//! After a loss of power a file has what was last synced, or any beginning of what was written later; a name leads to
//! what it led to when its folder was last synced, or to what any step since then made of it, each by itself (file systems
//! differ in the order that they keep).

use super::Step;
use crate::files::folder;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

/// A number for each file, whatever its name.
type Id = usize;
/// What is on the disk: content by path.
pub(crate) type Disk = BTreeMap<PathBuf, Vec<u8>>;

#[derive(Clone, Debug)]
enum Event {
    Made(PathBuf, Id),
    Content(Id, Vec<u8>, bool),
    Renamed(PathBuf, PathBuf),
    SyncedFolder(PathBuf),
}

#[derive(Default)]
struct Trial {
    names: BTreeMap<PathBuf, Id>,
    next: Id,
    events: Vec<Event>,
    steps: usize,
    fails: Option<usize>,
}

thread_local! {
    static TRIAL: RefCell<Option<Trial>> = const { RefCell::new(None) };
}

pub(super) fn before(_: Step<'_>) -> io::Result<()> {
    TRIAL.with_borrow_mut(|trial| {
        let Some(trial) = trial else { return Ok(()) };
        trial.steps += 1;
        match trial.fails == Some(trial.steps - 1) {
            true => Err(io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    })
}

pub(super) fn after(step: Step<'_>) {
    TRIAL.with_borrow_mut(|trial| {
        let Some(trial) = trial else { return };
        let read = |path: &Path| std::fs::read(path).unwrap_or_default();
        match step {
            Step::Made(path) => {
                let fresh = trial.next;
                let id = *trial.names.entry(path.into()).or_insert(fresh);
                trial.next += usize::from(id == fresh);
                trial.events.push(Event::Made(path.into(), id));
            }
            Step::Wrote(path) | Step::Synced(path) => {
                let id = trial.names[path];
                trial
                    .events
                    .push(Event::Content(id, read(path), matches!(step, Step::Synced(_))));
            }
            Step::Renamed(from, to) => {
                let id = trial.names.remove(from).expect("it was made");
                trial.names.insert(to.into(), id);
                trial.events.push(Event::Renamed(from.into(), to.into()));
            }
            Step::SyncedFolder(path) => trial.events.push(Event::SyncedFolder(path.into())),
        }
    });
}

/// Does `act`, whose step number `fails` fails for a reason of the disk's.
pub(crate) fn failing<T>(fails: usize, act: impl FnOnce() -> T) -> (T, bool) {
    TRIAL.set(Some(Trial {
        fails: Some(fails),
        ..Trial::default()
    }));
    let result = act();
    let trial = TRIAL.take().expect("set above");
    (result, trial.steps > fails)
}

/// What can be on the disk after a loss of power.
pub(crate) struct Loss {
    /// Files that were written or there before; what is not in it is not there.
    pub disk: Disk,
    /// True when `act` had returned.
    pub is_over: bool,
}

/// Does `act` on a disk where the files in `there` were before and those in `fresh` were written just now, and lists what a
/// loss of power at any moment could leave.
pub(crate) fn losses(there: &[&Path], fresh: &[&Path], act: impl FnOnce()) -> Vec<Loss> {
    let mut trial = Trial::default();
    let mut begin = State::default();
    for (path, is_fresh) in there.iter().map(|p| (p, false)).chain(fresh.iter().map(|p| (p, true))) {
        let id = trial.next;
        trial.next += 1;
        trial.names.insert(path.to_path_buf(), id);
        begin.names.insert(path.to_path_buf(), vec![Some(id)]);
        let mut may = vec![std::fs::read(path).expect("it is there")];
        may.extend(is_fresh.then(Vec::new));
        begin.contents.insert(id, may);
    }
    begin.live = trial.names.clone();
    TRIAL.set(Some(trial));
    act();
    let events = TRIAL.take().expect("set above").events;
    let mut out = Vec::new();
    let mut state = begin;
    state.list(events.is_empty(), &mut out);
    for (i, event) in events.iter().enumerate() {
        state.step(event);
        state.list(i + 1 == events.len(), &mut out);
    }
    out
}

/// What the disk may hold: for each name the files it may lead to, for each file the contents it may have.
#[derive(Default)]
struct State {
    names: BTreeMap<PathBuf, Vec<Option<Id>>>,
    contents: BTreeMap<Id, Vec<Vec<u8>>>,
    live: BTreeMap<PathBuf, Id>,
}

impl State {
    fn step(&mut self, event: &Event) {
        match event {
            Event::Made(path, id) => {
                self.live.insert(path.clone(), *id);
                self.names
                    .entry(path.clone())
                    .or_insert_with(|| vec![None])
                    .push(Some(*id));
                self.contents.entry(*id).or_insert_with(|| vec![Vec::new()]);
            }
            Event::Content(id, now, is_synced) => {
                let may = self.contents.entry(*id).or_default();
                if *is_synced {
                    may.clear();
                } else {
                    let half = now[..now.len() / 2].to_vec();
                    may.push(half);
                }
                may.push(now.clone());
            }
            Event::Renamed(from, to) => {
                let id = self.live.remove(from);
                self.live.extend(id.map(|id| (to.clone(), id)));
                self.names.entry(from.clone()).or_default().push(None);
                self.names.entry(to.clone()).or_insert_with(|| vec![None]).push(id);
            }
            Event::SyncedFolder(path) => {
                let inside: Vec<PathBuf> = self.names.keys().filter(|n| folder(n) == path).cloned().collect();
                for name in inside {
                    let now = self.live.get(&name).copied();
                    self.names.insert(name, vec![now]);
                }
            }
        }
    }

    /// Every combination of what each name may lead to and hold.
    fn list(&self, is_over: bool, out: &mut Vec<Loss>) {
        let mut all: Vec<Disk> = vec![Disk::new()];
        for (name, leads) in &self.names {
            let mut may: Vec<Option<&Vec<u8>>> = Vec::new();
            let leads: HashSet<Option<Id>> = leads.iter().copied().collect();
            for id in leads {
                match id {
                    None => may.push(None),
                    Some(id) => may.extend(self.contents[&id].iter().map(Some)),
                }
            }
            may.dedup();
            let with = |disk: &Disk| {
                let may = may.iter().map(|content| {
                    let mut disk = disk.clone();
                    disk.extend(content.map(|c| (name.clone(), c.clone())));
                    disk
                });
                may.collect::<Vec<_>>()
            };
            all = all.iter().flat_map(with).collect();
            assert!(all.len() < 100_000, "too many names for this test");
        }
        out.extend(all.into_iter().map(|disk| Loss { disk, is_over }));
    }
}
