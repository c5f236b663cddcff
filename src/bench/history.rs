//! The history of runs: an index as JSON lines with everything a table or a plot over time needs, samples in binary files
//! beside it that are read only when somebody looks at them. One folder per model, named by its hash.

use super::compare::Measured;
use super::verdict::Pairing;
use super::{Comparison, Protocol, Sample, VariantResult};
use crate::files::{self, Part};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const INDEX: &str = "index.jsonl";
/// First bytes of a sample file; the last is the format's version.
const MAGIC: &[u8; 8] = b"ESMSMPL\x01";
/// Magic, numbers per sample, number of samples.
const HEADER: usize = 24;
/// A line longer than this is not an entry.
const MAX_LINE: usize = 4 << 20;

/// One run in the index.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Unique in the history; sorts by time.
    pub id: String,
    /// Model file name when it was measured.
    pub model: String,
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// Protocol of the figures.
    pub protocol: String,
    /// The resolved recipe as TOML.
    pub recipe: String,
    /// Figures, environment (with the time), accuracy.
    pub result: VariantResult,
    /// Samples of each round, in order, as far as they were kept.
    #[serde(default)]
    pub rounds: Vec<u64>,
}

impl Entry {
    /// When it was kept, in milliseconds since 1970; none for an id that does not say.
    pub fn kept_ms(&self) -> Option<u64> {
        self.id.split('-').next()?.parse().ok()
    }

    /// The variant's name and when the run started, which tells runs of one variant apart.
    pub fn label(&self) -> String {
        let started = self.result.environment.started.trim_end_matches('Z').replace('T', " ");
        format!("{} {started}", self.result.name).trim_end().to_owned()
    }
}

/// A model that the history knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Known {
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// File name at the last run.
    pub model: String,
    /// Number of runs.
    pub runs: usize,
    /// When the last one started, RFC 3339 in UTC.
    pub last: String,
}

/// Models that have runs below `data_folder`, the one that was measured last first. Reads every index.
///
/// # Errors
/// The system's, with the folder.
pub fn known(data_folder: &Path) -> Result<Vec<Known>, String> {
    let folder = data_folder.join("history");
    let place = |e: std::io::Error| format!("{}: {e}", folder.display());
    let found = match std::fs::read_dir(&folder) {
        Ok(found) => found,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(place(e)),
    };
    let mut out = Vec::new();
    for folder in found {
        let name = folder.map_err(place)?.file_name().to_string_lossy().into_owned();
        // What is not named by a hash is not ours.
        let Ok(history) = History::open(data_folder, &name) else {
            continue;
        };
        if let Some(last) = history.entries.last() {
            out.push((
                last.id.clone(),
                Known {
                    model_sha256: name,
                    model: last.model.clone(),
                    runs: history.entries.len(),
                    last: last.result.environment.started.clone(),
                },
            ));
        }
    }
    out.sort_by(|a, b| b.0.cmp(&a.0));
    Ok(out.into_iter().map(|(_, known)| known).collect())
}

/// The runs of one model.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    /// In order of time.
    pub entries: Vec<Entry>,
    /// Lines of the index that could not be read (written by a newer version, or cut off by a crash); they are kept.
    pub unreadable: usize,
}

