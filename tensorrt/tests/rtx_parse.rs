//! The real TensorRT-RTX libraries: parsing and diagnosis. See `common::libraries`.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use common::{each_library, onnx};
use enginesmith_tensorrt::Error;
use enginesmith_tensorrt::sys::*;

#[test]
fn parses_a_model_and_shows_the_network() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let mut network = builder.strongly_typed().expect("a network");
        network
            .parser()
            .expect("a parser")
            .parse(&onnx::convolutions(2), None)
            .expect("it parses");
        let (inputs, outputs) = (network.inputs().expect("inputs"), network.outputs().expect("outputs"));
        assert_eq!(
            (inputs[0].name.as_str(), inputs[0].shape.as_deref()),
            ("image", Some(&[2, 3, 32, 32][..]))
        );
        assert_eq!(
            (outputs[0].name.as_str(), outputs[0].data_type),
            ("scores", Some(DataType::Float))
        );
        assert_eq!(outputs[0].shape, Some(vec![2, 10]));
        let layers = network.layers().expect("layers");
        // engine bytes outlive the builder that made them
        let mut config = builder.config().expect("a configuration");
        config
            .set_compute_capabilities(&[ComputeCapability::Sm86])
            .expect("SM 8.6");
        let memory = builder.build(&network, &config).expect("an engine");
        assert_eq!(layers.len(), network.layer_count().expect("a count"));
        drop((config, network));
        drop(builder);
        assert!(memory.starts_with(b"vtrt"));
        drop(memory);
        let convolutions: Vec<_> = layers
            .iter()
            .filter(|l| l.kind == Some(LayerType::Convolution))
            .collect();
        assert_eq!(convolutions.len(), 2, "{layers:?}");
        assert!(convolutions[0].name.contains("conv1"), "{layers:?}");
        assert_eq!(convolutions[0].output_types, [Some(DataType::Float)]);
    });
}

#[test]
fn lists_all_parser_errors_and_the_unsupported_subgraphs() {
    each_library(|library| {
        let builder = library.builder().expect("a builder");
        let mut network = builder.strongly_typed().expect("a network");
        let mut parser = network.parser().expect("a parser");
        assert!(parser.supports_operator("Relu").expect("an answer"));
        assert!(!parser.supports_operator("Frobnicate").expect("an answer"));
        let support = parser.supports(&onnx::unsupported(), None).expect("an answer");
        assert!(!support.supported);
        let bad: Vec<_> = support
            .errors
            .iter()
            .map(|e| (e.node, e.node_name.as_str(), e.node_operator.as_str()))
            .collect();
        assert!(bad.contains(&(1, "bad one", "Frobnicate")), "{bad:?}");
        assert!(bad.contains(&(3, "bad two", "Transmogrify")), "{bad:?}");
        assert_eq!(support.unsupported_nodes(5), [1, 3], "{:?}", support.subgraphs);
        assert!(support.subgraphs.iter().all(|s| !s.certain), "{:?}", support.subgraphs);
        let mut network = builder.strongly_typed().expect("a network");
        let mut parser = network.parser().expect("a parser");
        let support = parser.supports(&onnx::convolutions(2), None).expect("an answer");
        assert!(
            support.supported && support.unsupported_nodes(7).is_empty(),
            "{support:?}"
        );
        assert!(support.subgraphs.iter().all(|s| s.certain), "{:?}", support.subgraphs);

        let mut network = builder.strongly_typed().expect("a network");
        let mut parser = network.parser().expect("a parser");
        let Err(Error::Parse(errors)) = parser.parse(&onnx::unsupported(), None) else {
            panic!("it parsed")
        };
        assert!(
            errors
                .iter()
                .any(|e| e.node_operator == "Frobnicate" && !e.description.is_empty()),
            "{errors:?}"
        );
        parser.clear_errors().expect("cleared");
        assert!(parser.errors().expect("none").is_empty());
        assert!(matches!(parser.parse(&[], None), Err(Error::Invalid { .. })));
        assert!(matches!(parser.supports(&[], None), Err(Error::Invalid { .. })));
        for garbage in [&b"not a model"[..], &onnx::convolutions(1)[..500]] {
            let Err(Error::Failed(failure)) = parser.parse(garbage, None) else {
                panic!("it parsed")
            };
            assert!(
                failure.to_string().starts_with("TensorRT could not read the model: "),
                "{failure}"
            );
            let mut network = builder.strongly_typed().expect("a network");
            let answer = network.parser().expect("a parser").supports(garbage, None);
            match answer {
                Ok(answer) => assert!(!answer.supported && !answer.errors.is_empty(), "{answer:?}"),
                Err(error) => assert!(matches!(error, Error::Failed(_)), "{error}"),
            }
        }
    });
}

