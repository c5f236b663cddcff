//! Mistakes that people make: slips in names, outputs in the wrong place, readers that go away. One sentence, exit code 2,
//! and everything as it was.

use super::support::digits;
use super::{enginesmith, expect_code, run, stderr, stdout};
#[cfg(target_os = "linux")]
use enginesmith::model::onnx::GraphProto;
use std::path::Path;
use std::process::{Output, Stdio};

/// The folder's files with their contents.
fn contents(home: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(home)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file())
        .map(|p| (p.display().to_string(), std::fs::read(&p).unwrap()))
        .collect();
    all.sort();
    all
}

/// Runs the words, and asserts exit code 2, one line that starts with `error: ` and has every part, nothing on standard
/// output, and that every file is as it was.
fn refused(home: &Path, words: &str, parts: &[&str]) {
    let before = contents(home);
    let output = run(home, words.split_whitespace());
    expect_code(&output, 2);
    let said = stderr(&output);
    let errors = said.lines().filter(|l| l.contains("error:")).count();
    assert_eq!(errors, 1, "{words}: {said}");
    for part in parts {
        assert!(said.contains(part), "{words}: {part:?} is missing in: {said}");
    }
    assert!(
        !said.contains("os error") && !said.contains("panicked"),
        "{words}: {said}"
    );
    assert_eq!(stdout(&output), "", "{words}");
    assert!(contents(home) == before, "{words}: files changed");
}

/// A folder with the demo model as `m.onnx`, an array file that fits and one that does not.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::copy(digits().join("digits.onnx"), home.path().join("m.onnx")).unwrap();
    std::fs::copy(digits().join("calibration.npz"), home.path().join("data.npz")).unwrap();
    std::fs::write(home.path().join("other.onnx"), "mine").unwrap();
    std::fs::write(home.path().join("picture.png"), b"\x89PNG\r\n\x1a\nIHDR").unwrap();
    std::fs::create_dir(home.path().join("folder")).unwrap();
    home
}

#[test]
fn a_slip_in_a_command_names_the_command() {
    let home = home();
    refused(home.path(), "swep m.onnx", &["swep", "did you mean \"sweep\""]);
    refused(home.path(), "swep", &["swep", "did you mean \"sweep\""]);
    refused(
        home.path(),
        "quantise m.onnx --data d -o x",
        &["did you mean \"quantize\""],
    );
    refused(home.path(), "help chek", &["did you mean \"check\""]);
    refused(home.path(), "frobnicate m.onnx", &["frobnicate", "inspect", "bench"]);
}

#[test]
fn every_command_says_alike_what_is_no_model() {
    let home = home();
    let commands = [
        "inspect M",
        "check M",
        "build M",
        "bench M",
        "compare M",
        "profile M",
        "sweep M",
        "accuracy M",
        "accuracy m.onnx --against M",
        "bisect M",
        "bisect m.onnx --against M",
        "clean M -o x.onnx",
        "resize M --fix batch=1 -o x.onnx",
        "cast M --to fp16 -o x.onnx",
        "quantize M -o x.onnx",
        "search M --to int8",
    ];
    for command in commands {
        let with = |file: &str| command.replace('M', file);
        refused(home.path(), &with("nope.onnx"), &["nope.onnx: there is no such file"]);
        refused(home.path(), &with("folder"), &["folder: it is a folder"]);
        refused(
            home.path(),
            &with("picture.png"),
            &["picture.png: not an ONNX file", "a picture"],
        );
    }
    refused(home.path(), "run nope.toml", &["nope.toml: there is no such file"]);
    refused(home.path(), "run m.onnx", &["m.onnx", "run takes a recipe"]);
    refused(home.path(), "run folder", &["folder: it is a folder"]);
}