impl History {
    /// Opens the history of a model below `data_folder` (the user's data folder of this program); an empty one when
    /// there is none yet. Reads the index only.
    ///
    /// # Errors
    /// The system's, with the file; a hash that is not 64 hex digits.
    pub fn open(data_folder: &Path, model_sha256: &str) -> Result<Self, String> {
        if model_sha256.len() != 64 || !model_sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("{model_sha256:?} is not a SHA-256 in hex"));
        }
        let folder = data_folder.join("history").join(model_sha256.to_lowercase());
        let path = folder.join(INDEX);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(format!("{}: {e}", path.display())),
        };
        let mut history = Self {
            folder,
            entries: Vec::new(),
            unreadable: 0,
        };
        for line in bytes
            .split(|b| *b == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
        {
            match serde_json::from_slice(line) {
                Ok(entry) if line.len() <= MAX_LINE => history.entries.push(entry),
                _ => history.unreadable += 1,
            }
        }
        // Ids sort by time; processes that add at once may have written out of order.
        history.entries.sort_by(|a: &Entry, b: &Entry| a.id.cmp(&b.id));
        Ok(history)
    }

    /// Adds a run: its samples first, then its line in the index, so that the index never names samples that are not there.
    /// Several processes may add at once.
    ///
    /// # Errors
    /// The system's, with the file.
    pub fn append(&mut self, mut entry: Entry, rounds: &[Vec<Sample>]) -> Result<(), String> {
        let place = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
        std::fs::create_dir_all(&self.folder).map_err(|e| place(&self.folder, e))?;
        entry.id = self.fresh_id()?;
        entry.rounds = rounds.iter().map(|r| r.len() as u64).collect();
        let samples = self.samples_path(&entry.id);
        write_samples(&samples, rounds).map_err(|e| place(&samples, e))?;
        let path = self.folder.join(INDEX);
        let mut line = serde_json::to_string(&entry).map_err(|e| format!("{}: {e}", path.display()))?;
        // A line that a crash cut off must not swallow this one.
        if is_torn(&path) {
            line.insert(0, '\n');
        }
        line.push('\n');
        files::append(&path, line.as_bytes()).map_err(|e| place(&path, e))?;
        self.entries.push(entry);
        Ok(())
    }

    /// The samples of an entry, per round; empty when none were kept.
    ///
    /// # Errors
    /// A file that is missing, cut off or of another format, with its name.
    pub fn samples(&self, entry: &Entry) -> Result<Vec<Vec<Sample>>, String> {
        if entry.rounds.iter().all(|n| *n == 0) {
            return Ok(Vec::new());
        }
        // The id comes from a file: it must not lead out of the folder.
        if entry.id.is_empty() || !entry.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(format!("{:?} is not the id of a run", entry.id));
        }
        let path = self.samples_path(&entry.id);
        read_samples(&path, &entry.rounds).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// Runs side by side as a comparison, the first as the baseline, computed from their samples: ratios with intervals as if
    /// they had been measured together, though they were not.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub fn compare(&self, entries: &[&Entry]) -> Result<Comparison, String> {
        let mut samples = Vec::new();
        for entry in entries {
            samples.push(self.samples(entry)?);
        }
        let mut out = Comparison {
            sizes: Default::default(),
            warnings: vec![
                "these runs were not measured in turn: what changed on the machine between them is in the ratio".into(),
            ],
            ..Comparison::default()
        };
        for (i, (entry, rounds)) in entries.iter().zip(&samples).enumerate() {
            let mut result = entry.result.clone();
            result.name = entry.label();
            result.protocol.clone_from(&entry.protocol);
            if let Some(protocol) = Protocol::from_name(&entry.protocol).filter(|_| !rounds.is_empty()) {
                let measured = Measured {
                    rounds,
                    protocol,
                    is_gpu: entry.result.statistics.enqueue_ms.is_some(),
                };
                result.fill(&measured);
            } else {
                out.warnings.push(format!(
                    "{}: its samples were not kept, so there is no ratio",
                    result.name
                ));
            }
            if i == 0 {
                out.model.clone_from(&entry.model);
                out.model_sha256.clone_from(&entry.model_sha256);
                out.protocol.clone_from(&entry.protocol);
            } else if entry.protocol != out.protocol {
                out.warnings.push(format!(
                    "{}: measured with the protocol {}, not {}: the latencies mean different things",
                    result.name, entry.protocol, out.protocol
                ));
            }
            out.variants.push(result);
        }
        let rounds: Vec<&[Vec<Sample>]> = samples.iter().map(Vec::as_slice).collect();
        out.judge(&rounds, Pairing::Apart, None, None);
        Ok(out)
    }

    fn samples_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.samples"))
    }

    /// Milliseconds since 1970 and the process, with a counter where that is taken.
    fn fresh_id(&self) -> Result<String, String> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let ms = now.map_or(0, |d| d.as_millis());
        let pid = std::process::id();
        (0..10_000)
            .map(|n| format!("{ms:015}-{pid}-{n}"))
            .find(|id| !self.samples_path(id).exists() && self.entries.iter().all(|e| e.id != *id))
            .ok_or_else(|| "too many runs in one millisecond".into())
    }
}

/// True when the file does not end with the end of a line.
fn is_torn(path: &Path) -> bool {
    let last = || -> std::io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    last().is_ok_and(|byte| byte != b'\n')
}

/// CPU samples are two numbers (start and end of the call), GPU samples eight.
fn width(rounds: &[Vec<Sample>]) -> usize {
    let call = |s: &Sample| *s == Sample::call(s.start_compute_ms, s.end_compute_ms);
    if rounds.iter().flatten().all(call) { 2 } else { 8 }
}

