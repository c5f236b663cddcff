//! Words that were meant as commands: `enginesmith FILE` opens the studio, so a slip in a command's name would.

use super::args::Cli;
use super::exit::CliError;
use crate::recipe::de::suggest;
use clap::CommandFactory;
use std::ffi::OsString;
use std::path::Path;

/// Refuses arguments whose first word is neither a command nor a file, nor like the name of one.
///
/// # Errors
/// Exit code 2: the word, and the command that comes nearest.
pub fn refuse_unknown(arguments: &[OsString]) -> Result<(), CliError> {
    let Some(first) = arguments.get(1) else { return Ok(()) };
    // `help COMMAND` takes a command as well.
    let word = match arguments.get(2) {
        Some(second) if first == "help" => second,
        _ => first,
    };
    let text = word.to_string_lossy();
    let path = Path::new(word);
    let names = names();
    let is_file = path.extension().is_some() || path.components().count() > 1 || path.exists();
    if text.is_empty() || text.starts_with('-') || names.iter().any(|n| *n == *text) || (is_file && word == first) {
        return Ok(());
    }
    let none = if word == first {
        "command and no file"
    } else {
        "command"
    };
    Err(CliError::unusable(format!(
        "there is no {none} {text:?}{}",
        suggest(&text, &names)
    )))
}

/// Commands and their other names.
fn names() -> Vec<String> {
    let mut names = vec!["help".to_owned()];
    for command in Cli::command().get_subcommands() {
        names.push(command.get_name().to_owned());
        names.extend(command.get_all_aliases().map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Result<(), String> {
        let words = std::iter::once("enginesmith").chain(words.iter().copied());
        refuse_unknown(&words.map(OsString::from).collect::<Vec<_>>()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_slip_in_a_command_names_the_command() {
        for (words, near) in [
            (vec!["swep", "m.onnx"], "sweep"),
            (vec!["swep"], "sweep"),
            (vec!["Build", "m.onnx"], "build"),
            (vec!["quantise", "m.onnx", "-o", "x"], "quantize"),
            (vec!["help", "chek"], "check"),
            (vec!["sensitivty"], "sensitivity"),
        ] {
            let error = said(&words).unwrap_err();
            assert!(error.contains(&format!("did you mean {near:?}")), "{words:?}: {error}");
        }
        let error = said(&["frobnicate"]).unwrap_err();
        assert!(error.contains("known are") && error.contains("inspect"), "{error}");
    }

    #[test]
    fn commands_options_and_files_pass() {
        for words in [
            vec![],
            vec!["sweep", "m.onnx"],
            vec!["sensitivity"],
            vec!["help"],
            vec!["help", "bench"],
            vec!["--help"],
            vec!["m.onnx"],
            vec!["folder/model"],
            vec!["src"],
        ] {
            assert_eq!(said(&words), Ok(()), "{words:?}");
        }
    }
}
