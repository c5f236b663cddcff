//! Installations with a stand-in for Python whose pip does what each test wants.

use super::*;

/// A `python` whose pip reports `version` and installs as the shell lines say (`$target` is where, `$last` what).
#[cfg(unix)]
fn installer(folder: &Path, version: &str, lines: &str) -> Installer {
    use std::os::unix::fs::PermissionsExt;
    let python = folder.join("python3");
    let script = format!(
        "#!/bin/sh\n[ \"$3\" = --version ] && {{ echo 'pip {version} from nowhere'; exit 0; }}\n\
         for last in \"$@\"; do [ \"$before\" = --target ] && target=$last; before=$last; done\n{lines}\n"
    );
    std::fs::write(&python, script).unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    Installer {
        python: Some(python),
        root: folder.join("runtimes"),
    }
}

const WORKS: &str = "echo \"Collecting $last\"; echo 'Progress 5 of 10'\n\
    mkdir -p $target/onnxruntime/capi $target/onnxruntime-1.30.2.dist-info";

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().into_string().unwrap()).collect()
}

#[test]
#[cfg(unix)]
fn a_complete_installation_appears_under_its_version_and_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let installer = installer(folder.path(), "25.0", WORKS);
    let mut events = Vec::new();
    let got = installer
        .install("onnxruntime@1.30", &mut |e| events.push(e), &|| true)
        .unwrap();
    assert_eq!((got.version.as_str(), got.is_new), ("1.30.2", true));
    assert!(events.contains(&InstallEvent::Line("Collecting onnxruntime==1.30.*".into())));
    assert!(events.contains(&InstallEvent::Bytes { done: 5, total: 10 }));
    assert!(got.path.join("onnxruntime/capi").is_dir());
    let again = installer.install("onnxruntime@1.30.2", &mut |_| panic!("nothing to do"), &|| true);
    assert!(!again.unwrap().is_new);
    assert_eq!(names(&installer.root.join("onnxruntime")), ["1.30.2"]);
    assert_eq!(installer.installed().len(), 1);
    let error = installer.remove("onnxruntime@1.29.0").unwrap_err().to_string();
    assert!(error.contains("installed: 1.30.2"), "{error}");
    assert!(
        installer
            .remove("onnxruntime")
            .unwrap_err()
            .to_string()
            .contains("@VERSION")
    );
    std::fs::create_dir(installer.root.join("onnxruntime/1.30.3")).unwrap();
    let error = installer.remove("onnxruntime@1.30").unwrap_err().to_string();
    assert!(error.contains("more than one"), "{error}");
    installer.remove("onnxruntime@1.30.3").unwrap();
    installer.remove("onnxruntime@1.30").unwrap();
    assert!(names(&installer.root.join("onnxruntime")).is_empty());
}

#[test]
#[cfg(unix)]
fn failures_say_what_to_do_and_leave_nothing() {
    for (lines, words) in [
        (
            "echo 'WARNING: NewConnectionError' >&2; echo 'No matching distribution found' >&2; exit 1",
            "cannot be reached",
        ),
        (
            "echo 'ERROR: No matching distribution found for x' >&2; exit 1",
            "PyPI has none",
        ),
        (
            "echo 'ERROR: Could not find x (from versions: 1.9.0, 1.10.1)' >&2\n\
             echo 'ERROR: No matching distribution found for x' >&2; exit 1",
            "it has 1.10.1, 1.9.0;",
        ),
        (
            "mkdir -p $target/half; echo 'strange words' >&2; exit 2",
            "strange words",
        ),
        (
            "mkdir -p $target/half; echo 'OSError: [Errno 28] No space left on device' >&2; exit 2",
            "not enough room in",
        ),
        (
            "echo 'Traceback (most recent call last):' >&2; echo '  File \"a.py\", line 1' >&2; echo 'E: x' >&2; exit 2",
            "last):\nE: x",
        ),
        ("mkdir -p $target/other-1.0.dist-info", "has no onnxruntime/capi"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let installer = installer(folder.path(), "23.0", lines);
        let error = installer
            .install("onnxruntime", &mut |_| (), &|| true)
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
        assert!(names(&installer.root.join("onnxruntime")).is_empty());
    }
}

#[test]
#[cfg(unix)]
fn a_python_without_wheels_takes_those_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let lines =
        format!("case \"$*\" in *3.12*) ;; *) echo 'No matching distribution found' >&2; exit 1;; esac\n{WORKS}");
    let installer = installer(folder.path(), "25.0", &lines);
    assert_eq!(
        installer.install("onnxruntime", &mut |_| (), &|| true).unwrap().version,
        "1.30.2"
    );
}

#[test]
#[cfg(unix)]
fn a_cancel_ends_pip_and_leaves_nothing() {
    use std::cell::Cell;
    let folder = tempfile::tempdir().unwrap();
    let installer = installer(
        folder.path(),
        "25.0",
        "mkdir -p $target/onnxruntime; touch $TMPDIR/part; sleep 600 & echo $! >$TMPDIR/../../../pid; echo begun; wait",
    );
    let begun = Cell::new(false);
    let result = installer.install("onnxruntime", &mut |_| begun.set(true), &|| !begun.get());
    assert_eq!(result, Err(InstallError::Cancelled));
    // What pip had started is gone too, or waits for somebody to notice that it is.
    let pid = std::fs::read_to_string(installer.root.join("pid")).unwrap();
    let is_gone = || {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        state.map_or(true, |s| s.contains(") Z "))
    };
    // A busy machine takes a moment to end a process that was killed.
    for _ in 0..100 {
        if is_gone() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(is_gone(), "{pid}");
    assert!(begun.get() && names(&installer.root.join("onnxruntime")).is_empty());
}

#[test]
fn what_cannot_be_installed_is_said_before_anything_runs() {
    let installer = Installer {
        python: None,
        root: PathBuf::from("/nowhere"),
    };
    let mut none = |_| panic!("nothing runs");
    let mut error = |what: &str| installer.install(what, &mut none, &|| true).unwrap_err();
    assert!(matches!(error("tensorrt@10"), InstallError::Unavailable(m) if m.contains("pip install tensorrt")));
    assert!(matches!(error("tensorflow"), InstallError::Request(m) if m.contains("onnxruntime-gpu")));
    assert!(matches!(error("onnxruntime@new; rm"), InstallError::Request(_)));
    assert!(matches!(error("onnxruntime@../.."), InstallError::Request(_)));
    assert!(matches!(error("onnxruntime"), InstallError::Unavailable(m) if m.contains("python3")));
}
