//! The static rules for TensorRT-RTX against its real parsers: the table is what they said, and on other models than it was
//! made from the rules agree with them as docs/checks/agreement.md says.
//!
//! `ENGINESMITH_WRITE_AGREEMENT=1` writes table and document anew instead of comparing with them.

use crate::ask_parser::{answer_all, ask_in_child};
use crate::support::{python, reference, rtx_folders};
use enginesmith::check::{Evidence, ParserError, ParserReport, Request, Severity, check};
use enginesmith::graph::Graph;
use enginesmith::model::Model;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const LIBRARY: &str = "ENGINESMITH_TEST_ASK";
const DOCUMENT: &str = "docs/checks/agreement.md";
const TABLE: &str = "src/check/tables/rtx_operators.tsv";
const TOOLS: &str = "src/check/tables/corpus";

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn writes() -> bool {
    std::env::var_os("ENGINESMITH_WRITE_AGREEMENT").is_some_and(|v| v == "1")
}

/// This program again, running `test` as a process that answers for one library; what `answer_if_child` is for.
fn ask(test: &str, library: &Path, files: &[String]) -> Vec<Value> {
    let child = || {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(LIBRARY, library);
        Ok(command)
    };
    let mut answers = Vec::with_capacity(files.len());
    ask_in_child(&child, files, &mut |answer| answers.push(answer)).unwrap();
    assert_eq!(answers.len(), files.len(), "{}", library.display());
    answers
}

/// True in the process that answers, which it has then done.
fn answer_if_child() -> bool {
    let Some(folder) = std::env::var_os(LIBRARY) else {
        return false;
    };
    let files: Vec<String> = std::io::stdin().lines().collect::<Result<_, _>>().unwrap();
    answer_all(Path::new(&folder), &files, &mut std::io::stdout()).unwrap();
    true
}

/// The libraries; none only where NVIDIA builds none.
fn libraries() -> Vec<PathBuf> {
    let folders = rtx_folders();
    let built = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    assert!(!folders.is_empty() || !built, "no TensorRT-RTX: run tests/setup.sh");
    folders
}

/// Version by which the libraries answered.
fn version(answers: &[Value]) -> String {
    let words = answers.iter().find_map(|a| a["version"].as_str()).expect("a version");
    words.rsplit(' ').next().unwrap_or_default().into()
}

/// What the rules say against a model: rule and operator of each error. Shape ranges are not the parser's business.
fn static_errors(path: &str, version: &str) -> Vec<(String, String)> {
    let graph = Graph::new(Arc::new(Model::open(Path::new(path)).unwrap()));
    let request = Request {
        target: "tensorrt-rtx".into(),
        version: Some(version.into()),
        ..Default::default()
    };
    let findings = check(&graph, &request).unwrap().findings;
    let errors = findings
        .into_iter()
        .filter(|f| f.severity == Severity::Error && !f.rule.starts_with("shape."));
    errors.map(|f| (f.rule, f.reason)).collect()
}

/// What came of one set of models and one library.
#[derive(Default)]
struct Outcome {
    version: String,
    both_take: usize,
    both_refuse: usize,
    /// Model, its operators, what the rules say.
    false_errors: Vec<(String, String, String)>,
    /// Model, its operators, what the parser says.
    missed: Vec<(String, String, String)>,
}

impl Outcome {
    fn agree(&self) -> usize {
        self.both_take + self.both_refuse
    }

    fn all(&self) -> usize {
        self.agree() + self.false_errors.len() + self.missed.len()
    }
}

fn compare(names: &[(String, String)], answers: &[Value]) -> Outcome {
    let mut outcome = Outcome {
        version: version(answers),
        ..Default::default()
    };
    for ((name, ops), answer) in names.iter().zip(answers) {
        let found = static_errors(answer["file"].as_str().expect("a file"), &outcome.version);
        match (answer["supported"] == true, found.first()) {
            (true, None) => outcome.both_take += 1,
            (false, Some(_)) => outcome.both_refuse += 1,
            (true, Some((rule, reason))) => {
                let said = format!("{rule}: {reason}");
                outcome.false_errors.push((name.clone(), ops.clone(), said));
            }
            (false, None) => {
                let words = ["crashed", "unreadable"].iter().find_map(|k| answer[*k].as_str());
                let said = words.or_else(|| answer["errors"][0]["text"].as_str());
                outcome
                    .missed
                    .push((name.clone(), ops.clone(), said.unwrap_or_default().into()));
            }
        }
    }
    outcome
}

