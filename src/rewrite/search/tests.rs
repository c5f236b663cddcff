//! Layers of small models, and patches that keep or single them out.

use super::*;
use crate::graph::Graph;
use crate::graph::sample::{graph, model, node, proto, value, weight};
use crate::model::onnx::ModelProto;
use crate::model::{DataType, Tensor};
use crate::rewrite::{Calibration, CastSpec, LowType, Method, Observed, PatchSpec, QuantMode, QuantizeSpec, Range};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// x -> Conv a -> Relu r -> MaxPool p -> Conv b -> Relu -> Conv c; Add c + p -> Conv d -> Exp -> Mul by d -> y
fn residual() -> ModelProto {
    let mut g = graph(
        &[],
        &[],
        vec![
            weight("w1", &[16, 3, 1, 1]),
            weight("w2", &[16, 16, 1, 1]),
            weight("w3", &[16, 16, 1, 1]),
            weight("w4", &[16, 16, 1, 1]),
        ],
        vec![
            node("Conv", &["x", "w1"], &["a"]),
            node("Relu", &["a"], &["r"]),
            node("MaxPool", &["r"], &["p"]),
            node("Conv", &["p", "w2"], &["b"]),
            node("Relu", &["b"], &["br"]),
            node("Conv", &["br", "w3"], &["c"]),
            node("Add", &["p", "c"], &["s"]),
            node("Conv", &["s", "w4"], &["d"]),
            node("Exp", &["d"], &["e"]),
            node("Mul", &["d", "e"], &["y"]),
        ],
    );
    let pool = &mut g.node[2];
    pool.attribute.push(crate::graph::sample::ints("kernel_shape", &[1, 1]));
    g.input = vec![value("x", DataType::Float32, &[2, 3, 8, 8])];
    g.output = vec![value("y", DataType::Float32, &[2, 16, 8, 8])];
    proto(g, vec![])
}

fn quantize() -> QuantizeSpec {
    let seen = Observed {
        range: Range { min: -4.0, max: 4.0 },
        entropy: 4.0,
        percentile: 4.0,
        mse: 4.0,
        histogram: vec![1],
        histogram_end: 4.0,
        octaves: Vec::new(),
        octaves_start: 1.0,
    };
    let names = ["x", "a", "r", "p", "b", "br", "c", "s", "d", "e", "y"];
    let tensors: BTreeMap<String, Observed> = names.iter().map(|n| ((*n).to_owned(), seen.clone())).collect();
    let calibration = Calibration {
        tensors,
        ..Calibration::default()
    };
    QuantizeSpec::new(QuantMode::Int8, Method::Max, &calibration)
}

fn found(patch: &PatchSpec) -> Layers {
    let graph = Graph::new(model(&residual()));
    layers(&graph, patch, &macs(&graph, &Vec::new())).unwrap()
}