#[test]
fn outputs_that_must_not_be_written() {
    let home = home();
    let commands = [
        "clean m.onnx",
        "resize m.onnx --fix batch=1",
        "cast m.onnx --to fp16",
        "quantize m.onnx",
        "build m.onnx",
        "search m.onnx --to int8 --keep 1",
    ];
    for command in commands {
        refused(
            home.path(),
            &format!("{command} -o other.onnx"),
            &["other.onnx", "--force"],
        );
        for force in ["", "--force"] {
            let to = |file: &str| format!("{command} {force} -o {file}");
            refused(home.path(), &to("m.onnx"), &["m.onnx", "the model itself"]);
            refused(home.path(), &to("folder/../m.onnx"), &["the model itself"]);
            refused(home.path(), &to("folder"), &["folder", "is a folder"]);
            refused(
                home.path(),
                &to("no/where.onnx"),
                &["no/where.onnx", "there is no folder no"],
            );
            refused(home.path(), &to("-"), &["standard output", "name of a file"]);
        }
        #[cfg(unix)]
        refused(
            home.path(),
            &format!("{command} -o /dev/null"),
            &["/dev/null", "a device"],
        );
    }
    for command in ["bench m.onnx --export-times", "compare m.onnx -o", "sweep m.onnx -o"] {
        let file = |name: &str| format!("{command} {name}");
        refused(home.path(), &file("no/where.json"), &["there is no folder no"]);
        std::fs::write(home.path().join("kept.json"), "mine").unwrap();
        refused(home.path(), &file("kept.json"), &["kept.json", "--force"]);
    }
    refused(
        home.path(),
        "bench m.onnx --force --export-times m.onnx",
        &["the model itself"],
    );
}

#[test]
fn names_and_numbers_that_mean_nothing() {
    let home = home();
    let lower = ["cast m.onnx --to fp16 -o x.onnx", "quantize m.onnx -o x.onnx"];
    for command in lower {
        let with = |option: &str| format!("{command} {option}");
        refused(
            home.path(),
            &with("--exclude /stem/stem.0/Cnov"),
            &["m.onnx", "did you mean \"/stem/stem.0/Conv\""],
        );
        refused(
            home.path(),
            &with("--include nothing*"),
            &["--include", "nothing*", "m.onnx"],
        );
        refused(
            home.path(),
            &with("--exclude-op Cnv"),
            &["m.onnx", "did you mean \"Conv\""],
        );
        refused(
            home.path(),
            &with("--include-op Frob"),
            &["--include-op", "Frob", "Relu"],
        );
        refused(home.path(), &with("--samples 0"), &["--samples", "from 1 on"]);
        refused(
            home.path(),
            &with("--data nope"),
            &["--data", "nope", "there is no such file"],
        );
        refused(home.path(), &with("--data data.npz"), &["images", "--array input=NAME"]);
    }
    for (words, parts) in [
        (
            "cast m.onnx --to fp16 -o x.onnx --max-activation -1",
            ["--max-activation", "above zero"],
        ),
        (
            "cast m.onnx --to fp16 -o x.onnx --max-weight nan",
            ["--max-weight", "above zero"],
        ),
        ("quantize m.onnx -o x.onnx --block 64", ["--block", "int4"]),
        ("compare m.onnx --batch 1,x", ["--batch", "from 1 on"]),
        ("compare m.onnx --threads 0", ["--threads", "from 1 on"]),
        ("bench m.onnx --threads 0", ["--threads", "from 1 on"]),
        ("sweep m.onnx --max-batch 0", ["--max-batch", "from 1 on"]),
        ("bench m.onnx --duration -1s", ["--duration", "-1s"]),
        ("build m.onnx --workspace -1", ["--workspace", "-1"]),
        (
            "bench m.onnx --shape input:1x1x8x8 --shape input:2x1x8x8",
            ["--shape", "a second shape"],
        ),
        (
            "build m.onnx --min input:4x1x8x8 --max input:2x1x8x8",
            ["--max", "smaller than min 4"],
        ),
        ("bench m.onnx --option threads=0", ["threads = 0", "1 to 1024"]),
        ("accuracy m.onnx --limit -1", ["--limit", "above zero"]),
        ("accuracy m.onnx --against embeded", ["embeded", "onnxruntime-cpu"]),
        (
            "accuracy m.onnx --against embedded --against embedded",
            ["--against", "two of a kind"],
        ),
        (
            "compare m.onnx --baseline nope.json",
            ["nope.json", "there is no such file"],
        ),
        (
            "compare m.onnx --baseline picture.png",
            ["picture.png", "not a comparison"],
        ),
        ("targets install onnxruntime --json", ["--json", "targets doctor"]),
        ("search m.onnx --to int8 --test nope.npz", ["--test", "nope.npz"]),
    ] {
        refused(home.path(), words, &parts);
    }
}

