//! What the layers of an engine, or their times, say about it: findings about the engine, not about the model (those are
//! `check`'s). The rules are those of NVIDIA's trt-engine-explorer and of its best-practices guide, as far as the data that
//! runtimes give allow them; each says its reason and its limit.

use super::layer::{LayerTime, Profile};
use crate::check::Severity;
use crate::format;
use serde::{Deserialize, Serialize};

/// Something that the layers of an engine say about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LayerFinding {
    /// Stable name of the rule (`layers.reformat`).
    pub rule: String,
    /// How bad. Engines with findings run; none is an error.
    pub severity: Severity,
    /// The layers that it is about, as indices in order of execution.
    pub layers: Vec<usize>,
    /// What was seen and why it matters, in sentences that a person can act on.
    pub reason: String,
}

impl LayerFinding {
    /// A finding.
    pub fn new(rule: &str, severity: Severity, layers: Vec<usize>, reason: String) -> Self {
        Self {
            rule: rule.into(),
            severity,
            layers,
            reason,
        }
    }
}

/// Share of all layers' time from which one layer is a strong lead, and from which it is a lead.
const STRONG_LEAD: f64 = 0.10;
/// See [`STRONG_LEAD`].
const LEAD: f64 = 0.05;
/// A layer is named only when it takes this many times the share that every layer would have if all were alike: in a
/// network of eight layers each has 12 %.
const OF_FAIR_SHARE: f64 = 2.0;
/// Milliseconds below which a layer is tiny: about what starting a kernel costs.
const TINY_MS: f64 = 0.010;
/// Tiny layers are worth a word from this many on,
const TINY_COUNT: usize = 20;
/// and from this share of the time on.
const TINY_SHARE: f64 = 0.10;
/// Share of the time from which moving data between layouts and types is worth a word.
const MOVING_SHARE: f64 = 0.05;
/// Layers that a reason names.
const NAMED: usize = 3;

/// What a profile's times say, most severe first.
pub fn of_profile(profile: &Profile) -> Vec<LayerFinding> {
    let rules = [leads, moving, tiny, on_processor, attention];
    let mut found: Vec<LayerFinding> = rules.iter().filter_map(|rule| rule(&profile.layers)).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found
}

fn share_of(layers: &[LayerTime], which: &[usize]) -> f64 {
    which.iter().filter_map(|i| layers.get(*i)).map(|l| l.share).sum()
}

fn percent(share: f64) -> String {
    format!("{} %", format::significant(100.0 * share))
}

/// Indices of the layers that `is` holds for.
fn all(layers: &[LayerTime], is: impl Fn(&LayerTime) -> bool) -> Vec<usize> {
    (0..layers.len()).filter(|i| layers.get(*i).is_some_and(&is)).collect()
}

fn takes(n: usize) -> &'static str {
    if n == 1 { "takes" } else { "take" }
}

/// Few layers that take much of the time: 10 % is a strong lead, 5 % a lead.
fn leads(layers: &[LayerTime]) -> Option<LayerFinding> {
    let fair = OF_FAIR_SHARE / layers.len().max(1) as f64;
    let mut found = all(layers, |l| l.share >= LEAD.max(fair));
    found.sort_by(|a, b| share_of(layers, &[*b]).total_cmp(&share_of(layers, &[*a])));
    let (first, rest) = (*found.first()?, found.len());
    let strong = share_of(layers, &[first]) >= STRONG_LEAD;
    let name = |i: &usize| {
        let layer = layers.get(*i)?;
        Some(format!(
            "{} ({})",
            format::middle(&layer.name, 60),
            percent(layer.share)
        ))
    };
    let names: Vec<String> = found.iter().take(NAMED).filter_map(name).collect();
    let more = match rest.saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let reason = format!(
        "{} of {} {} {} of the layers' time: {}{more}. What makes these faster is felt most.",
        format::count(rest as u64),
        format::plural(layers.len(), "layer"),
        takes(rest),
        percent(share_of(layers, &found)),
        names.join(", "),
    );
    let severity = if strong { Severity::Warning } else { Severity::Info };
    Some(LayerFinding::new("time.lead", severity, found, reason))
}