/// What `check` makes of every message of a parser: a sentence without the parser's source in it, with a next step for each
/// kind of message that is not rare, and the message itself as evidence.
fn messages_become_sentences(answers: &[Value]) {
    const RARE: usize = 10;
    let mut without_step: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        let errors = answer["errors"].as_array().into_iter().flatten();
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or_default().to_owned();
        let errors: Vec<ParserError> = errors
            .map(|error| ParserError {
                node: error["node"].as_i64().unwrap_or(-1),
                op_type: text(error, "op"),
                code: text(error, "code"),
                text: text(error, "text"),
                ..Default::default()
            })
            .collect();
        if errors.is_empty() {
            continue;
        }
        let file = answer["file"].as_str().expect("a file");
        let graph = Graph::new(Arc::new(Model::open(Path::new(file)).unwrap()));
        let request = Request {
            target: "tensorrt-rtx".into(),
            parser: Some(ParserReport {
                target: "tensorrt-rtx".into(),
                errors,
                ..Default::default()
            }),
            ..Default::default()
        };
        let findings = check(&graph, &request).unwrap().findings;
        for finding in findings.iter().filter(|f| f.evidence == Evidence::Parser) {
            let code = ["Assertion failed", "&&", "::", "==", "nullptr", "/_src"];
            assert!(!code.iter().any(|c| finding.reason.contains(c)), "{finding:?}");
            let detail = finding.detail.as_deref().unwrap_or_default();
            assert!(!detail.is_empty(), "{finding:?}");
            if finding.fixes.is_empty() {
                let kind = detail.replace(|c: char| c.is_ascii_digit(), "0");
                *without_step.entry(kind).or_default() += 1;
            }
        }
    }
    without_step.retain(|_, count| *count >= RARE);
    assert!(without_step.is_empty(), "{without_step:#?}");
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}

/// One line per set and library, which [`documented`] reads.
fn line(set: &str, o: &Outcome) -> String {
    format!(
        "| {set} | {} | {} | {} | {:.2} % | {} | {} | {} | {} |",
        o.version,
        o.all(),
        o.agree(),
        percent(o.agree(), o.all()),
        o.both_take,
        o.both_refuse,
        o.missed.len(),
        o.false_errors.len()
    )
}

/// Models and agreements of a set and a library in the document.
fn documented(set: &str, version: &str) -> (usize, usize) {
    let text = std::fs::read_to_string(in_repository(DOCUMENT)).unwrap();
    let start = format!("| {set} | {version} |");
    let line = text.lines().find_map(|l| l.strip_prefix(&start));
    let line = line.unwrap_or_else(|| panic!("{DOCUMENT} has nothing on {set} and {version}"));
    let mut cells = line.split('|').map(|c| c.trim().parse().unwrap_or_default());
    (cells.next().unwrap_or_default(), cells.next().unwrap_or_default())
}

/// The disagreements of one kind by operator, each with one model and its words.
fn by_operator(cases: &[(String, String, String)]) -> String {
    let mut groups: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, ops, said) in cases {
        groups.entry(ops).or_default().push((name, said));
    }
    let mut text = String::new();
    for (ops, models) in groups {
        for (name, said) in models.iter().take(1) {
            // Where the parser's sources lie on NVIDIA's machines helps nobody.
            let said = said.split(" In ").next().unwrap_or_default();
            let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let said: String = said.chars().take(200).collect::<String>().replace('|', "\\|");
            let _ = writeln!(text, "| {ops} | {} | `{name}` | {said} |", models.len());
        }
    }
    text
}

fn write_document(onnx: &str, outcomes: &[(&str, Outcome)]) {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().unwrap();
    let mut text = format!(
        "# Static rules and real parsers\n\nHow often the static rules for TensorRT-RTX say of a model what its parser says: \
         *taken* where no finding is an error (shape ranges\nleft out, which the parser does not want). \
         Written by `tests/checks/agreement.rs` on {} with the models of onnx {onnx}; `ENGINESMITH_WRITE_AGREEMENT=1 cargo test \
         --test checks\nagreement` writes it anew, and without that variable the tests compare.\n\n\
         - *node tests*: the node models of the onnx package's own backend tests (`tests/reference.py node-cases`). The table was \
         not made from them, but they are not unseen: src/check/tables/corpus/README.md, Agreement.\n- *corpus*: the generated models that the table was made from \
         (`src/check/tables/corpus/README.md`). This figure says how much of the\n  answers the table's form keeps, not how good \
         it is.\n\n\
         | models | TensorRT-RTX | models | agree | share | both take | both refuse | only the parser refuses | only the rules \
         refuse |\n|---|---|---|---|---|---|---|---|---|\n",
        String::from_utf8_lossy(&date.stdout).trim()
    );
    for (set, outcome) in outcomes {
        let _ = writeln!(text, "{}", line(set, outcome));
    }
    let newest = outcomes.last().map(|(_, o)| o.version.clone()).unwrap_or_default();
    for (set, outcome) in outcomes.iter().filter(|(_, o)| o.version == newest) {
        for (title, cases) in [
            ("Only the parser refuses", &outcome.missed),
            ("Only the rules refuse", &outcome.false_errors),
        ] {
            let _ = writeln!(text, "\n## {title} ({set}, TensorRT-RTX {})\n", outcome.version);
            if cases.is_empty() {
                let _ = writeln!(text, "None.");
            } else {
                let _ = write!(
                    text,
                    "| operators | models | for instance | said |\n|---|---|---|---|\n{}",
                    by_operator(cases)
                );
            }
        }
    }
    std::fs::create_dir_all(in_repository("docs/checks")).unwrap();
    std::fs::write(in_repository(DOCUMENT), text).unwrap();
}

