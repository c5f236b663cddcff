//! Asks TensorRT's ONNX parser about many models: `ask_parser FOLDER_OF_LIBRARIES < list of files > answers.jsonl`.
//!
//! One line of JSON per model, in the order of the list: `{file, version, supported, errors: [{code, node, op, text}]}`. What
//! is no model for the parser has `unreadable` (its words), a model that the library crashed or hung on has `crashed`. The
//! library runs in a child process, which is started again after a crash, so that one model does not cost the others.

use enginesmith_tensorrt::Library;
use enginesmith_tensorrt::sys::VersionedEnum;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Longest that one model may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[allow(dead_code, reason = "a test includes this file as a module")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let files = std::io::stdin().lines().collect::<Result<Vec<String>, _>>()?;
    match &arguments[..] {
        [folder] => {
            let child = || {
                let mut command = Command::new(std::env::current_exe()?);
                command.args([folder, "--answer"]);
                Ok(command)
            };
            ask_in_child(&child, &files, &mut |answer| println!("{answer}"))?;
            Ok(())
        }
        [folder, answer] if answer == "--answer" => answer_all(Path::new(folder), &files, &mut std::io::stdout()),
        _ => Err("usage: ask_parser FOLDER_OF_LIBRARIES < list of files".into()),
    }
}

/// Asks in this process and writes one line per file.
pub fn answer_all(folder: &Path, files: &[String], out: &mut dyn Write) -> Result<(), Box<dyn std::error::Error>> {
    let library = Library::load(folder)?;
    let builder = library.builder()?;
    for file in files {
        let mut answer = json!({"file": file, "version": library.version().to_string()});
        let mut network = builder.strongly_typed()?;
        let asked = std::fs::read(file).map_err(|e| e.to_string()).and_then(|bytes| {
            let mut parser = network.parser().map_err(|e| e.to_string())?;
            parser
                .supports(&bytes, Some(Path::new(file)))
                .map_err(|e| e.to_string())
        });
        match asked {
            Ok(support) => {
                let errors = support.errors.iter().map(|e| {
                    let code = e.code.map_or_else(|| e.number.to_string(), |c| c.name().to_owned());
                    json!({"code": code, "node": e.node, "op": e.node_operator, "text": e.description})
                });
                answer["errors"] = errors.collect();
                answer["supported"] = support.supported.into();
            }
            Err(error) => {
                answer["supported"] = false.into();
                answer["unreadable"] = error.into();
            }
        }
        writeln!(out, "\n{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Has a child process answer, which `child` makes a command for and which reads the files on its standard input; starts
/// another one behind a model that it did not survive.
pub fn ask_in_child(
    child: &dyn Fn() -> std::io::Result<Command>,
    files: &[String],
    found: &mut dyn FnMut(Value),
) -> std::io::Result<()> {
    let mut rest = files;
    while !rest.is_empty() {
        let mut process = child()?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(mut stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(std::io::Error::other("the child has no standard input or output"));
        };
        // The child reads the whole list before it starts; one that died already leaves a broken pipe, which its exit explains.
        let _ = stdin.write_all((rest.join("\n") + "\n").as_bytes());
        drop(stdin);
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The library writes to standard output too.
                if let Ok(answer @ Value::Object(_)) = serde_json::from_str(&line)
                    && sender.send(answer).is_err()
                {
                    return;
                }
            }
        });
        let before = rest.len();
        let mut end = "";
        while let [_, behind @ ..] = rest {
            match answers.recv_timeout(PATIENCE) {
                Ok(answer) => {
                    rest = behind;
                    found(answer);
                }
                Err(RecvTimeoutError::Timeout) => {
                    end = "no answer in time";
                    break;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if !end.is_empty() {
            process.kill()?;
        }
        let status = process.wait()?;
        if let [file, behind @ ..] = rest {
            if rest.len() == before && before == files.len() && status.code().is_some_and(|c| c != 0) {
                return Err(std::io::Error::other(format!(
                    "the child did not answer at all: {status}"
                )));
            }
            let crashed = if end.is_empty() { status.to_string() } else { end.into() };
            found(json!({"file": file, "supported": false, "crashed": crashed}));
            rest = behind;
        }
    }
    Ok(())
}
