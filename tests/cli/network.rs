//! No silent network: what every command and target does is watched with strace, in a home folder that is empty. A socket
//! that could leave this machine, or a file written outside of our own folders, fails.

use super::support;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// System calls that make, rename or open what lies in a folder, and all of the network.
const WATCHED: &str = "trace=%network,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat";

/// What a command must not do, and how it ended.
struct Seen {
    code: Option<i32>,
    words: String,
    trouble: BTreeSet<String>,
}

/// Runs a program with `home` as its home folder, temporary folder and place of work, and looks at all that it and its
/// children ask of the system.
fn watch<S: AsRef<std::ffi::OsStr>>(home: &Path, program: &Path, arguments: impl IntoIterator<Item = S>) -> Seen {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("calls");
    let temporary = home.join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-yy",
            "-s",
            "4096",
            "-e",
            WATCHED,
            "-e",
            "signal=none",
            "-o",
        ])
        .arg(&log)
        .arg(program)
        .args(arguments)
        .current_dir(home);
    for variable in [
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "ORT_DISABLE_TELEMETRY",
    ] {
        command.env_remove(variable);
    }
    let output = command
        .env("HOME", home)
        .env("TMPDIR", &temporary)
        .envs(support::openvino_folder().map(|real| ("ENGINESMITH_TEST_PLUGIN", real_plugin(&real))))
        .output()
        .expect("strace: run tests/setup.sh");
    let calls = std::fs::read_to_string(&log).expect("strace may watch programs here");
    let ours = [
        home.join(".local/share/enginesmith"),
        home.join(".cache/enginesmith"),
        temporary,
        home.join("out"),
    ];
    Seen {
        code: output.status.code(),
        words: String::from_utf8_lossy(&output.stderr).into_owned(),
        trouble: calls.lines().filter_map(|call| trouble(call, home, &ours)).collect(),
    }
}

/// Whether a network call concerns sockets of this machine only: pairs of processes, and the C library's question to its
/// name service (users and groups; bash asks when it starts), which depends on the machine and not on us.
fn stays_here(name: &str, arguments: &str) -> bool {
    match name {
        "socket" | "socketpair" => arguments.starts_with("AF_UNIX,"),
        "connect" => ["/var/run/nscd/", "/run/nscd/", "/run/systemd/userdb/"]
            .iter()
            .any(|service| arguments.contains(&format!("sun_path=\"{service}"))),
        _ => arguments
            .split_once('<')
            .is_some_and(|(_, socket)| socket.starts_with("UNIX-")),
    }
}

/// Why a call is none that we make; none for one that is.
fn trouble(call: &str, home: &Path, ours: &[PathBuf]) -> Option<String> {
    let call = call.split_once(' ').map_or(call, |(_pid, call)| call.trim_start());
    let (name, arguments) = call.split_once('(')?;
    let is_whole = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if arguments.contains(" = -1 ") || !is_whole {
        return None;
    }
    let opens = ["open", "openat"].contains(&name);
    let makes = [
        "creat",
        "mkdir",
        "mkdirat",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "mknod",
        "mknodat",
    ];
    if !opens && !makes.contains(&name) {
        return (!stays_here(name, arguments)).then(|| call.to_owned());
    }
    if opens
        && !["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"]
            .iter()
            .any(|flag| arguments.contains(flag))
    {
        return None;
    }
    // What a call makes is its last path. Folders on the way to ours are ours to make.
    let path = PathBuf::from(arguments.split('"').nth_back(1)?);
    let folder = arguments
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or(home, |(at, _)| Path::new(at));
    let path = folder.join(path);
    let system = ["/dev", "/proc"].iter().any(|place| path.starts_with(place));
    let inside = ours.iter().any(|place| path.starts_with(place));
    let towards = name.starts_with("mkdir") && ours.iter().any(|place| place.starts_with(&path));
    (!system && !inside && !towards).then(|| call.to_owned())
}

/// Library option of a target whose library the set-up fetched; none for targets that have theirs in the program or none
/// here.
fn libraries(target: &str) -> Vec<Option<PathBuf>> {
    match target {
        "onnxruntime-cpu" => std::iter::once(support::onnxruntime_library())
            .chain(support::older_onnxruntime_library())
            .map(Some)
            .collect(),
        "tensorrt-rtx" => support::rtx_folders().into_iter().map(Some).collect(),
        _ => vec![None],
    }
}

const PLUGIN: &str = "libonnxruntime_providers_openvino_plugin.so";

/// Finds its other libraries beside itself, so it stays where it is.
fn real_plugin(real: &Path) -> PathBuf {
    real.join("onnxruntime_ep_openvino").join(PLUGIN)
}