/// True for layers that compute nothing and only bring data into another layout or type. The names are those of TensorRT
/// (`Reformat`), ONNX Runtime (`ReorderInput`, `MemcpyToHost`) and ONNX (`Cast`, `Transpose`).
pub fn moves_data(kind: &str) -> bool {
    const KINDS: [&str; 7] = [
        "reformat",
        "reorderinput",
        "reorderoutput",
        "memcpyfromhost",
        "memcpytohost",
        "cast",
        "transpose",
    ];
    let kind = kind.to_lowercase();
    KINDS.contains(&kind.as_str()) || kind.starts_with("reformat")
}

fn moving(layers: &[LayerTime]) -> Option<LayerFinding> {
    // TensorRT names them "Reformatting CopyNode for Input Tensor 0 to …" where it tells no kinds.
    let is = |l: &LayerTime| l.op.as_deref().is_some_and(moves_data) || l.name.starts_with("Reformatting CopyNode");
    let found = all(layers, is);
    let share = share_of(layers, &found);
    if share < MOVING_SHARE {
        return None;
    }
    let severity = if share >= STRONG_LEAD {
        Severity::Warning
    } else {
        Severity::Info
    };
    let reason = format!(
        "{} that only {} data into another layout or type {} {} of the layers' time. Inputs in the layout and type that \
         the next layer computes in, and fewer changes of precision between neighbours, avoid them.",
        format::plural(found.len(), "layer"),
        if found.len() == 1 { "brings" } else { "bring" },
        takes(found.len()),
        percent(share),
    );
    Some(LayerFinding::new("time.reformat", severity, found, reason))
}

fn tiny(layers: &[LayerTime]) -> Option<LayerFinding> {
    let found = all(layers, |l| l.mean_ms < TINY_MS);
    let share = share_of(layers, &found);
    if found.len() < TINY_COUNT || share < TINY_SHARE {
        return None;
    }
    let reason = format!(
        "{} of under {} µs each {} {} of the layers' time together: starting them costs about as much as they do. A larger \
         batch, folded constants, or a CUDA graph on a GPU help.",
        format::plural(found.len(), "layer"),
        format::significant(1e3 * TINY_MS),
        takes(found.len()),
        percent(share),
    );
    Some(LayerFinding::new("time.tiny-layers", Severity::Info, found, reason))
}

/// Layers that a GPU's engine leaves to the processor (ONNX Runtime says which provider computed a node).
fn on_processor(layers: &[LayerTime]) -> Option<LayerFinding> {
    let is = |l: &LayerTime, part: &str| l.provider.as_deref().is_some_and(|p| p.contains(part));
    if !layers.iter().any(|l| is(l, "CUDA") || is(l, "Tensorrt")) {
        return None;
    }
    let found = all(layers, |l| is(l, "CPU"));
    if found.is_empty() {
        return None;
    }
    let share = share_of(layers, &found);
    let severity = if share >= LEAD {
        Severity::Warning
    } else {
        Severity::Info
    };
    let reason = format!(
        "{} of this GPU engine ran on the processor, {} of the layers' time, with copies between them.",
        format::plural(found.len(), "layer"),
        percent(share),
    );
    Some(LayerFinding::new("time.on-processor", severity, found, reason))
}

