//! Writing recipes: the text, and saving it without ever leaving half a file.

use super::{Recipe, RecipeError};
use crate::files::{self, folder, write_renamed};
use std::path::{Component, Path, PathBuf};

impl Recipe {
    /// The text of the file: sections in the order of the format, paths as they are. What cannot be said in TOML (a
    /// number over 2^63) makes a text that says so and that [`Recipe::from_toml`] refuses.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|e| format!("# This recipe cannot be written as TOML: {e}\n"))
    }

    /// Saves the recipe: written beside `path` under a temporary name, then renamed over it. Paths inside are written
    /// relative to the recipe's folder where they lie below it or beside it.
    ///
    /// # Errors
    /// [`RecipeError`]: the folder cannot be written, or the recipe cannot be said in TOML.
    pub fn save(&self, path: &Path) -> Result<(), RecipeError> {
        let error = |message: String| RecipeError {
            path: path.to_owned(),
            message,
        };
        let mut portable = self.clone();
        portable.relate_paths(folder(path));
        let text = toml::to_string(&portable).map_err(|e| error(format!("cannot be written as TOML: {e}")))?;
        write_renamed(path, text.as_bytes()).map_err(|e| error(files::words(&e)))
    }

    /// Makes the recipe's relative paths relative to the current folder, given the recipe's own folder.
    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        self.each_folder(&mut |own| Some(own.unwrap_or_default()));
        self.each_path(&mut |path| folder.join(path));
        // A runner starts there, whatever folder the worker is in.
        self.each_folder(&mut |own| own.and_then(|folder| std::path::absolute(folder.join(".")).ok()));
    }

    fn relate_paths(&mut self, folder: &Path) {
        self.each_path(&mut |path| relative_to(path, folder).unwrap_or_else(|| path.to_owned()));
        self.each_folder(&mut |own| own.filter(|folder| !folder.as_os_str().is_empty() && folder != Path::new(".")));
    }

    /// Applies `change` to the folder of every runner in the recipe, those in overrides included.
    fn each_folder(&mut self, change: &mut dyn FnMut(Option<PathBuf>) -> Option<PathBuf>) {
        if !self.target.command.is_empty() {
            self.target.folder = change(self.target.folder.take());
        }
        for variant in &mut self.variants {
            let target = variant.overrides.get_mut("target").and_then(toml::Value::as_table_mut);
            let Some(target) = target.filter(|t| t.contains_key("command")) else {
                continue;
            };
            let own = target.remove("folder").and_then(|f| f.as_str().map(PathBuf::from));
            if let Some(folder) = change(own) {
                let folder = folder.to_string_lossy().into_owned();
                target.insert("folder".into(), folder.into());
            }
        }
    }

    /// Applies `change` to every path in the recipe, those in overrides included.
    fn each_path(&mut self, change: &mut dyn FnMut(&Path) -> PathBuf) {
        self.model.path = change(&self.model.path);
        self.target.folder = self.target.folder.as_deref().map(&mut *change);
        self.target.library = self.target.library.as_deref().map(&mut *change);
        for source in [&mut self.data.calibration, &mut self.data.test].into_iter().flatten() {
            source.path = change(&source.path);
        }
        for variant in &mut self.variants {
            for keys in [
                &["model", "path"][..],
                &["data", "calibration", "path"],
                &["data", "test", "path"],
                &["target", "folder"],
                &["target", "library"],
            ] {
                if let Some(toml::Value::String(text)) = look_up(&mut variant.overrides, keys) {
                    *text = change(Path::new(text.as_str())).to_string_lossy().into_owned();
                }
            }
        }
    }
}

fn look_up<'a>(table: &'a mut toml::Table, keys: &[&str]) -> Option<&'a mut toml::Value> {
    let (first, rest) = keys.split_first()?;
    let value = table.get_mut(*first)?;
    if rest.is_empty() {
        return Some(value);
    }
    look_up(value.as_table_mut()?, rest)
}

/// `path` as seen from `folder`, or `None` when they share nothing but the root.
fn relative_to(path: &Path, folder: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let folder = std::path::absolute(folder).ok()?;
    let mine: Vec<Component<'_>> = path.components().collect();
    let theirs: Vec<Component<'_>> = folder.components().collect();
    let shared = mine.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    let named = mine[..shared].iter().any(|c| matches!(c, Component::Normal(_)));
    // A `..` that is not shared cannot be undone without asking the disk.
    let climbs = theirs[shared..].contains(&Component::ParentDir);
    if !named || climbs {
        return None;
    }
    let up = theirs[shared..].iter().map(|_| Component::ParentDir);
    Some(up.chain(mine[shared..].iter().copied()).collect())
}