/// Runs one of the corpus' tools and gives what it wrote.
fn tool(name: &str, arguments: &[&Path]) -> String {
    let output = python()
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(in_repository(TOOLS).join(name))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_rules_agree_with_the_parsers() {
    if answer_if_child() {
        return;
    }
    let libraries = libraries();
    if libraries.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    tool("generate.py", &[&corpus]);
    let told: Value = serde_json::from_slice(&std::fs::read(corpus.join("corpus.json")).unwrap()).unwrap();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let models = told["models"].as_array().unwrap();
    let corpus_names: Vec<(String, String)> = models.iter().map(|m| (text(&m["file"]), text(&m["op"]))).collect();
    let path = |name: &str| corpus.join(name).to_string_lossy().into_owned();
    let corpus_files: Vec<String> = corpus_names.iter().map(|(file, _)| path(file)).collect();

    let nodes = folder.path().join("nodes");
    reference([Path::new("node-cases"), &nodes]);
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(nodes.join("cases.json")).unwrap()).unwrap();
    let ops = |case: &Value| {
        let ops = case["op_types"].as_array().into_iter().flatten();
        ops.map(text).collect::<Vec<_>>().join(", ")
    };
    let node_names: Vec<(String, String)> = cases.iter().map(|c| (text(&c["name"]), ops(c))).collect();
    let node_path = |name: &str| nodes.join(name).join("model.onnx").to_string_lossy().into_owned();
    let node_files: Vec<String> = node_names.iter().map(|(name, _)| node_path(name)).collect();

    let test = "agreement::the_rules_agree_with_the_parsers";
    let mut arguments = vec![corpus.join("corpus.json")];
    let mut corpus_answers = Vec::new();
    for (i, library) in libraries.iter().enumerate() {
        let answers = ask(test, library, &corpus_files);
        let lines: String = answers.iter().map(|a| format!("{a}\n")).collect();
        arguments.push(folder.path().join(format!("answers-{i}.jsonl")));
        std::fs::write(&arguments[i + 1], lines).unwrap();
        corpus_answers.push(answers);
    }
    let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
    let table = tool("tabulate.py", &arguments);
    let current = std::fs::read_to_string(in_repository(TABLE)).unwrap();
    if writes() {
        std::fs::write(in_repository(TABLE), &table).unwrap();
        assert_eq!(
            table, current,
            "the table was written anew: run once more, so that the rules have it"
        );
    }
    assert_eq!(table, current, "{TABLE} is not what the parsers say");

    let mut outcomes = Vec::new();
    for library in &libraries {
        outcomes.push(("node tests", compare(&node_names, &ask(test, library, &node_files))));
    }
    if let Some(answers) = corpus_answers.last() {
        messages_become_sentences(answers);
        outcomes.push(("corpus", compare(&corpus_names, answers)));
    }
    if writes() {
        write_document(&text(&told["onnx"]), &outcomes);
    }
    for (set, outcome) in &outcomes {
        println!("{}", line(set, outcome));
        let (models, agree) = documented(set, &outcome.version);
        assert_eq!(outcome.all(), models, "{set}: other models than those of {DOCUMENT}");
        assert!(
            outcome.agree() >= agree,
            "{set}, {}: {} agree, {DOCUMENT} says {agree}\n{}",
            outcome.version,
            outcome.agree(),
            by_operator(&outcome.missed)
        );
        assert!(
            outcome.false_errors.is_empty(),
            "{set}, {}: an error where the parser takes the model\n{}",
            outcome.version,
            by_operator(&outcome.false_errors)
        );
    }
}