/// A Softmax of its own between matrix products: attention that was not fused.
fn attention(layers: &[LayerTime]) -> Option<LayerFinding> {
    /// Layers between a product and the Softmax: scale, mask, cast.
    const BETWEEN: usize = 4;
    let is_product = |l: &LayerTime| l.op.as_deref().is_some_and(|op| op.contains("MatMul") || op == "Gemm");
    let has_product = |from: usize, to: usize| {
        layers
            .get(from..to.min(layers.len()))
            .is_some_and(|s| s.iter().any(is_product))
    };
    let mut found = all(layers, |l| l.op.as_deref().is_some_and(|op| op.ends_with("Softmax")));
    found.retain(|i| has_product(i.saturating_sub(BETWEEN), *i) && has_product(i + 1, i + 1 + BETWEEN));
    if found.is_empty() {
        return None;
    }
    let reason = format!(
        "{} stand between matrix products as layers of their own ({} of the layers' time): attention is not fused here. \
         Runtimes fuse it where they know the pattern; a newer exporter or opset often gives them one that they know.",
        format::plural(found.len(), "Softmax layer"),
        percent(share_of(layers, &found)),
    );
    Some(LayerFinding::new("time.attention", Severity::Info, found, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(layers: &[(&str, &str, f64)]) -> Profile {
        let layer = |(name, op, ms): &(&str, &str, f64)| LayerTime {
            op: (!op.is_empty()).then(|| (*op).to_string()),
            ..LayerTime::of((*name).into(), &[*ms])
        };
        let mut profile = Profile {
            layers: layers.iter().map(layer).collect(),
            ..Profile::default()
        };
        profile.share();
        profile
    }

    fn rules(profile: &Profile) -> Vec<(String, Severity, Vec<usize>)> {
        let found = of_profile(profile).into_iter();
        found.map(|f| (f.rule, f.severity, f.layers)).collect()
    }

    #[test]
    fn a_layer_that_dominates_is_named_and_alike_ones_are_not() {
        let mut layers = vec![("small", "Relu", 1.0); 20];
        layers.push(("big", "Conv", 10.0));
        layers.push(("middle", "Conv", 3.0));
        let found = of_profile(&profile(&layers));
        assert_eq!(
            (found[0].rule.as_str(), found[0].severity),
            ("time.lead", Severity::Warning)
        );
        // 10 of 33 is far above twice a fair share (2 of 22); 3 of 33 is as much as that, and 1 of 33 is not.
        assert_eq!(found[0].layers, [20, 21]);
        assert!(found[0].reason.contains("big (30.3 %)"), "{}", found[0].reason);
        assert_eq!(rules(&profile(&[("a", "Conv", 1.0); 8])), []);
        assert_eq!(of_profile(&Profile::default()), []);
    }

    #[test]
    fn moving_data_counts_by_kind_and_by_tensorrts_names() {
        let p = profile(&[
            ("conv", "", 5.0),
            ("Reformatting CopyNode for Input Tensor 0 to conv", "", 0.5),
            ("c", "Cast", 0.2),
            ("r", "ReorderInput", 0.1),
            ("conv2", "CaskConvolution", 5.0),
        ]);
        let found = of_profile(&p);
        let moving = found.iter().find(|f| f.rule == "time.reformat").unwrap();
        assert_eq!((moving.severity, &moving.layers[..]), (Severity::Info, &[1, 2, 3][..]));
        assert!(
            moving.reason.starts_with("3 layers that only bring"),
            "{}",
            moving.reason
        );
        let p = profile(&[("conv", "", 5.0), ("t", "Transpose", 5.0)]);
        let found = of_profile(&p);
        let moving = found.iter().find(|f| f.rule == "time.reformat").unwrap();
        assert_eq!(moving.severity, Severity::Warning);
        let p = profile(&[("conv", "Conv", 99.0), ("t", "Transpose", 1.0)]);
        assert!(of_profile(&p).iter().all(|f| f.rule != "time.reformat"));
    }

    #[test]
    fn many_tiny_layers_are_told_when_they_matter() {
        let mut layers = vec![("t", "Add", 0.005); 30];
        layers.push(("conv", "Conv", 0.2));
        let p = profile(&layers);
        assert!(
            rules(&p)
                .iter()
                .any(|(r, _, l)| r == "time.tiny-layers" && l.len() == 30)
        );
        layers.push(("conv", "Conv", 20.0));
        assert!(rules(&profile(&layers)).iter().all(|(r, ..)| r != "time.tiny-layers"));
        assert!(
            rules(&profile(&layers[25..]))
                .iter()
                .all(|(r, ..)| r != "time.tiny-layers")
        );
    }

    #[test]
    fn layers_left_to_the_processor_are_told_in_gpu_engines_only() {
        let mut p = profile(&[("a", "Conv", 9.0), ("b", "NonZero", 1.0)]);
        p.layers[1].provider = Some("CPUExecutionProvider".into());
        assert!(rules(&p).iter().all(|(r, ..)| r != "time.on-processor"));
        p.layers[0].provider = Some("CUDAExecutionProvider".into());
        assert!(rules(&p).contains(&("time.on-processor".into(), Severity::Warning, vec![1])));
    }

    #[test]
    fn a_softmax_between_products_is_attention() {
        let ops = ["MatMul", "Mul", "Add", "Softmax", "MatMul"];
        let p = profile(&ops.map(|op| ("n", op, 1.0)));
        assert!(rules(&p).contains(&("time.attention".into(), Severity::Info, vec![3])));
        // A classifier's last layer is none.
        let p = profile(&[("n", "Gemm", 1.0), ("n", "Softmax", 1.0)]);
        assert!(rules(&p).iter().all(|(r, ..)| r != "time.attention"));
    }
}
