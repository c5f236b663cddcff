//! How long builds took before, and hashes of model files: what is worth remembering between tasks.

use crate::engine::BuildRecord;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::worker::store::{hash_file, modified_ns};
use crate::worker::wire::finish;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Builds remembered; when there are more, those with the smallest keys go.
const BUILDS: usize = 2_000;

/// Seconds that builds of a model for a target and precision took last.
pub struct Builds {
    path: Option<PathBuf>,
}

impl Builds {
    /// In this folder; nothing is remembered when there is none.
    pub fn open(folder: Option<&Path>) -> Self {
        Self {
            path: folder.map(|f| f.join("build-seconds.json")),
        }
    }

    /// Seconds that this build took last time: of the model with the recipe's hash, else of the same file as it is now.
    pub fn estimate(&self, recipe: &Recipe) -> Option<f64> {
        let all = self.read();
        let models = [recipe.model.sha256.clone(), file(&recipe.model.path)];
        let mut known = models.into_iter().flatten().filter_map(|m| all.get(&key(recipe, &m)));
        known.next().copied().filter(|s| s.is_finite() && *s >= 0.0)
    }

    /// Remembers how long it took. What cannot be written is forgotten.
    pub fn remember(&self, recipe: &Recipe, record: &BuildRecord) {
        let Some(path) = &self.path else { return };
        let mut all = self.read();
        let models = [Some(record.model_sha256.clone()), file(&recipe.model.path)];
        all.extend(models.into_iter().flatten().map(|m| (key(recipe, &m), record.seconds)));
        while all.len() > BUILDS {
            all.pop_first();
        }
        let folder = path.parent().map(std::fs::create_dir_all);
        if let (Some(Ok(())), Ok(text)) = (folder, serde_json::to_vec(&all)) {
            let _ = crate::files::write_renamed(path, &text);
        }
    }

    fn read(&self) -> BTreeMap<String, f64> {
        let text = self.path.as_ref().and_then(|p| std::fs::read(p).ok());
        text.and_then(|t| serde_json::from_slice(&t).ok()).unwrap_or_default()
    }
}

/// A model file by path, size and time of change: enough to guess a time from without reading it.
fn file(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let meta = std::fs::metadata(&path).ok()?;
    Some(format!("{}:{}:{}", path.to_str()?, meta.len(), modified_ns(&meta)?))
}

fn key(recipe: &Recipe, model: &str) -> String {
    let target = &recipe.target;
    let version = target.version.as_deref().unwrap_or("newest");
    let via = target.via.as_deref().unwrap_or("here");
    format!(
        "{model} {}@{version} {via} {}",
        target.name,
        recipe.build.precision.name()
    )
}

/// SHA-256 of a model file; read again only when its size or time of change differ.
///
/// # Errors
/// The system's reason; `Interrupted` when `go_on` said no.
pub fn model_hash(path: &Path, go_on: &mut dyn FnMut() -> bool) -> io::Result<String> {
    type Known = HashMap<PathBuf, (u64, Option<u64>, String)>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let path = std::path::absolute(path)?;
    let meta = std::fs::metadata(&path)?;
    let (size, modified) = (meta.len(), modified_ns(&meta));
    let lock = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((s, m, hash)) = lock().get_or_insert_default().get(&path)
        && (*s, *m) == (size, modified)
        && m.is_some()
    {
        return Ok(hash.clone());
    }
    let hash = match Model::open(&path) {
        Ok(model) => hash_mapped(&model, go_on)?,
        Err(_) => hash_file(&path, go_on)?,
    };
    lock()
        .get_or_insert_default()
        .insert(path, (size, modified, hash.clone()));
    Ok(hash)
}

/// The same from the mapped file, which nobody copies for that.
fn hash_mapped(model: &Model, go_on: &mut dyn FnMut() -> bool) -> io::Result<String> {
    let mut hash = Sha256::new();
    for part in model.file_data().chunks(1 << 20) {
        if !go_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        hash.update(part);
    }
    model.check_intact().map_err(io::Error::other)?;
    Ok(finish(hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Precision;

    #[test]
    fn a_build_is_remembered_by_model_target_and_precision() {
        let dir = tempfile::tempdir().unwrap();
        let builds = Builds::open(Some(&dir.path().join("new")));
        let model = dir.path().join("m.onnx");
        std::fs::write(&model, "one").unwrap();
        let recipe = Recipe::for_model(&model);
        let with = |sha256: &str| {
            let mut recipe = Recipe::for_model(Path::new("elsewhere.onnx"));
            recipe.model.sha256 = Some(sha256.into());
            recipe
        };
        assert_eq!(builds.estimate(&recipe), None);
        let record = BuildRecord {
            model_sha256: "aa".into(),
            seconds: 12.5,
            ..BuildRecord::default()
        };
        builds.remember(&recipe, &record);
        assert_eq!(builds.estimate(&recipe), Some(12.5), "the same file");
        assert_eq!(builds.estimate(&with("aa")), Some(12.5), "the same content");
        assert_eq!(builds.estimate(&with("ab")), None);
        let mut other = recipe.clone();
        other.build.precision = Precision::Fp16;
        assert_eq!(builds.estimate(&other), None);
        std::fs::write(&model, "three").unwrap();
        assert_eq!(builds.estimate(&recipe), None, "another content");
        std::fs::write(builds.path.as_ref().unwrap(), "not json").unwrap();
        assert_eq!(builds.estimate(&with("aa")), None);
    }

    #[test]
    fn a_changed_file_is_hashed_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.onnx");
        std::fs::write(&path, "one").unwrap();
        let first = model_hash(&path, &mut || true).unwrap();
        assert_eq!(first, crate::worker::wire::sha256_hex(b"one"));
        assert_eq!(model_hash(&path, &mut || false).unwrap(), first, "not read again");
        std::fs::write(&path, "three").unwrap();
        assert_eq!(
            model_hash(&path, &mut || true).unwrap(),
            crate::worker::wire::sha256_hex(b"three")
        );
    }
}
