//! Fetching runtimes: PyPI's wheels through pip, into a folder of the user's cache directory, several versions side by
//! side. An installation appears under its name only when it is complete.

use super::stdio;
use crate::engine::installed;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

/// A runtime that can be fetched: its name here, the package on PyPI (and another that it cannot do without), the file in it
/// that makes it one.
struct Package {
    name: &'static str,
    package: &'static str,
    with: Option<&'static str>,
    holds: &'static str,
}

const PACKAGES: [Package; 5] = [
    Package {
        name: "onnxruntime",
        package: "onnxruntime",
        with: None,
        holds: "onnxruntime/capi",
    },
    Package {
        name: "onnxruntime-gpu",
        package: "onnxruntime-gpu",
        with: None,
        holds: "onnxruntime/capi",
    },
    Package {
        name: "openvino",
        package: "onnxruntime-ep-openvino",
        with: Some("onnxruntime"),
        holds: "onnxruntime_ep_openvino",
    },
    Package {
        name: "tensorrt-rtx",
        package: "tensorrt-rtx-cu13-libs",
        with: None,
        holds: "tensorrt_rtx_libs",
    },
    Package {
        name: "tensorrt-lean",
        package: "tensorrt-lean-cu13-libs",
        with: None,
        holds: "tensorrt_lean_libs",
    },
];
/// Pythons whose wheels are taken when the one here has none: the libraries inside do not depend on it.
const OTHER_PYTHONS: [&str; 3] = ["3.13", "3.12", "3.11"];
/// An installation that was broken off is cleared away when it is this old.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Beginning of the names of folders that are not complete.
const PART: &str = ".part-";
/// Lines of pip's output kept for messages.
const KEPT: usize = 12;
/// Longest line of those, in characters.
const LONGEST: usize = 400;
/// Versions that a message lists, the newest ones.
const LISTED: usize = 12;

/// Why nothing was installed or removed.
#[derive(thiserror::Error, Debug, Clone, PartialEq, Eq)]
pub enum InstallError {
    /// A name or version that cannot be fetched (exit code 2).
    #[error("{0}")]
    Request(String),
    /// Python, pip or the network is missing (exit code 3).
    #[error("{0}")]
    Unavailable(String),
    /// pip or the file system failed.
    #[error("{0}")]
    Failed(String),
    /// The user cancelled; nothing was left.
    #[error("cancelled")]
    Cancelled,
}

/// What an installation tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstallEvent {
    /// A line of pip's.
    Line(String),
    /// Bytes of the download so far and in all.
    Bytes {
        /// So far.
        done: u64,
        /// In all.
        total: u64,
    },
}

/// A runtime in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// Exact version.
    pub version: String,
    /// Its folder.
    pub path: PathBuf,
    /// False when it was there before.
    pub is_new: bool,
}

/// Installs and removes runtimes.
pub struct Installer {
    python: Option<PathBuf>,
    root: PathBuf,
}

impl Installer {
    /// With the Python of the search path and the user's cache directory.
    ///
    /// # Errors
    /// [`InstallError::Unavailable`] when the user has no cache directory.
    pub fn new() -> Result<Self, InstallError> {
        let root = installed::root();
        let root = root.ok_or_else(|| InstallError::Unavailable("there is no cache directory to install to".into()))?;
        Ok(Self {
            python: on_path(&["python3", "python"]),
            root,
        })
    }

