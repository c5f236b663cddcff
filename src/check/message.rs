//! What a parser's message says to people: its sentence, without the C++ condition that failed and the source line.

/// The sentence in a message of NVIDIA's parser, without a full stop at its end; none when it only has a condition. Four
/// forms are known: `Assertion failed: CONDITION: SENTENCE`, `CONDITION && "SENTENCE"`,
/// `Error Code 4: Shape Error (NODE: SENTENCE In FUNCTION at FILE)`, and a bare sentence.
pub(super) fn sentence(text: &str, node: &str) -> Option<String> {
    let text = text.trim();
    let found = match quoted(text) {
        Some(quoted) => quoted,
        None => match text.split_once("Assertion failed: ") {
            Some((_, assertion)) => after_condition(assertion)?.to_string(),
            None => match text.split_once("Error Code ") {
                Some((_, error)) => inside(error, node)?.to_string(),
                None => bare(text)?.to_string(),
            },
        },
    };
    let found = found.lines().next().unwrap_or_default();
    let found = found.trim().trim_end_matches(['.', '!']);
    (!found.is_empty()).then(|| found.to_string())
}

/// The string literals after `&&`, as C++ joins them.
fn quoted(text: &str) -> Option<String> {
    let (_, literals) = text.split_once("&& \"")?;
    let joined = literals.trim_end().trim_end_matches('"').replace("\" \"", "");
    Some(joined)
}

/// What follows the first colon outside of brackets and quotes that a blank follows.
fn after_condition(text: &str) -> Option<&str> {
    let (mut depth, mut is_quoted) = (0usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '(' | '[' | '{' if !is_quoted => depth += 1,
            ')' | ']' | '}' if !is_quoted => depth = depth.saturating_sub(1),
            ':' if !is_quoted && depth == 0 => {
                if let Some(rest) = text.get(at + 1..).and_then(|rest| rest.strip_prefix(' ')) {
                    return Some(rest);
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands in the parentheses of `4: Shape Error (...)`, up to the function it was said in, without the node's name.
fn inside<'t>(text: &'t str, node: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(" (")?;
    let said = rest.split(" In ").next().unwrap_or(rest);
    let said = said
        .strip_prefix(node)
        .and_then(|s| s.strip_prefix(": "))
        .unwrap_or(said);
    // Conditions in words of the source.
    let is_condition = ["Assertion ", "Parameter check failed"]
        .iter()
        .any(|c| said.starts_with(c));
    (!is_condition).then_some(said)
}

/// The first line, when it is not only a name or a condition.
fn bare(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim();
    let is_one = line.contains(' ') && !line.starts_with("Invalid Node - ");
    is_one.then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_found_in_every_form() {
        for (text, wanted) in [
            ("false", None),
            ("Invalid Node - node", None),
            ("something new", Some("something new")),
            (
                "Unsupported data type in randomNormal",
                Some("Unsupported data type in randomNormal"),
            ),
            (
                "(p == 1 || p == 2) && \"Only L1 and L2 normalization are supported.\"",
                Some("Only L1 and L2 normalization are supported"),
            ),
            (
                "(mode == \"a\") && \"TensorRT only supports a and \" \"b modes!\"",
                Some("TensorRT only supports a and b modes"),
            ),
            (
                "Assertion failed: (t == DataType::kFLOAT || f(a, \"x: y\")): Only FLOAT. The type = BF16.",
                Some("Only FLOAT. The type = BF16"),
            ),
            ("Assertion failed: plugin != nullptr", None),
            (
                "Invalid Node - node\nITensor::getDimensions: Error Code 4: API Usage Error (node: input has type Int32 but \
                 must have type FP8. In checkType at /_src/a.cpp:456)\n[a.cpp::b::250] Error Code 1: Cuda Runtime (In c)",
                Some("input has type Int32 but must have type FP8"),
            ),
            (
                "Invalid Node - n\nINetwork: Error Code 3: API Usage Error (Parameter check failed, condition: (k).nbDims == 2. \
                 In addConvolutionNd at /_src/n.cpp:1)",
                None,
            ),
            (
                "Failed to import: In node -1 with name: x: Assertion failed: a()->b(c, &d): Failed to import initializer: min",
                Some("Failed to import initializer: min"),
            ),
            ("Assertion failed: ((((\u{e9}:: ", None),
            ("Error Code (", Some("")),
        ] {
            let wanted = wanted.filter(|w: &&str| !w.is_empty()).map(String::from);
            assert_eq!(sentence(text, "node"), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in ".{0,80}", head in "(Assertion failed: |Error Code 4: |&& \")?", node in ".{0,4}") {
            let _ = sentence(&format!("{head}{text}"), &node);
        }
    }
}