/// `z` through three Relus and a last operator.
fn chain(last: &str, name: &str, input: &str, output: &str) -> Vec<common::onnx::Message> {
    let inner = |i| format!("{output}_{i}");
    vec![
        onnx::node("Relu", "", &[input], &[&inner(1)], &[]),
        onnx::node("Relu", "", &[&inner(1)], &[&inner(2)], &[]),
        onnx::node("Relu", "", &[&inner(2)], &[&inner(3)], &[]),
        onnx::node(last, name, &[&inner(3)], &[output], &[]),
    ]
}

/// The index of an error is that of the node of the main graph, also for nodes inside of functions and bodies; name and
/// operator are those of the inner node; from 1.7 on the stack says what it is inside of.
#[test]
fn errors_inside_of_functions_and_bodies_say_where() {
    each_library(|library| {
        let has_stack = library.version().minor >= 7;
        let before = onnx::node("Relu", "before", &["x"], &["z"], &[]);
        let builder = library.builder().expect("a builder");
        let ask = |model: &[u8]| {
            let mut network = builder.strongly_typed().expect("a network");
            let support = network
                .parser()
                .expect("a parser")
                .supports(model, None)
                .expect("an answer");
            support
                .errors
                .into_iter()
                .find(|e| e.node_operator == "Frobnicate")
                .expect("its error")
        };

        let function = onnx::function("Inner", &["p"], &["q"], &chain("Frobnicate", "deep", "p", "q"));
        let call = onnx::node("Inner", "the call", &["z"], &["y"], &[]).text(7, "local");
        let (x, y) = (onnx::value("x", &[2]), onnx::value("y", &[2]));
        let graph = onnx::graph(
            &[before.clone(), call],
            &[],
            std::slice::from_ref(&x),
            std::slice::from_ref(&y),
        );
        let error = ask(&onnx::model(&graph, &[function]));
        assert_eq!((error.node, error.node_name.as_str()), (1, "deep"));
        assert_eq!(
            error.local_functions,
            if has_stack { vec!["the call (Inner)"] } else { vec![] }
        );

        let body = |last, out| onnx::graph(&chain(last, "in body", "z", out), &[], &[], &[onnx::value(out, &[2])]);
        let branches = [
            onnx::subgraph("then_branch", &body("Frobnicate", "t")),
            onnx::subgraph("else_branch", &body("Relu", "e")),
        ];
        let to_bool = [onnx::new().text(1, "to").int(3, 9).int(20, 2)];
        let nodes = [
            before,
            onnx::node("Cast", "cast", &["s"], &["c"], &to_bool),
            onnx::node("If", "the if", &["c"], &["y"], &branches),
        ];
        let error = ask(&onnx::model(
            &onnx::graph(&nodes, &[], &[x, onnx::value("s", &[])], &[y]),
            &[],
        ));
        assert_eq!((error.node, error.node_name.as_str()), (2, "in body"));
        let stack = if has_stack {
            vec!["the if (If)", "test (then_branch)"]
        } else {
            vec![]
        };
        assert_eq!(error.local_functions, stack);
    });
}