    /// The folder of all installed runtimes.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// pip's own words about its version.
    ///
    /// # Errors
    /// [`InstallError::Unavailable`] that says whether Python or pip is missing.
    pub fn pip(&self) -> Result<String, InstallError> {
        let unavailable = |message: String| Err(InstallError::Unavailable(message));
        let Some(python) = &self.python else {
            return unavailable("there is no python3 on the search path; install Python, which brings pip".into());
        };
        let asked = Command::new(python)
            .args(["-m", "pip", "--version"])
            .stdin(Stdio::null())
            .output();
        match asked {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_string()),
            Ok(_) => unavailable(format!(
                "{} has no pip; install it (`python3 -m ensurepip`, or the package python3-pip)",
                python.display()
            )),
            Err(e) => unavailable(format!("{}: {e}", python.display())),
        }
    }

    /// Installs `NAME` or `NAME@VERSION`; `go_on` is asked some twenty times a second.
    ///
    /// # Errors
    /// [`InstallError`]; nothing is left behind then.
    pub fn install(
        &self,
        what: &str,
        tell: &mut dyn FnMut(InstallEvent),
        go_on: &dyn Fn() -> bool,
    ) -> Result<Installed, InstallError> {
        let (package, version) = package(what)?;
        let folder = self.root.join(package.name);
        if let Some(version) = version.filter(|v| folder.join(v).is_dir()) {
            return Ok(Installed {
                version: version.into(),
                path: folder.join(version),
                is_new: false,
            });
        }
        let pip = self.pip()?;
        let failed = |path: &Path, e: std::io::Error| InstallError::Failed(format!("{}: {e}", path.display()));
        std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, e))?;
        clear_stale(&folder);
        let part = tempfile::Builder::new().prefix(PART).tempdir_in(&folder);
        let part = part.map_err(|e| failed(&folder, e))?;
        let requirement = match version {
            None => package.package.to_string(),
            // Two numbers mean the newest of that series.
            Some(v) if v.split('.').count() < 3 => format!("{}=={v}.*", package.package),
            Some(v) => format!("{}=={v}", package.package),
        };
        // pip's own temporary files lie beside what it makes, so that they go with it, and the disk that has to hold the
        // runtime is the only one that can be full.
        let (files, temporary) = (part.path().join("files"), part.path().join("temporary"));
        std::fs::create_dir(&temporary).map_err(|e| failed(&temporary, e))?;
        let mut outcome = Err(Vec::new());
        let mut told = HashSet::new();
        let mut tell_once = |event: InstallEvent| match &event {
            // Every attempt says the same.
            InstallEvent::Line(line) if !told.insert(line.clone()) => {}
            _ => tell(event),
        };
        let mut versions = Vec::new();
        for other in std::iter::once(None).chain(OTHER_PYTHONS.map(Some)) {
            let mut command = self.command(&pip, other, &files);
            // Last is the package itself, which is what a reader looks for.
            command.args(package.with);
            command.arg(&requirement);
            command.env("TMPDIR", &temporary);
            outcome = run(command, &mut tell_once, go_on)?;
            let Err(lines) = &outcome else { break };
            versions.extend(offered(lines));
            if !lines.iter().any(|l| l.contains("No matching distribution")) || is_offline(lines) {
                break;
            }
        }
        outcome.map_err(|lines| explain(what, &lines, versions, &self.root))?;
        if !files.join(package.holds).is_dir() {
            return Err(InstallError::Failed(format!(
                "the package {} has no {} for this system",
                package.package, package.holds
            )));
        }
        let version = version_of(&files, package.package).ok_or_else(|| {
            InstallError::Failed(format!("pip installed {} without saying its version", package.package))
        })?;
        let path = folder.join(&version);
        if path.is_dir() {
            return Ok(Installed {
                version,
                path,
                is_new: false,
            });
        }
        std::fs::rename(&files, &path).map_err(|e| failed(&path, e))?;
        Ok(Installed {
            version,
            path,
            is_new: true,
        })
    }

    /// pip's command line up to what it is to install.
    fn command(&self, pip: &str, other_python: Option<&str>, target: &Path) -> Command {
        let mut command = Command::new(self.python.as_deref().unwrap_or(Path::new("python3")));
        command
            .args([
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--only-binary=:all:",
                "--no-compile",
            ])
            .args([
                "--disable-pip-version-check",
                "--no-input",
                "--retries",
                "1",
                "--target",
            ])
            .arg(target)
            .args(["--progress-bar", if tells_bytes(pip) { "raw" } else { "off" }]);
        if let Some(version) = other_python {
            command.args(["--implementation", "cp", "--python-version", version]);
        }
        command.env("PIP_ROOT_USER_ACTION", "ignore");
        command
    }

    /// Removes `NAME@VERSION`; the first numbers of a version do where they mean one only.
    ///
    /// # Errors
    /// [`InstallError::Request`] when it is not installed, or is not the only one meant, with what is.
    pub fn remove(&self, what: &str) -> Result<PathBuf, InstallError> {
        let (package, version) = package(what)?;
        let have: Vec<String> = installed::versions_in(&self.root, package.name)
            .into_iter()
            .map(|(version, _)| version)
            .collect();
        let list = || match have.is_empty() {
            true => format!("no {} is installed here", package.name),
            false => format!("installed: {}", have.join(", ")),
        };
        let Some(version) = version else {
            return Err(InstallError::Request(format!(
                "say which version to remove: {}@VERSION ({})",
                package.name,
                list()
            )));
        };
        let is_meant = |h: &&String| {
            let rest = h.strip_prefix(version);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let meant: Vec<&String> = have.iter().filter(is_meant).collect();
        let version = match meant[..] {
            [one] => one,
            [] => {
                let name = package.name;
                return Err(InstallError::Request(format!(
                    "{name} {version} is not installed ({})",
                    list()
                )));
            }
            _ => {
                let name = package.name;
                return Err(InstallError::Request(format!(
                    "{name} {version} means more than one ({})",
                    list()
                )));
            }
        };
        let folder = self.root.join(package.name);
        let path = folder.join(version);
        // Renamed first: whoever looks meanwhile sees it whole or not at all.
        let gone = folder.join(format!("{PART}{version}-removed"));
        let failed = |e: std::io::Error| InstallError::Failed(format!("{}: {e}", path.display()));
        let _ = std::fs::remove_dir_all(&gone);
        std::fs::rename(&path, &gone).map_err(failed)?;
        std::fs::remove_dir_all(&gone).map_err(failed)?;
        Ok(path)
    }

    /// All that is installed: name, version, folder.
    pub fn installed(&self) -> Vec<(&'static str, String, PathBuf)> {
        let of = |p: &Package| {
            let versions = installed::versions_in(&self.root, p.name).into_iter();
            versions
                .map(|(version, path)| (p.name, version, path))
                .collect::<Vec<_>>()
        };
        PACKAGES.iter().flat_map(of).collect()
    }
}