fn write_samples(path: &Path, rounds: &[Vec<Sample>]) -> std::io::Result<()> {
    let width = width(rounds);
    let count: usize = rounds.iter().map(Vec::len).sum();
    if count == 0 {
        return Ok(());
    }
    let mut out = BufWriter::new(Part::beside(path)?);
    out.write_all(MAGIC)?;
    out.write_all(&(width as u64).to_le_bytes())?;
    out.write_all(&(count as u64).to_le_bytes())?;
    for sample in rounds.iter().flatten() {
        for number in numbers(sample, width) {
            out.write_all(&number.to_le_bytes())?;
        }
    }
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .persist(path, true)
}

fn numbers(s: &Sample, width: usize) -> impl Iterator<Item = f64> {
    let all = [
        s.start_compute_ms,
        s.end_compute_ms,
        s.start_enq_ms,
        s.end_enq_ms,
        s.start_h2d_ms,
        s.end_h2d_ms,
        s.start_d2h_ms,
        s.end_d2h_ms,
    ];
    all.into_iter().take(width)
}

fn sample(n: &[f64]) -> Option<Sample> {
    match *n {
        [start, end] => Some(Sample::call(start, end)),
        [c0, c1, e0, e1, h0, h1, d0, d1] => Some(Sample {
            start_compute_ms: c0,
            end_compute_ms: c1,
            start_enq_ms: e0,
            end_enq_ms: e1,
            start_h2d_ms: h0,
            end_h2d_ms: h1,
            start_d2h_ms: d0,
            end_d2h_ms: d1,
        }),
        _ => None,
    }
}