#[test]
fn what_is_not_here_is_said_once() {
    let home = home();
    for (words, code, said) in [
        ("bench m.onnx --target embedded@9", 3, "not 9"),
        (
            "bench m.onnx --via no-such-program",
            3,
            "no-such-program cannot be started: there is no such file",
        ),
    ] {
        let output = run(home.path(), words.split_whitespace());
        expect_code(&output, code);
        assert_eq!(stderr(&output).matches(said).count(), 1, "{}", stderr(&output));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let home = home();
    let odd = |end: &str| {
        let name = [b"odd\xff", end.as_bytes()].concat();
        std::ffi::OsStr::from_bytes(&name).to_os_string()
    };
    let (model, out) = (odd(".onnx"), odd("-clean.onnx"));
    std::fs::copy(home.path().join("m.onnx"), home.path().join(&model)).unwrap();
    let told = run(home.path(), ["bench".as_ref(), model.as_os_str()]);
    expect_code(&told, 2);
    assert!(stderr(&told).contains("not UTF-8"), "{}", stderr(&told));
    // What needs no recipe takes any name.
    let words = [
        "clean".as_ref(),
        model.as_os_str(),
        "-o".as_ref(),
        out.as_os_str(),
        "--json".as_ref(),
    ];
    let value = super::json(&run(home.path(), words), 0);
    assert_eq!(value["output"], "odd\u{fffd}-clean.onnx");
    assert!(home.path().join(out).is_file());
}

/// The program with its standard output going where `to` says.
fn printing_to(home: &Path, words: &str, to: Stdio) -> Output {
    let mut command = enginesmith(home);
    command.args(words.split_whitespace()).stdout(to);
    command.spawn().expect("the program starts").wait_with_output().unwrap()
}

/// A pipe that nobody reads.
#[cfg(unix)]
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let home = home();
    for words in [
        "inspect m.onnx",
        "inspect m.onnx --json",
        "check m.onnx",
        "targets",
        "history",
        "--help",
    ] {
        let output = printing_to(home.path(), words, unread());
        assert_eq!(output.status.code(), Some(0), "{words}");
    }
    let output = printing_to(home.path(), "clean m.onnx -o out.onnx", unread());
    assert_eq!(output.status.code(), Some(0));
    assert!(home.path().join("out.onnx").is_file());
    // The same with progress that nobody reads.
    let mut command = enginesmith(home.path());
    let status = command.args(["check", "m.onnx"]).stderr(unread()).stdout(Stdio::null());
    assert_eq!(status.status().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let home = home();
    for words in ["inspect m.onnx", "check m.onnx --json"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = enginesmith(home.path());
        let output = command
            .args(words.split_whitespace())
            .stdout(full)
            .stderr(Stdio::piped());
        let output = output.spawn().unwrap().wait_with_output().unwrap();
        expect_code(&output, 2);
        assert!(stderr(&output).contains("could not be printed"), "{}", stderr(&output));
    }
}

/// A model of 128 MiB.
#[cfg(target_os = "linux")]
fn large_model(path: &Path) {
    use super::support::onnx::{floats, node, value, write};
    use enginesmith::model::DataType::Float32;
    let values = vec![0.5f32; 32 << 20];
    let mut matmul = node("MatMul", &["x", "w"], &["y"]);
    matmul.name = Some("m".into());
    write(
        path,
        GraphProto {
            name: Some("large".into()),
            node: vec![matmul],
            input: vec![value("x", Float32, &[1, 1024])],
            output: vec![value("y", Float32, &[1, 32 << 10])],
            initializer: vec![floats("w", &[1024, 32 << 10], &values)],
            ..GraphProto::default()
        },
    );
}

/// Ctrl+C while a model is written: nothing half-written stays, whenever it comes.
#[cfg(target_os = "linux")]
#[test]
fn interrupted_writing_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    large_model(&home.path().join("large.onnx"));
    let mut cancelled = 0;
    for delay_ms in [20, 60, 120, 250, 400] {
        let mut command = enginesmith(home.path());
        command.args(["clean", "large.onnx", "-o", "out.onnx", "--force"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        let kill = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = child.wait().unwrap();
        cancelled += usize::from(status.code() == Some(130));
        let mut names: Vec<_> = std::fs::read_dir(home.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|n| n != "data" && n != "cache")
            .collect();
        names.sort();
        let whole = names == ["large.onnx", "out.onnx"];
        assert!(
            whole || names == ["large.onnx"],
            "after {delay_ms} ms: {names:?}, {status:?}"
        );
    }
    assert!(cancelled > 0, "every run was faster than its Ctrl+C");
}