/// The package and version that `NAME@VERSION` means.
fn package(what: &str) -> Result<(&'static Package, Option<&str>), InstallError> {
    let (name, version) = what.split_once('@').map_or((what, None), |(n, v)| (n, Some(v)));
    let request = |message: String| Err(InstallError::Request(message));
    if name == "tensorrt" {
        return Err(InstallError::Unavailable(
            "TensorRT's libraries are not on PyPI: the packages there fetch them from NVIDIA's own index. Install them with \
             `pip install tensorrt` in a Python environment that is active when Enginesmith runs, with NVIDIA's deb or rpm \
             packages, or from the tar file with its lib folder in LD_LIBRARY_PATH; Enginesmith finds each of these. \
             `targets install tensorrt-rtx` needs none of that."
                .into(),
        ));
    }
    let Some(package) = PACKAGES.iter().find(|p| p.name == name) else {
        let names: Vec<&str> = PACKAGES.iter().map(|p| p.name).collect();
        return request(format!(
            "{name:?} cannot be installed; what can be: {}, tensorrt",
            names.join(", ")
        ));
    };
    if let Some(version) = version {
        let numbers = version
            .split('.')
            .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        if !numbers {
            return request(format!(
                "{version:?} is no version: numbers with dots are wanted (1.30, 1.30.2)"
            ));
        }
    }
    Ok((package, version))
}

/// The first of these programs on the search path.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        folders.iter().map(|f| f.join(&name)).find(|p| p.is_file())
    })
}

/// True for a pip (`pip 24.1 from ...`) that can tell its progress in bytes.
fn tells_bytes(pip: &str) -> bool {
    let version = pip.split_whitespace().nth(1).unwrap_or_default();
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (24, 1)
}

/// Runs pip; its last lines when it failed.
fn run(
    mut command: Command,
    tell: &mut dyn FnMut(InstallEvent),
    go_on: &dyn Fn() -> bool,
) -> Result<Result<(), Vec<String>>, InstallError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // What pip starts is stopped with it; `python3` may be a script that starts the real one.
    stdio::own_group(&mut command);
    let spawned = command.spawn();
    let mut child = spawned.map_err(|e| InstallError::Unavailable(format!("pip does not start: {e}")))?;
    let (sender, lines) = crossbeam_channel::unbounded();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
        child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
    ];
    for pipe in pipes.into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    drop(sender);
    let mut last: Vec<String> = Vec::new();
    let mut ended = false;
    loop {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => match bytes(&line) {
                Some((done, total)) => tell(InstallEvent::Bytes { done, total }),
                None if line.trim().is_empty() => {}
                None => {
                    // Indented are the places in Python's tracebacks, and details of what goes well.
                    if !line.starts_with(' ') {
                        if last.len() == KEPT {
                            last.remove(0);
                        }
                        last.push(line.trim_end().chars().take(LONGEST).collect());
                    }
                    tell(InstallEvent::Line(line.trim_end().to_string()));
                }
            },
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => ended = true,
        }
        if !go_on() {
            stop(&mut child);
            return Err(InstallError::Cancelled);
        }
        if ended {
            // Its output is closed: it ends, or hangs where only a cancel helps.
            match child.try_wait() {
                Ok(Some(status)) => return Ok(if status.success() { Ok(()) } else { Err(last) }),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(e) => return Err(InstallError::Failed(format!("pip: {e}"))),
            }
        }
    }
}

