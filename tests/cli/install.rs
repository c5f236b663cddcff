//! `targets install` and `targets remove` with the real pip and wheels made here: nothing is fetched from anywhere.

use super::support::{digits, python, rtx_folders};
use super::{enginesmith, expect_code, json, stderr, stdout};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Writes a wheel for any system: its path, the package, the version, then pairs of names in the wheel and files.
const WHEEL: &str = r#"
import sys, zipfile
folder, package, version, *files = sys.argv[1:]
name = f"{package.replace('-', '_')}-{version}"
info = f"{name}.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-py3-none-any.whl", "w") as wheel:
    for inside, file in zip(files[::2], files[1::2]):
        wheel.write(file, inside)
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "".join(f"{f},,\n" for f in [*files[::2], f"{info}/METADATA", f"{info}/WHEEL"]))
"#;

fn wheel(folder: &Path, package: &str, version: &str, files: &[(String, PathBuf)]) {
    let mut command = python();
    command.args(["-c", WHEEL]).arg(folder).args([package, version]);
    for (inside, file) in files {
        command.arg(inside).arg(file);
    }
    assert!(command.status().unwrap().success(), "the wheel of {package} {version}");
}

/// The program with an index of its own, and nothing that names a library.
fn program(home: &Path) -> Command {
    let mut command = enginesmith(home);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_uppercase();
        if text.starts_with("PIP_") || text.starts_with("TENSORRT") || text.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    for name in ["LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"] {
        command.env_remove(name);
    }
    command.env("PIP_CONFIG_FILE", "/dev/null");
    command
}

fn with_wheels(home: &Path, wheels: &Path, arguments: &[&str]) -> Output {
    let mut command = program(home);
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels);
    command.args(arguments).output().expect("the program starts")
}