/// Puts OpenVINO's plugin where `targets install openvino` does, behind the library that says that this processor is Intel's:
/// the plugin offers itself to no other (tests/onnxruntime/plugin.rs).
fn install_openvino(home: &Path, real: &Path) {
    let root = home.join(".cache/enginesmith/runtimes/openvino/1.8.1");
    let folder = root.join("onnxruntime_ep_openvino");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(real.join("onnxruntime"), root.join("onnxruntime")).unwrap();
    let built = Command::new("g++")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(folder.join(PLUGIN))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnxruntime/intel.cpp"))
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success());
}

#[test]
fn no_target_opens_a_connection_or_writes_outside_our_folders() {
    let program = Path::new(env!("CARGO_BIN_EXE_enginesmith"));
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let model = support::digits().join("digits.onnx");
    for target in enginesmith::engine::TARGETS {
        for library in libraries(target) {
            let option = library.map(|path| format!("library={}", path.display()));
            let option = option.iter().flat_map(|option| ["--option", option]);
            let mut arguments = vec![
                "bench",
                model.to_str().unwrap(),
                "--target",
                target,
                "--duration",
                "0.2",
            ];
            arguments.extend(option.clone());
            let seen = watch(&home, program, &arguments);
            assert_eq!(seen.trouble, BTreeSet::new(), "{arguments:?}");
            if ["embedded", "onnxruntime-cpu"].contains(&target) {
                assert_eq!(seen.code, Some(0), "{arguments:?}: {}", seen.words);
            }
            if target == "tensorrt-rtx" {
                let mut arguments = vec![
                    "build",
                    model.to_str().unwrap(),
                    "--target",
                    target,
                    "-o",
                    "out/a.engine",
                    "--force",
                ];
                std::fs::create_dir_all(home.join("out")).unwrap();
                arguments.extend([
                    "--min",
                    "input:1x1x8x8",
                    "--opt",
                    "input:8x1x8x8",
                    "--max",
                    "input:32x1x8x8",
                ]);
                arguments.extend(["--option", "compute_capability=8.6"]);
                arguments.extend(option);
                let seen = watch(&home, program, &arguments);
                assert_eq!(seen.trouble, BTreeSet::new(), "{arguments:?}");
                assert_eq!(seen.code, Some(0), "{arguments:?}: {}", seen.words);
            }
        }
    }
    if let Some(real) = support::openvino_folder() {
        install_openvino(&home, &real);
        let arguments = [
            "bench",
            model.to_str().unwrap(),
            "--target",
            "openvino",
            "--duration",
            "0.2",
        ];
        let seen = watch(&home, program, arguments);
        assert_eq!(seen.trouble, BTreeSet::new(), "{arguments:?}");
        assert_eq!(seen.code, Some(0), "{arguments:?}: {}", seen.words);
    }
    let recipe = support::digits().join("recipe.toml");
    let recipe = recipe.to_str().unwrap();
    for arguments in [
        vec!["targets"],
        vec!["check", recipe],
        vec!["run", recipe, "-o", "out/report"],
        vec!["history"],
    ] {
        let seen = watch(&home, program, &arguments);
        assert_eq!(seen.trouble, BTreeSet::new(), "{arguments:?}");
        assert_eq!(seen.code, Some(0), "{arguments:?}: {}", seen.words);
    }
    let there: BTreeSet<_> = std::fs::read_dir(&home)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    let allowed = [".cache", ".local", "out", "tmp"].map(Into::into);
    assert!(there.is_subset(&allowed.into()), "{there:?}");
    let left: Vec<_> = std::fs::read_dir(home.join("tmp"))
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    assert!(left.is_empty(), "temporary files are gone: {left:?}");
}

/// What is watched for is seen.
#[test]
fn a_program_that_connects_or_writes_elsewhere_is_caught() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let script = "import os, socket\nos.makedirs('.cache/elsewhere')\nopen('.cache/elsewhere/x', 'w').close()\n\
                  os.makedirs('.cache/enginesmith')\nopen('.cache/enginesmith/x', 'w').close()\nsocket.socket().close()\n\
                  local = socket.socket(socket.AF_UNIX)\ntry:\n    local.connect('/var/run/nscd/socket')\nexcept OSError:\n    pass\n\
                  server = socket.socket(socket.AF_UNIX)\nserver.bind('tmp/s')\nserver.listen()\nsocket.socket(socket.AF_UNIX).connect('tmp/s')\n\
                  one, two = socket.socketpair()\none.send(b'x')\ntwo.recv(1)\n";
    let seen = watch(&home, Path::new("python3"), ["-B", "-c", script]);
    assert_eq!(seen.code, Some(0), "{}", seen.words);
    let trouble: Vec<_> = seen.trouble.iter().map(String::as_str).collect();
    assert_eq!(trouble.len(), 4, "{trouble:#?}");
    assert!(trouble.iter().any(|call| call.starts_with("connect(")), "{trouble:#?}");
    assert!(trouble.iter().any(|call| call.starts_with("socket(")), "{trouble:#?}");
    assert!(
        trouble.iter().filter(|call| call.contains("elsewhere")).count() == 2,
        "{trouble:#?}"
    );
}
