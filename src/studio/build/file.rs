//! Where a build writes its engine file: what the user chose, and what follows from it. Nothing existing is replaced unasked.

use crate::files::is_same;
use crate::recipe::Recipe;
use crate::worker::client::record_path;
use std::path::{Path, PathBuf};

/// The user's choice; the default suits the target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineFile {
    /// Write one at all; when not chosen, targets whose engine is a file of its own do.
    pub wanted: Option<bool>,
    /// The path as typed; when not, a name next to the model.
    pub typed: Option<String>,
    /// Replace an existing file instead of writing beside it.
    pub replace: bool,
}

/// The file that a build will write.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Where to.
    pub path: PathBuf,
    /// Replace what is there.
    pub force: bool,
}

impl EngineFile {
    /// True when a build writes a file.
    pub fn is_wanted(&self, recipe: &Recipe) -> bool {
        self.wanted
            .unwrap_or_else(|| recipe.target.name.starts_with("tensorrt"))
    }

    /// The named file, whether it exists or not.
    pub fn named(&self, recipe: &Recipe) -> PathBuf {
        match self.typed.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => PathBuf::from(text),
            _ => default_name(recipe),
        }
    }

    /// The file that a build will write: the named one, or one beside it when that exists and is kept. The model itself is
    /// always kept.
    pub fn output(&self, recipe: &Recipe) -> Option<Output> {
        if !self.is_wanted(recipe) {
            return None;
        }
        let named = self.named(recipe);
        let force = self.replace && !is_same(&named, &recipe.model.path);
        let path = if exists(&named) && !force {
            beside(&named)
        } else {
            named
        };
        Some(Output { path, force })
    }
}

/// True when the engine file or its record is there.
pub fn exists(path: &Path) -> bool {
    path.exists() || record_path(path).exists()
}

/// `resnet50.tensorrt-fp16.engine` next to `resnet50.onnx`; the other targets keep a prepared ONNX model.
fn default_name(recipe: &Recipe) -> PathBuf {
    let extension = if recipe.target.name.starts_with("tensorrt") {
        "engine"
    } else {
        "onnx"
    };
    let model = &recipe.model.path;
    let stem = model
        .file_stem()
        .map_or_else(|| "model".into(), |s| s.to_string_lossy().into_owned());
    model.with_file_name(format!(
        "{stem}.{}-{}.{extension}",
        recipe.target.name,
        recipe.build.precision.name()
    ))
}

/// The first free name of `engine-2.onnx`, `engine-3.onnx` and so on.
fn beside(path: &Path) -> PathBuf {
    let stem = path
        .file_stem()
        .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let extension = path
        .extension()
        .map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    let numbered = |n: u32| path.with_file_name(format!("{stem}-{n}{extension}"));
    (2..1000)
        .map(numbered)
        .find(|p| !exists(p))
        .unwrap_or_else(|| numbered(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_files_are_kept_unless_replaced_and_the_model_always() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("net.onnx");
        std::fs::write(&model, "m").unwrap();
        let mut recipe = Recipe::for_model(&model);
        let mut file = EngineFile::default();
        assert_eq!(file.output(&recipe), None);
        recipe.target.name = "tensorrt".into();
        let first = dir.path().join("net.tensorrt-fp32.engine");
        assert_eq!(file.output(&recipe).unwrap().path, first);
        std::fs::write(&first, "e").unwrap();
        assert_eq!(
            file.output(&recipe),
            Some(Output {
                path: dir.path().join("net.tensorrt-fp32-2.engine"),
                force: false
            })
        );
        file.replace = true;
        assert_eq!(
            file.output(&recipe),
            Some(Output {
                path: first,
                force: true
            })
        );
        file.typed = Some(dir.path().join("./net.onnx").display().to_string());
        let output = file.output(&recipe).unwrap();
        assert_eq!((output.path, output.force), (dir.path().join("net-2.onnx"), false));
    }
}
