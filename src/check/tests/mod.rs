//! Every rule on a model that it applies to and on one that it does not.

mod models;
mod others;
mod tensorrt;

use super::*;
use crate::graph::sample::{model, node};
use crate::graph::{Graph, NodePath};
use crate::model::DataType::Float32;
use crate::model::onnx::ModelProto;
use models::{IMAGE, ints_of, one, opset, relu};
use std::collections::HashSet;

fn report(m: &ModelProto, target: &str) -> Report {
    let (name, version) = target
        .split_once('@')
        .map_or((target, None), |(n, v)| (n, Some(v.to_owned())));
    let request = Request {
        target: name.into(),
        version,
        ..Default::default()
    };
    check(&Graph::new(model(m)), &request).unwrap()
}

fn rules_hit(m: &ModelProto, target: &str) -> HashSet<String> {
    report(m, target).findings.into_iter().map(|f| f.rule).collect()
}

/// Target, rule, a model it applies to, a close one that it does not apply to.
type Case = (&'static str, &'static str, ModelProto, ModelProto);

fn cases() -> Vec<Case> {
    [tensorrt::cases(), others::cases()].concat()
}

#[test]
fn every_rule_applies_where_it_should_and_not_beside_it() {
    for (target, rule, applies, does_not) in cases() {
        let hit = report(&applies, target);
        let found = hit.findings.iter().find(|f| f.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{target} {rule} should apply: {:#?}", hit.findings));
        assert!(!found.reason.contains('{'), "{rule}: {}", found.reason);
        assert!(
            found.fixes.iter().all(|f| !f.text.contains('{')),
            "{rule}: {:?}",
            found.fixes
        );
        assert!(found.detail.as_ref().is_some_and(|d| !d.is_empty()), "{rule}");
        assert_eq!(
            hit.supported,
            hit.findings.iter().all(|f| f.severity != Severity::Error)
        );
        assert!(
            !rules_hit(&does_not, target).contains(rule),
            "{target} {rule} should not apply beside it"
        );
    }
}

#[test]
fn every_rule_has_a_case() {
    let covered: HashSet<(String, String)> = cases()
        .iter()
        .map(|c| (c.0.split('@').next().unwrap_or_default().to_owned(), c.1.to_owned()))
        .collect();
    let mut missing = Vec::new();
    for target in ["embedded", "onnxruntime-cpu", "tensorrt", "tensorrt-rtx"] {
        let known = target::Target::parse(target, None).unwrap();
        for rule in ruleset::rules(&known).unwrap() {
            let elsewhere = covered.iter().any(|(_, r)| *r == rule.id) && rule.targets.len() > 2;
            let family = |t: &str| t.split('-').next().unwrap_or_default().to_owned();
            let here = covered
                .iter()
                .any(|(t, r)| family(t) == family(target) && *r == rule.id);
            // Shape ranges have a test of their own.
            if !here && !elsewhere && rule.id != "shape.profile" {
                missing.push(format!("{target} {}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn shape_ranges_are_compared_with_the_inputs() {
    let m = relu((Float32, &[-1, 3]));
    let g = Graph::new(model(&m));
    let findings = |name: &str, min: &[u64], max: &[u64]| {
        let range = crate::graph::ranges::ShapeRange {
            min: min.to_vec(),
            opt: min.to_vec(),
            max: max.to_vec(),
        };
        let profiles = vec![crate::graph::ranges::ProfileSpec {
            inputs: [(name.to_owned(), range)].into(),
            ..Default::default()
        }];
        let request = Request {
            target: "tensorrt".into(),
            profiles,
            ..Default::default()
        };
        let report = check(&g, &request).unwrap();
        report
            .findings
            .into_iter()
            .filter(|f| f.rule.starts_with("shape."))
            .map(|f| f.reason)
            .collect::<Vec<_>>()
    };
    assert!(findings("x", &[1, 3], &[8, 3]).is_empty());
    assert!(findings("x", &[1, 3], &[8, 4])[0].contains("the model fixes it at 3"));
    assert!(findings("x", &[9, 3], &[8, 3])[0].contains("max: size 8 of axis 0 is smaller than min 9"));
    assert!(findings("x", &[1], &[8])[0].contains("the range has 1 sizes"));
    let unknown = findings("z", &[1, 3], &[8, 3]);
    assert!(
        unknown
            .iter()
            .any(|r| r.contains("no input of that name; its inputs are x")),
        "{unknown:?}"
    );
    assert!(unknown.iter().any(|r| r.contains("Input \"x\"")), "{unknown:?}");
}

#[test]
fn sentences_name_the_node_the_tensor_and_the_value() {
    let m = one(
        (Float32, &[1, 9000]),
        vec![ints_of("count", &[5000])],
        vec![node("TopK", &["x", "count"], &["v", "y"])],
    );
    let report = report(&m, "tensorrt@10");
    let finding = report.findings.iter().find(|f| f.rule == "topk.k").unwrap();
    assert_eq!(
        finding.reason,
        "TopK \"v_TopK\": K is 5000; TensorRT takes at most 3840."
    );
    assert!(!report.supported && !report.parser_asked);
    assert_eq!(report.target, "tensorrt@10");
    assert!(report.notes[0].contains("not tested"), "{:?}", report.notes);
}

#[test]
fn broken_structure_is_an_error_for_every_target() {
    let m = one(IMAGE, vec![], vec![node("Add", &["x", "nowhere"], &["y"])]);
    for target in [
        "embedded",
        "onnxruntime-cpu",
        "onnxruntime-cuda",
        "tensorrt",
        "tensorrt-rtx",
    ] {
        let report = report(&m, target);
        assert!(!report.supported, "{target}");
        let finding = &report.findings[0];
        assert_eq!(
            (finding.rule.as_str(), finding.severity),
            ("graph.missing-input", Severity::Error)
        );
        assert!(finding.reason.contains("nowhere"));
    }
}

#[test]
fn the_parser_replaces_guesses_and_keeps_its_words() {
    let m = one(
        IMAGE,
        vec![],
        vec![node("Det", &["x"], &["d"]), node("MadeUp", &["d"], &["y"])],
    );
    let g = Graph::new(model(&m));
    let raw = "In node 1 with name: y_MadeUp and operator: MadeUp (importFallbackPluginImporter): UNSUPPORTED_NODE: \
               Assertion failed: creator && \"Plugin not found, are the plugin name, version, and namespace correct?\"";
    let mut parser = ParserReport {
        target: "tensorrt-rtx".into(),
        version: "1.7.0.30".into(),
        errors: vec![ParserError {
            node: 1,
            node_name: "y_MadeUp".into(),
            op_type: "MadeUp".into(),
            code: "kUNSUPPORTED_NODE".into(),
            text: raw.into(),
            ..Default::default()
        }],
        subgraphs: vec![
            Subgraph {
                nodes: vec![0],
                supported: true,
            },
            Subgraph {
                nodes: vec![1],
                supported: false,
            },
        ],
        ..Default::default()
    };
    let ask = |parser: &ParserReport| {
        let request = Request {
            target: "tensorrt-rtx".into(),
            parser: Some(parser.clone()),
            ..Default::default()
        };
        check(&g, &request).unwrap()
    };
    let report = ask(&parser);
    let errors: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .collect();
    // The parser takes Det, so the rules' guess about it is gone; MadeUp stands once, in the parser's name.
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].evidence, Evidence::Parser);
    assert!(
        errors[0]
            .reason
            .starts_with("MadeUp \"y_MadeUp\": TensorRT has no importer for MadeUp")
    );
    assert!(errors[0].detail.as_ref().unwrap().contains(raw));
    assert!(matches!(&errors[0].place, Place::Node { path, .. } if *path == NodePath::top(1)));
    assert_eq!(report.supported_subgraphs, [vec![NodePath::top(0)]]);
    assert!(report.parser_asked && !report.supported);

    // By index alone, and a text nobody knows.
    parser.errors[0].node_name.clear();
    parser.errors[0].text = "something new".into();
    parser.errors[0].code = "kINTERNAL_ERROR".into();
    let report = ask(&parser);
    let error = report.findings.iter().find(|f| f.evidence == Evidence::Parser).unwrap();
    assert!(matches!(&error.place, Place::Node { path, .. } if *path == NodePath::top(1)));
    assert!(
        error.reason.ends_with("the parser refuses it: something new"),
        "{}",
        error.reason
    );

    // A model that parses has no operator errors left.
    let report = ask(&ParserReport {
        parsed: true,
        ..Default::default()
    });
    assert!(report.supported, "{:#?}", report.findings);
}

#[test]
fn embedded_table_agrees_with_the_engine() {
    let loads = |domain: &str, op: &str| {
        let mut n = node(op, &["x", "x", "x"], &["y"]);
        n.domain = Some(domain.into());
        let m = opset(one((Float32, &[1, 1]), vec![], vec![n]), 21);
        let bytes = buffa::Message::encode_to_vec(&m);
        match rten::ModelOptions::with_all_ops()
            .enable_optimization(false)
            .load(bytes)
        {
            Ok(_) => true,
            // Other errors come from an operator that is there but misses an attribute.
            Err(error) => !error.to_string().contains("operator not supported or not enabled"),
        }
    };
    let table = include_str!("../tables/rten_operators.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'));
    let absent: Vec<&str> = table
        .filter(|line| {
            line.split_once('\t')
                .is_none_or(|(domain, op)| op != "Constant" && !loads(domain, op))
        })
        .collect();
    assert!(absent.is_empty(), "in the table, not in the engine: {absent:?}");
    let all = include_str!("../tables/tensorrt_operators.tsv")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.starts_with("op\t"));
    let unlisted: Vec<&str> = all
        .filter_map(|line| line.split('\t').next())
        .filter(|op| !table::embedded_has("", op) && loads("", op))
        .collect();
    assert!(unlisted.is_empty(), "in the engine, not in the table: {unlisted:?}");
}
