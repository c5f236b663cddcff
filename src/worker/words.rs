//! Splitting a command prefix into words as a shell does.

/// Words of a command line: blanks separate, `'...'` keeps everything, `"..."` keeps blanks and takes `\"`, `\\`, `\$`
/// and `` \` `` as escapes, a backslash outside quotes keeps the next character. Variables and globs are not expanded.
///
/// # Errors
/// A quote that is not closed, or a backslash at the end.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err(format!("{line}: a ' is not closed")),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err(format!("{line}: a \" is not closed")),
                        },
                        Some(c) => word.push(c),
                        None => return Err(format!("{line}: a \" is not closed")),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err(format!("{line}: ends with a backslash")),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The word as a POSIX shell would have to be given it.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (line, words) in [
            ("ssh -p 22 gpu-box", vec!["ssh", "-p", "22", "gpu-box"]),
            ("  a\t b\n", vec!["a", "b"]),
            (
                r#"sh -c 'cd /tmp && exec "$0"' x"#,
                vec!["sh", "-c", r#"cd /tmp && exec "$0""#, "x"],
            ),
            (r#""a b"c\ d '' "\"\n""#, vec!["a bc d", "", r#""\n"#]),
            ("", vec![]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for line in ["a 'b", "a \"b", "a \"b\\", "a\\"] {
            assert!(split(line).unwrap_err().contains(line), "{line}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_word_is_split_back_into_itself(word in ".{0,20}") {
            prop_assert_eq!(split(&quote(&word)), Ok(vec![word]));
        }
    }
}