fn names(layers: &Layers) -> Vec<Vec<&str>> {
    let of = |l: &'_ Layer| l.nodes.len();
    assert!(layers.layers.iter().all(|l| of(l) > 0 && l.name == l.nodes[0]));
    layers
        .layers
        .iter()
        .map(|l| l.nodes.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn what_is_quantized_because_of_a_convolution_belongs_to_it() {
    let layers = found(&PatchSpec::Quantize(Box::new(quantize())));
    assert_eq!(
        names(&layers),
        [
            vec!["a_Conv", "r_Relu", "p_MaxPool"],
            vec!["b_Conv", "br_Relu"],
            vec!["c_Conv", "s_Add"],
            vec!["d_Conv"]
        ]
    );
    // 2 images of 64 points: 16 x 3 products, three times 16 x 16.
    let each = [16 * 3, 256, 256, 256].map(|n| Some(n * 64 * 2));
    assert_eq!(layers.layers.iter().map(|l| l.macs).collect::<Vec<_>>(), each);
    assert_eq!(layers.macs, Some(128 * (48 + 3 * 256)));
    assert_eq!(layers.lowered_macs(&[]), Some(1.0));
    assert_eq!(layers.lowered_macs(&[1, 3]), Some((48.0 + 256.0) / (48.0 + 768.0)));
}

#[test]
fn costs_are_those_of_the_data_s_sizes() {
    let mut open = residual();
    let g = open.graph.get_or_insert_default();
    g.input = vec![value("x", DataType::Float32, &[-1, 3, -1, -1])];
    let graph = Graph::new(model(&open));
    let unknown = macs(&graph, &Vec::new());
    assert_eq!(unknown.total, None, "a part that is not known leaves no total");
    let x = Tensor::from_f32(&[2, 3, 4, 8], &[0.0; 192]).unwrap();
    let known = macs(&graph, &vec![("x".to_owned(), x)]);
    assert_eq!(known.total, Some(2 * 32 * (48 + 3 * 256)));
    assert_eq!(known.nodes[0], Some(2 * 32 * 48));
}

#[test]
fn what_follows_an_operator_is_cast_with_it() {
    let layers = found(&PatchSpec::Cast(Box::new(CastSpec::new(LowType::Fp16))));
    assert_eq!(
        names(&layers),
        [
            vec!["a_Conv", "r_Relu", "p_MaxPool"],
            vec!["b_Conv", "br_Relu"],
            // The addition belongs to the branch, not to what it skips.
            vec!["c_Conv", "s_Add"],
            vec!["d_Conv"],
            vec!["e_Exp", "y_Mul"],
        ]
    );
}

#[test]
fn what_the_patch_includes_by_name_is_never_kept() {
    let mut spec = quantize();
    spec.include = vec!["b_*".into()];
    let patches = [PatchSpec::RemoveDead {}, PatchSpec::Quantize(Box::new(spec))];
    assert_eq!(precision_patch(&patches), Some(1));
    let layers = found(&patches[1]);
    let asked: Vec<bool> = layers.layers.iter().map(|l| l.is_asked_for).collect();
    assert_eq!(asked, [false, true, false, false]);
    let error = keep(&patches, &[&layers.layers[1]], false).unwrap_err();
    assert!(error.contains("b_Conv is included by name"), "{error}");
    assert!(keep(&patches[..1], &[], false).unwrap_err().contains("no patch"));
}

#[test]
fn pictures_hold_what_ran_and_mark_what_nothing_beats() {
    let patch = PatchSpec::Quantize(Box::new(quantize()));
    let all = found(&patch);
    let measured = |layer: &Layer| Measured {
        layer: Layer {
            is_asked_for: layer.name == "b_Conv",
            ..layer.clone()
        },
        errors: None,
        failure: None,
    };
    // Errors as they could be: keeping layer 3 helps, keeping 0 as well does not.
    let trial = |kept: &[usize], relative_l2: f64, nan: u64| Trial {
        kind: TrialKind::Point,
        kept: kept.to_vec(),
        lowered_macs: all.lowered_macs(kept),
        errors: Some(Errors {
            samples: 1,
            outputs: vec![OutputError {
                relative_l2: Some(relative_l2),
                cosine: 1.0 - relative_l2,
                nan,
                ..OutputError::default()
            }],
            top1: None,
        }),
        failure: None,
        holds: None,
    };
    let search = Search {
        patch: patch.label().into(),
        reference: "a test".into(),
        data: "a test".into(),
        way: Way::OneLowered,
        screen_samples: 1,
        rank_samples: 1,
        samples: 1,
        layers: all.layers.iter().map(measured).collect(),
        ranking: vec![3, 1, 0, 2],
        reference_top1: None,
        limit: None,
        trials: vec![
            trial(&[], 0.4, 0),
            trial(&[3], 0.1, 0),
            trial(&[3, 0], 0.2, 0),
            trial(&[3, 0, 2], 0.3, 2),
        ],
        found: None,
        notes: Vec::new(),
    };
    assert_eq!(search.worst(2), [3, 0], "what is asked for by name stays lowered");
    assert_eq!(search.worst(9), [3, 0, 2]);
    for metric in [Metric::RelativeL2, Metric::Cosine] {
        let picture = search.by_lowered_macs(metric);
        let marks: Vec<(usize, bool)> = picture.iter().map(|p| (p.0, p.3)).collect();
        assert_eq!(marks, [(0, true), (1, true), (2, false)], "{metric:?}; NaN is no point");
        assert_eq!(picture[0].1, 1.0);
    }
    let kept = search.patches(std::slice::from_ref(&patch), &search.worst(1)).unwrap();
    assert_eq!(nodes(&found(&kept[0]).layers), nodes(&all.layers[..3]));
}

fn nodes<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> BTreeSet<&'a str> {
    layers.into_iter().flat_map(|l| &l.nodes).map(String::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn keeping_and_singling_out_lower_exactly_the_others_and_the_one(
        kept in proptest::collection::btree_set(0usize..5, 0..4),
        cast in any::<bool>(),
    ) {
        let patch = match cast {
            true => PatchSpec::Cast(Box::new(CastSpec::new(LowType::Fp16))),
            false => PatchSpec::Quantize(Box::new(quantize())),
        };
        let all = found(&patch);
        let kept: Vec<usize> = kept.into_iter().filter(|i| *i < all.layers.len()).collect();
        prop_assume!(kept.len() < all.layers.len());
        let at: Vec<&Layer> = kept.iter().map(|i| &all.layers[*i]).collect();
        let patches = keep(std::slice::from_ref(&patch), &at, false).unwrap();
        let rest = all.layers.iter().enumerate().filter(|(i, _)| !kept.contains(i)).map(|(_, l)| l);
        let lowered = found(&patches[0]);
        prop_assert_eq!(nodes(&lowered.layers), nodes(rest));
        for layer in &all.layers {
            let lowered = found(&only(&patch, layer));
            prop_assert_eq!(nodes(&lowered.layers), nodes([layer]));
        }
        // With nothing left to lower the patch goes.
        prop_assert_eq!(keep(&[patch], &[], true).unwrap(), vec![]);
    }
}