fn read_samples(path: &Path, rounds: &[u64]) -> Result<Vec<Vec<Sample>>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let mut from = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER];
    from.read_exact(&mut header).map_err(|e| e.to_string())?;
    let (magic, sizes) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err("not a file of samples of this version".into());
    }
    let number = |at: usize| {
        sizes
            .get(at..at + 8)
            .and_then(|b| b.try_into().ok())
            .map_or(0, u64::from_le_bytes)
    };
    let (width, count) = (number(0), number(8));
    let expected = rounds.iter().try_fold(0u64, |n, r| n.checked_add(*r));
    let bytes = width
        .checked_mul(8)
        .and_then(|row| count.checked_mul(row))
        .and_then(|n| n.checked_add(HEADER as u64));
    if !matches!(width, 2 | 8) || expected != Some(count) || bytes != Some(length) {
        return Err(format!(
            "{length} bytes do not hold the {count} samples the index names"
        ));
    }
    let mut row = vec![0; width as usize * 8];
    let mut values = vec![0.0; width as usize];
    let mut out = Vec::with_capacity(rounds.len());
    for n in rounds {
        // The file is as long as it says, so this is bounded by it.
        let mut round = Vec::with_capacity(*n as usize);
        for _ in 0..*n {
            from.read_exact(&mut row).map_err(|e| e.to_string())?;
            for (value, bytes) in values.iter_mut().zip(row.as_chunks().0) {
                *value = f64::from_le_bytes(*bytes);
            }
            round.extend(sample(&values));
        }
        out.push(round);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn entry(name: &str) -> Entry {
        Entry {
            id: String::new(),
            model: "m.onnx".into(),
            model_sha256: HASH.into(),
            protocol: "serial".into(),
            recipe: "version = 1\n".into(),
            result: VariantResult {
                name: name.into(),
                ..VariantResult::default()
            },
            rounds: vec![],
        }
    }

    fn rounds(gpu: bool) -> Vec<Vec<Sample>> {
        let mut s = Sample::call(0.5, 1.5);
        s.end_enq_ms += if gpu { 0.25 } else { 0.0 };
        vec![vec![s, s.since(1.0)], vec![], vec![s]]
    }

    #[test]
    fn runs_come_back_with_their_samples() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path(), HASH).unwrap();
        assert!(history.entries.is_empty());
        history.append(entry("cpu"), &rounds(false)).unwrap();
        history.append(entry("gpu"), &rounds(true)).unwrap();
        history.append(entry("nothing"), &[]).unwrap();
        let back = History::open(folder.path(), &HASH.to_uppercase()).unwrap();
        assert_eq!((&back.entries, back.unreadable), (&history.entries, 0));
        let ids: Vec<&String> = back.entries.iter().map(|e| &e.id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(back.samples(&back.entries[0]).unwrap(), rounds(false));
        assert_eq!(back.samples(&back.entries[1]).unwrap(), rounds(true));
        assert!(back.samples(&back.entries[2]).unwrap().is_empty());
        let sizes = |i: usize| std::fs::metadata(back.samples_path(&back.entries[i].id)).unwrap().len();
        assert_eq!((sizes(0), sizes(1)), (24 + 3 * 16, 24 + 3 * 64));
    }

    #[test]
    fn a_torn_line_costs_one_entry_and_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path(), HASH).unwrap();
        history.append(entry("a"), &rounds(false)).unwrap();
        let index = history.folder.join(INDEX);
        let mut text = std::fs::read_to_string(&index).unwrap();
        text.push_str("{\"id\": \"00");
        std::fs::write(&index, &text).unwrap();
        let mut history = History::open(folder.path(), HASH).unwrap();
        assert_eq!((history.entries.len(), history.unreadable), (1, 1));
        history.append(entry("b"), &rounds(false)).unwrap();
        let history = History::open(folder.path(), HASH).unwrap();
        assert_eq!((history.entries.len(), history.unreadable), (2, 1));
        assert!(std::fs::read_to_string(&index).unwrap().contains("{\"id\": \"00\n"));
    }

    #[test]
    fn runs_are_compared_from_their_samples() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path(), HASH).unwrap();
        let calls = |ms: f64| {
            vec![
                (0..50)
                    .map(|i| Sample::call(f64::from(i) * ms, f64::from(i + 1) * ms))
                    .collect::<Vec<_>>();
                6
            ]
        };
        history.append(entry("old"), &calls(2.0)).unwrap();
        history.append(entry("new"), &calls(1.0)).unwrap();
        history.append(entry("lost"), &[]).unwrap();
        let history = History::open(folder.path(), HASH).unwrap();
        let c = history.compare(&history.entries.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(
            (c.model.as_str(), c.protocol.as_str(), c.variants.len()),
            ("m.onnx", "serial", 3)
        );
        let ratio = c.variants[1].ratio.unwrap();
        assert!((ratio.speedup - 2.0).abs() < 1e-9 && !ratio.within_noise, "{ratio:?}");
        assert_eq!((c.variants[0].ratio, c.variants[2].ratio), (None, None));
        assert!(
            c.warnings.iter().any(|w| w.contains("lost: its samples")),
            "{:?}",
            c.warnings
        );
        assert!(history.entries[0].kept_ms().is_some_and(|ms| ms > 1_700_000_000_000));
        let known = known(folder.path()).unwrap();
        assert_eq!(
            (known.len(), known[0].runs, known[0].model_sha256.as_str()),
            (1, 3, HASH)
        );
        assert!(super::known(&folder.path().join("nothing")).unwrap().is_empty());
    }

    #[test]
    fn bad_hashes_ids_and_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(History::open(folder.path(), "../../etc").is_err());
        let mut history = History::open(folder.path(), HASH).unwrap();
        history.append(entry("a"), &rounds(false)).unwrap();
        let mut wrong = history.entries[0].clone();
        wrong.id = "../x".into();
        assert!(history.samples(&wrong).unwrap_err().contains("not the id"));
        let mut wrong = history.entries[0].clone();
        wrong.rounds = vec![u64::MAX, u64::MAX];
        assert!(history.samples(&wrong).is_err());
        std::fs::remove_file(history.samples_path(&history.entries[0].id)).unwrap();
        assert!(history.samples(&history.entries[0]).is_err());
    }

    #[test]
    fn the_index_is_all_that_opening_reads() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(folder.path(), HASH).unwrap();
        history.append(entry("a"), &rounds(false)).unwrap();
        std::fs::write(history.samples_path(&history.entries[0].id), "not samples").unwrap();
        let history = History::open(folder.path(), HASH).unwrap();
        assert_eq!(history.entries.len(), 1);
        assert!(history.samples(&history.entries[0]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn mutated_files_never_panic(at in 0..200usize, byte in any::<u8>(), cut in 0..200usize) {
            let folder = tempfile::tempdir().unwrap();
            let mut history = History::open(folder.path(), HASH).unwrap();
            history.append(entry("a"), &rounds(true)).unwrap();
            let path = history.samples_path(&history.entries[0].id);
            let mut bytes = std::fs::read(&path).unwrap();
            let length = bytes.len();
            bytes[at % length] = byte;
            std::fs::write(&path, &bytes[..length - cut % length]).unwrap();
            let _ = history.samples(&history.entries[0]);
        }
    }
}