/// Names in the folder of an installed runtime.
fn installed(home: &Path, name: &str) -> Vec<String> {
    let folder = home.join("cache/enginesmith/runtimes").join(name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn installed_versions_stand_side_by_side_and_are_used_with_nothing_else_set() {
    let folders = rtx_folders();
    let (Some(old), Some(new)) = (folders.first(), folders.last()) else {
        // NVIDIA builds none for this system.
        return;
    };
    let (home, wheels) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let version = |folder: &Path| {
        folder
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let versions = [version(old), version(new)];
    for (folder, version) in [old, new].iter().zip(&versions) {
        let files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let files: Vec<_> = files
            .filter(|f| f.is_file())
            .map(|f| {
                (
                    format!("tensorrt_rtx_libs/{}", f.file_name().unwrap().to_str().unwrap()),
                    f,
                )
            })
            .collect();
        wheel(wheels.path(), "tensorrt-rtx-cu13-libs", version, &files);
    }
    let run = |arguments: &[&str]| with_wheels(home.path(), wheels.path(), arguments);
    let newest = run(&["targets", "install", "tensorrt-rtx"]);
    expect_code(&newest, 0);
    assert!(stdout(&newest).contains(&format!("installed tensorrt-rtx {}", versions[1])));
    let series: Vec<&str> = versions[0].split('.').take(2).collect();
    let first = format!("tensorrt-rtx@{}", series.join("."));
    expect_code(&run(&["targets", "install", &first]), 0);
    assert_eq!(installed(home.path(), "tensorrt-rtx"), versions);
    let again = run(&["targets", "install", &format!("tensorrt-rtx@{}", versions[0])]);
    assert!(stdout(&again).contains("already there"), "{}", stdout(&again));

    let targets = json(&run(&["targets", "--json"]), 0);
    let rtx = targets
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["name"] == "tensorrt-rtx")
        .unwrap();
    let found: Vec<&str> = rtx["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["version"].as_str().unwrap())
        .collect();
    assert!(versions.iter().all(|v| found.contains(&v.as_str())), "{found:?}");
    // The target alone means the newest, which is here the one that was installed; its first numbers mean the other.
    let model = digits().join("digits.onnx").display().to_string();
    let shapes = [
        "--min",
        "input:1x1x8x8",
        "--opt",
        "input:8x1x8x8",
        "--max",
        "input:32x1x8x8",
    ];
    for (target, version) in [("tensorrt-rtx", &versions[1]), (first.as_str(), &versions[0])] {
        let mut arguments = vec!["check", &model, "--target", target, "--require-parser", "--json"];
        arguments.extend(shapes);
        let checked = run(&arguments);
        assert_eq!(json(&checked, 0)["parser_asked"], true, "{}", stderr(&checked));
        let mut arguments = vec!["build", &model, "--target", target, "--json"];
        arguments.extend(shapes);
        let record = json(&run(&arguments), 0);
        assert_eq!(record["version"], **version);
    }

    expect_code(&run(&["targets", "remove", &first]), 0);
    assert_eq!(installed(home.path(), "tensorrt-rtx"), versions[1..]);
    let doctor = run(&["targets", "doctor", "tensorrt-rtx"]);
    expect_code(&doctor, 0);
    let text = stdout(&doctor);
    let place = home
        .path()
        .join("cache/enginesmith/runtimes/tensorrt-rtx")
        .join(&versions[1]);
    assert!(
        text.contains(&place.display().to_string()) && text.contains("ok      build"),
        "{text}"
    );
}

#[test]
fn a_version_that_is_not_there_says_which_are() {
    let (home, wheels) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let empty = wheels.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    for version in ["1.9.0", "1.10.1"] {
        let files = [("onnxruntime/capi/empty".to_owned(), empty.clone())];
        wheel(wheels.path(), "onnxruntime", version, &files);
    }
    let output = with_wheels(home.path(), wheels.path(), &["targets", "install", "onnxruntime@9"]);
    expect_code(&output, 2);
    assert!(stderr(&output).contains("it has 1.10.1, 1.9.0;"), "{}", stderr(&output));
    assert!(installed(home.path(), "onnxruntime").is_empty());
    expect_code(
        &with_wheels(home.path(), wheels.path(), &["targets", "install", "onnxruntime@1.9"]),
        0,
    );
    assert_eq!(installed(home.path(), "onnxruntime"), ["1.9.0"]);
}

#[test]
fn an_index_that_cannot_be_reached_is_told() {
    let home = tempfile::tempdir().unwrap();
    // A port that nobody listens on any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = program(home.path());
    command.env("PIP_INDEX_URL", format!("http://127.0.0.1:{port}/simple"));
    let output = command.args(["targets", "install", "onnxruntime"]).output().unwrap();
    expect_code(&output, 3);
    assert!(stderr(&output).contains("cannot be reached"), "{}", stderr(&output));
    assert!(installed(home.path(), "onnxruntime").is_empty());
}

#[test]
fn what_is_installed_is_not_asked_for_again() {
    let (home, wheels) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let empty = wheels.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let files = [("onnxruntime/capi/empty".to_owned(), empty)];
    wheel(wheels.path(), "onnxruntime", "1.9.3", &files);
    let first = with_wheels(home.path(), wheels.path(), &["targets", "install", "onnxruntime@1.9"]);
    expect_code(&first, 0);
    // The hash of the file that was fetched, for whoever wants to compare it.
    let file = wheels.path().join("onnxruntime-1.9.3-py3-none-any.whl");
    let hashed = Command::new("sha256sum").arg(file).output().unwrap();
    let hashed = stdout(&hashed);
    let sha256 = hashed.split(' ').next().unwrap();
    assert!(stdout(&first).contains(&sha256[..12]), "{sha256}: {}", stdout(&first));
    // Nobody listens on this port any more: whoever asks the index fails.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for version in ["onnxruntime@1.9", "onnxruntime@1.9.3", "onnxruntime@1"] {
        let mut command = program(home.path());
        command.env("PIP_INDEX_URL", format!("http://127.0.0.1:{port}/simple"));
        let output = command.args(["targets", "install", version]).output().unwrap();
        expect_code(&output, 0);
        assert!(
            stdout(&output).contains("already there"),
            "{version}: {}",
            stdout(&output)
        );
    }
}

/// A wheel with files outside of its folder, and a source package, which is a program: nothing of either is outside of the
/// folder of runtimes afterwards, and the program did not run.
#[test]
fn a_hostile_index_writes_nowhere_else_and_runs_nothing() {
    let (home, wheels) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let evil = wheels.path().join("evil");
    std::fs::write(&evil, "evil").unwrap();
    let beside = home.path().join("planted");
    let outside = [
        "../../../../../../../planted".to_owned(),
        beside.display().to_string(),
        "onnxruntime/capi/libonnxruntime.so.1.9.9".to_owned(),
    ];
    wheel(
        wheels.path(),
        "onnxruntime",
        "1.9.9",
        &outside.map(|name| (name, evil.clone())),
    );
    let output = with_wheels(home.path(), wheels.path(), &["targets", "install", "onnxruntime"]);
    assert_ne!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(installed(home.path(), "onnxruntime").is_empty());

    let (sources, ran) = (tempfile::tempdir().unwrap(), home.path().join("ran"));
    let folder = sources.path().join("onnxruntime-1.9.9");
    std::fs::create_dir(&folder).unwrap();
    let setup = format!(
        "open({:?}, 'w').close()\nfrom setuptools import setup\nsetup(name='onnxruntime', version='1.9.9')\n",
        ran
    );
    std::fs::write(folder.join("setup.py"), setup).unwrap();
    std::fs::write(
        folder.join("PKG-INFO"),
        "Metadata-Version: 2.1\nName: onnxruntime\nVersion: 1.9.9\n",
    )
    .unwrap();
    let packed = Command::new("tar")
        .args(["-czf", "onnxruntime-1.9.9.tar.gz", "onnxruntime-1.9.9"])
        .current_dir(sources.path())
        .status();
    assert!(packed.unwrap().success());
    let output = with_wheels(home.path(), sources.path(), &["targets", "install", "onnxruntime"]);
    assert_ne!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(!ran.exists(), "a package's own program ran");

    let mut found = vec![home.path().to_path_buf()];
    while let Some(folder) = found.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let name = entry.file_name();
            assert!(name != "planted" && name != "evil", "{}", entry.path().display());
            if entry.file_type().unwrap().is_dir() {
                found.push(entry.path());
            }
        }
    }
    assert!(!home.path().parent().unwrap().join("planted").exists());
}

#[test]
fn an_interrupt_in_the_middle_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    // An index that takes calls and never answers.
    let index = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = index.local_addr().unwrap().port();
    let mut command = program(home.path());
    command
        .env("PIP_INDEX_URL", format!("http://127.0.0.1:{port}/simple"))
        .args(["targets", "install", "onnxruntime"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let _call = index.accept().unwrap();
    assert_eq!(
        installed(home.path(), "onnxruntime").len(),
        1,
        "a folder that is not complete"
    );
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "still running after the interrupt"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(130));
    assert!(installed(home.path(), "onnxruntime").is_empty());
}
