//! What the layers of an engine file say about it. The rules are those of NVIDIA's trt-engine-explorer (its linters of
//! convolutions, reformats, slices and Q/DQ layers) where the inspector's JSON has what they need.

use super::{EngineLayer, EngineView, LayerTensor};
use crate::bench::LayerFinding;
use crate::bench::lint::moves_data;
use crate::check::Severity;
use crate::format;
use crate::recipe::{Precision, Recipe};

/// Types below 32 bits that matrix units compute in.
const LOW: [&str; 5] = ["FP16", "BF16", "INT8", "FP8", "INT4"];
/// Share of reformat layers from which they are more than a remark.
const MANY: f64 = 0.20;

/// What the layers say, most severe first. Engines that tell layer names only say nothing here.
pub fn findings(view: &EngineView) -> Vec<LayerFinding> {
    let asked = view.record.as_ref().and_then(|r| Recipe::from_toml(&r.recipe).ok());
    let asked = asked.map(|recipe| recipe.build.precision);
    let layers = &view.layers;
    let mut found: Vec<LayerFinding> = [
        wide_layers(layers, asked),
        reformats(layers),
        changing_slices(layers),
        quantized_to_float(layers),
        quantizers(layers),
        alignment(layers),
        without_matrix_units(layers),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found
}

fn all(layers: &[EngineLayer], is: impl Fn(&EngineLayer) -> bool) -> Option<Vec<usize>> {
    let found = layers.iter().enumerate().filter(|(_, l)| is(l)).map(|(i, _)| i);
    let found: Vec<usize> = found.collect();
    (!found.is_empty()).then_some(found)
}

fn kind_has(layer: &EngineLayer, parts: &[&str]) -> bool {
    let kind = layer.kind.to_lowercase();
    parts.iter().any(|part| kind.contains(part))
}

/// Convolutions and matrix products: what matrix units are for.
fn is_heavy(layer: &EngineLayer) -> bool {
    kind_has(
        layer,
        &["conv", "gemm", "matmul", "matrix", "fullyconnected", "attention", "mha"],
    ) && !kind_has(layer, &["convert"])
}

fn is_conv(layer: &EngineLayer) -> bool {
    kind_has(layer, &["conv"]) && !kind_has(layer, &["convert"])
}

fn first_type(tensors: &[LayerTensor]) -> Option<&str> {
    tensors.first()?.dtype.as_deref()
}

fn is_float(of: &str) -> bool {
    matches!(of, "FP32" | "FP16" | "BF16")
}

/// Heavy layers in FP32 where less was asked for, or where most of the engine computes in less.
fn wide_layers(layers: &[EngineLayer], asked: Option<Precision>) -> Option<LayerFinding> {
    let low = layers
        .iter()
        .filter(|l| l.precision.as_deref().is_some_and(|p| LOW.contains(&p)));
    let known = layers.iter().filter(|l| l.precision.is_some()).count();
    let meant = match asked {
        Some(Precision::Fp32 | Precision::Tf32) => return None,
        Some(precision) => format!("was asked to be {precision}"),
        None if 2 * low.count() > known => "computes most of its layers in less than FP32".into(),
        None => return None,
    };
    let wide = |l: &EngineLayer| {
        let inputs = l.inputs.iter().filter_map(|t| t.dtype.as_deref());
        l.precision.as_deref() == Some("FP32") && !inputs.clone().any(|t| LOW.contains(&t))
    };
    let heavy = all(layers, |l| wide(l) && is_heavy(l));
    let (found, severity, which) = match heavy {
        Some(heavy) => (heavy, Severity::Warning, "convolution or matrix product"),
        None => (all(layers, wide)?, Severity::Info, "layer"),
    };
    let (verb, plural) = if found.len() == 1 {
        ("computes", "")
    } else {
        ("compute", "s")
    };
    let which = match (which, plural) {
        ("convolution or matrix product", "s") => "convolutions or matrix products".to_owned(),
        (which, plural) => format!("{which}{plural}"),
    };
    let reason = format!(
        "The engine {meant}, and {} {which} {verb} in FP32. Nodes that the precision patch kept in FP32 stay so; its notes \
         say why.",
        format::count(found.len() as u64),
    );
    Some(LayerFinding::new("layers.fp32", severity, found, reason))
}

/// Layers that only change a layout or type. Those that change the type are named apart: they stand where precisions meet.
fn reformats(layers: &[EngineLayer]) -> Option<LayerFinding> {
    let found = all(layers, |l| {
        moves_data(&l.kind) || l.name.starts_with("Reformatting CopyNode")
    })?;
    let changes = |i: &&usize| {
        let layer = layers.get(**i);
        layer.is_some_and(|l| match (first_type(&l.inputs), first_type(&l.outputs)) {
            (Some(from), Some(to)) => from != to,
            _ => false,
        })
    };
    let typed = found.iter().filter(changes).count();
    let severity = if found.len() as f64 >= MANY * layers.len() as f64 {
        Severity::Warning
    } else {
        Severity::Info
    };
    let of_type = match typed {
        0 => String::new(),
        n => format!(
            " {} of them {} the type.",
            format::count(n as u64),
            if n == 1 { "changes" } else { "change" }
        ),
    };
    let reason = format!(
        "{} of {} only {} data into another layout or type.{of_type} Every one reads and writes a whole tensor; fewer \
         changes of precision between neighbours avoid them.",
        format::count(found.len() as u64),
        format::plural(layers.len(), "layer"),
        if found.len() == 1 { "brings" } else { "bring" },
    );
    Some(LayerFinding::new("layers.reformat", severity, found, reason))
}

fn changing_slices(layers: &[EngineLayer]) -> Option<LayerFinding> {
    let changes = |l: &EngineLayer| match (first_type(&l.inputs), first_type(&l.outputs)) {
        (Some(from), Some(to)) => from != to,
        _ => false,
    };
    let found = all(layers, |l| kind_has(l, &["slice"]) && changes(l))?;
    let reason = format!(
        "{} the type of the data: one precision before and after a slice spares the conversion.",
        if found.len() == 1 {
            "A slice changes".to_owned()
        } else {
            format!("{} slices change", format::count(found.len() as u64))
        },
    );
    Some(LayerFinding::new("layers.slice-type", Severity::Info, found, reason))
}

/// Convolutions that read INT8 and write floats: the quantizer after them was not fused.
fn quantized_to_float(layers: &[EngineLayer]) -> Option<LayerFinding> {
    let is = |l: &EngineLayer| {
        let types = first_type(&l.inputs).zip(first_type(&l.outputs));
        is_conv(l) && types.is_some_and(|(from, to)| matches!(from, "INT8" | "FP8") && is_float(to))
    };
    let found = all(layers, is)?;
    let reason = format!(
        "{} quantized input and {} floats. Q/DQ behind {}, before what reads the result, lets the whole chain stay \
         quantized; the last layers of a network are rightly so.",
        if found.len() == 1 {
            "A convolution reads".to_owned()
        } else {
            format!("{} convolutions read", format::count(found.len() as u64))
        },
        if found.len() == 1 { "writes" } else { "write" },
        if found.len() == 1 { "it" } else { "them" },
    );
    Some(LayerFinding::new(
        "layers.quantized-to-float",
        Severity::Info,
        found,
        reason,
    ))
}

/// Q and DQ that run as layers of their own.
fn quantizers(layers: &[EngineLayer]) -> Option<LayerFinding> {
    let found = all(layers, |l| {
        kind_has(l, &["quantize"]) || (l.kind == "Scale" && l.nodes.iter().any(|n| n.contains("QuantizeLinear")))
    })?;
    let reason = format!(
        "{} as {} own: not fused with {} neighbours. Q/DQ pairs directly around what computes in INT8 are fused.",
        if found.len() == 1 {
            "A Q or DQ runs".to_owned()
        } else {
            format!("{} Q or DQ run", format::count(found.len() as u64))
        },
        if found.len() == 1 {
            "a layer of its"
        } else {
            "layers of their"
        },
        if found.len() == 1 { "its" } else { "their" },
    );
    Some(LayerFinding::new(
        "layers.unfused-qdq",
        Severity::Warning,
        found,
        reason,
    ))
}

/// Channels that matrix units pad: FP16 and BF16 want multiples of 8, INT8 and FP8 of 16 (NVIDIA, "Matrix Multiplication
/// Background User's Guide", requirements to use Tensor Cores). The first layer of a network reads an image, and is not
/// meant.
fn alignment(layers: &[EngineLayer]) -> Option<LayerFinding> {
    let unaligned = |t: &LayerTensor| {
        let multiple = match t.dtype.as_deref() {
            Some("FP16" | "BF16") => 8,
            Some("INT8" | "FP8") => 16,
            _ => return false,
        };
        t.shape.get(1).is_some_and(|c| *c > 4 && c % multiple != 0)
    };
    let found = all(layers, |l| {
        is_conv(l) && l.inputs.first().into_iter().chain(l.outputs.first()).any(unaligned)
    })?;
    let reason = format!(
        "{} channels that are no multiple of what matrix units take at once (8 in FP16 and BF16, 16 in INT8 and FP8): the \
         rest is padded.",
        if found.len() == 1 {
            "A convolution has".to_owned()
        } else {
            format!("{} convolutions have", format::count(found.len() as u64))
        },
    );
    Some(LayerFinding::new("layers.channels", Severity::Info, found, reason))
}

/// Heavy layers of low precision whose kernel's name has none of the marks of matrix units.
fn without_matrix_units(layers: &[EngineLayer]) -> Option<LayerFinding> {
    const MARKS: [&str; 13] = [
        "mma", "i8816", "i16816", "i16832", "h884", "h1688", "h16816", "s884", "s1688", "s16816", "tensor16",
        "tensorop", "_tc",
    ];
    let is = |l: &EngineLayer| {
        let low = first_type(&l.inputs).is_some_and(|t| LOW.contains(&t));
        let tactic = l.tactic.to_lowercase();
        // Kernels of the compiler backend have names that say nothing.
        let telling = !tactic.is_empty() && !tactic.starts_with("__my") && !tactic.starts_with("0x");
        is_heavy(l) && low && telling && !MARKS.iter().any(|m| tactic.contains(m))
    };
    let found = all(layers, is)?;
    let reason = format!(
        "By the names of their kernels, {} in low precision {} without matrix units (Tensor Cores).",
        format::plural(found.len(), "convolution or product"),
        if found.len() == 1 { "runs" } else { "run" },
    );
    Some(LayerFinding::new(
        "layers.no-tensor-cores",
        Severity::Info,
        found,
        reason,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::BuildRecord;

    fn tensor(dtype: &str, channels: i64) -> LayerTensor {
        LayerTensor {
            shape: vec![1, channels, 28, 28],
            dtype: (!dtype.is_empty()).then(|| dtype.into()),
            ..LayerTensor::default()
        }
    }

    fn layer(kind: &str, from: &str, to: &str) -> EngineLayer {
        EngineLayer {
            name: kind.into(),
            kind: kind.into(),
            precision: (!to.is_empty()).then(|| to.into()),
            inputs: vec![tensor(from, 64)],
            outputs: vec![tensor(to, 64)],
            ..EngineLayer::default()
        }
    }

    fn asked(precision: &str, layers: Vec<EngineLayer>) -> EngineView {
        let recipe = format!("version = 1\n[model]\npath = \"m.onnx\"\n[build]\nprecision = \"{precision}\"\n");
        EngineView {
            layers,
            record: Some(BuildRecord {
                recipe,
                ..BuildRecord::default()
            }),
            ..EngineView::default()
        }
    }

    fn rules(view: &EngineView) -> Vec<(String, Severity, Vec<usize>)> {
        let found = findings(view).into_iter();
        found.map(|f| (f.rule, f.severity, f.layers)).collect()
    }

    #[test]
    fn fp32_layers_are_told_where_less_was_asked() {
        let layers = || vec![layer("CaskConvolution", "FP16", "FP16"), layer("gemm", "FP32", "FP32")];
        let found = rules(&asked("fp16", layers()));
        assert_eq!(found, [("layers.fp32".into(), Severity::Warning, vec![1])]);
        assert_eq!(rules(&asked("fp32", layers())), []);
        // Without a record, what most layers do is what was meant.
        let view = |layers| EngineView {
            layers,
            ..EngineView::default()
        };
        assert_eq!(rules(&view(layers())), []);
        let mut more = layers();
        more.extend(layers().into_iter().take(1));
        assert_eq!(rules(&view(more)), [("layers.fp32".into(), Severity::Warning, vec![1])]);
        // A light layer is a remark; a product that reads INT8 and writes FP32 is none of these.
        let found = rules(&asked(
            "int8",
            vec![layer("SoftMax", "FP32", "FP32"), layer("gemm", "INT8", "FP32")],
        ));
        assert_eq!(found, [("layers.fp32".into(), Severity::Info, vec![0])]);
    }

    #[test]
    fn reformats_are_counted_and_those_that_change_the_type_named() {
        let mut layers = vec![layer("CaskConvolution", "FP16", "FP16"); 8];
        layers.push(layer("Reformat", "FP32", "FP16"));
        let found = findings(&asked("fp32", layers.clone()));
        assert_eq!(
            (found[0].rule.as_str(), found[0].severity),
            ("layers.reformat", Severity::Info)
        );
        assert!(
            found[0].reason.contains("1 of them changes the type"),
            "{}",
            found[0].reason
        );
        layers.push(layer("Reformat", "FP16", "FP16"));
        assert_eq!(rules(&asked("fp32", layers))[0].1, Severity::Warning);
    }

    #[test]
    fn quantized_networks_have_their_own_leaks() {
        let view = asked(
            "fp32",
            vec![
                layer("CaskConvolution", "INT8", "FP16"),
                layer("CaskConvolution", "INT8", "INT8"),
                layer("Quantize", "FP16", "INT8"),
                layer("Slice", "FP32", "FP16"),
            ],
        );
        let found = rules(&view);
        for (rule, layer) in [
            ("layers.quantized-to-float", 0),
            ("layers.unfused-qdq", 2),
            ("layers.slice-type", 3),
        ] {
            assert!(found.iter().any(|f| f.0 == rule && f.2 == [layer]), "{rule}: {found:?}");
        }
    }

    #[test]
    fn channels_and_kernels_are_judged_where_they_are_told() {
        let mut odd = layer("CaskConvolution", "FP16", "FP16");
        odd.outputs = vec![tensor("FP16", 17)];
        let mut first = layer("CaskConvolution", "FP16", "FP16");
        first.inputs = vec![tensor("FP16", 3)];
        first.tactic = "sm80_xmma_fprop_implicit_gemm_f16f16".into();
        let mut slow = layer("CaskConvolution", "FP16", "FP16");
        slow.tactic = "direct_group_convolution".into();
        let mut compiled = layer("gemm", "FP16", "FP16");
        compiled.tactic = "__myl_MulAdd_0x1234".into();
        let found = rules(&asked("fp16", vec![odd, first, slow, compiled]));
        assert_eq!(
            found,
            [
                ("layers.channels".into(), Severity::Info, vec![0]),
                ("layers.no-tensor-cores".into(), Severity::Info, vec![2])
            ]
        );
    }

    #[test]
    fn names_alone_say_nothing() {
        let layers = vec![EngineLayer {
            name: "Conv_0".into(),
            ..EngineLayer::default()
        }];
        assert_eq!(rules(&asked("int8", layers)), []);
    }
}