fn stop(child: &mut Child) {
    stdio::kill_group(child);
    let _ = child.wait();
}

/// `Progress 1234 of 5678`, as pip's raw progress writes it.
fn bytes(line: &str) -> Option<(u64, u64)> {
    let (done, total) = line.strip_prefix("Progress ")?.split_once(" of ")?;
    Some((done.trim().parse().ok()?, total.trim().parse().ok()?))
}

fn is_offline(lines: &[String]) -> bool {
    let signs = [
        "NewConnectionError",
        "NameResolutionError",
        "Temporary failure in name",
        "ConnectTimeout",
        "Max retries",
        "ReadTimeoutError",
        "Network is unreachable",
    ];
    lines.iter().any(|l| signs.iter().any(|s| l.contains(s)))
}

/// The versions that pip says there are: `(from versions: 1.4.0, 1.5.0)`.
fn offered(lines: &[String]) -> Vec<String> {
    let list = lines
        .iter()
        .filter_map(|l| l.split_once("(from versions: ")?.1.split_once(')'));
    list.flat_map(|(list, _)| list.split(", "))
        .filter(|v| v.starts_with(|c: char| c.is_ascii_digit()))
        .map(String::from)
        .collect()
}

/// pip's failure in words, its own last lines below.
fn explain(what: &str, lines: &[String], mut versions: Vec<String>, root: &Path) -> InstallError {
    let raw = lines.join("\n");
    let full = ["No space left on device", "Errno 28", "Disk quota exceeded"];
    if lines.iter().any(|l| full.iter().any(|f| l.contains(f))) {
        return InstallError::Failed(format!(
            "{what}: there is not enough room in {}; make some (`targets remove NAME@VERSION` is one way), or let \
             XDG_CACHE_HOME name a folder on another disk. Nothing was left behind. pip says:\n{raw}",
            root.display()
        ));
    }
    if is_offline(lines) {
        return InstallError::Unavailable(format!(
            "{what} cannot be fetched: PyPI cannot be reached from here (a mirror can be set in pip's configuration); pip says:\n{raw}"
        ));
    }
    if lines.iter().any(|l| l.contains("No matching distribution")) {
        let numbers = |v: &String| v.split('.').map(|n| n.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
        versions.sort_by_key(|v| std::cmp::Reverse(numbers(v)));
        versions.dedup();
        versions.truncate(LISTED);
        let has = match versions.is_empty() {
            true => "PyPI has none for this system".into(),
            false => format!(
                "PyPI has no such version for this system; it has {}",
                versions.join(", ")
            ),
        };
        return InstallError::Request(format!("{what}: {has}; pip says:\n{raw}"));
    }
    InstallError::Failed(format!("{what}: pip failed; it says:\n{raw}"))
}

/// The version in the name of the package's `.dist-info` folder.
fn version_of(folder: &Path, package: &str) -> Option<String> {
    let start = format!("{}-", package.replace('-', "_"));
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let names = entries.filter_map(|e| e.file_name().into_string().ok());
    names
        .filter_map(|name| Some(name.strip_suffix(".dist-info")?.strip_prefix(&start)?.to_string()))
        .next()
}

/// Clears away what earlier installations left when the program was killed.
fn clear_stale(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_part = entry.file_name().to_string_lossy().starts_with(PART);
        let modified = entry.metadata().and_then(|m| m.modified()).ok();
        let age = modified.and_then(|m| SystemTime::now().duration_since(m).ok());
        if is_part && age.is_some_and(|age| age > STALE) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
