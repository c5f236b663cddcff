//! A recipe as other tools' input: what it says, in their words, with notes on what they cannot say.

mod container;
mod gitlab;
mod python;
mod trtexec;

pub use container::{docker_line, dockerfile};
pub use gitlab::{GitlabJob, gitlab_job};
pub use python::python_script;
pub use trtexec::trtexec_line;

/// A text for another tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Projection {
    /// The line, script or file.
    pub text: String,
    /// What the other tool cannot do as the recipe says, as sentences.
    pub notes: Vec<String>,
}

/// The word quoted for a POSIX shell, where it needs to be.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The text as a string literal of JSON, which Python and YAML read too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for word in [
            "plain",
            "a b",
            "it's",
            "$(rm -rf x)",
            "",
            "`x`",
            "a\"b",
            "--opt=[1]",
            "é;&|<>",
        ] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", shell(word))])
                .output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), word);
        }
    }
}
