//! Where `targets install` puts runtimes: one folder per name and version in the user's cache directory.

use std::path::{Path, PathBuf};

/// The folder of all installed runtimes (`<cache>/runtimes`); none when the user has no cache directory.
pub fn root() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "enginesmith")?;
    Some(dirs.cache_dir().join("runtimes"))
}

/// Installed versions of a runtime with their folders, newest first.
pub fn versions(name: &str) -> Vec<(String, PathBuf)> {
    root().map(|root| versions_in(&root, name)).unwrap_or_default()
}

/// As [`versions`], in a folder of runtimes given.
pub fn versions_in(root: &Path, name: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root.join(name)).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = entries
        .filter(|e| e.path().is_dir())
        .filter_map(|e| Some((e.file_name().to_str()?.to_string(), e.path())))
        // Folders that begin with a dot are installations that are not complete.
        .filter(|(version, _)| version.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let numbers = |v: &str| -> Vec<u32> { v.split('.').map_while(|n| n.parse().ok()).collect() };
    found.sort_by_key(|(version, _)| std::cmp::Reverse(numbers(version)));
    found
}
