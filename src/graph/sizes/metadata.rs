//! What exporters write beside the graph: `imgsz`, `stride`, `batch`, sample rates, lengths.

use crate::graph::Graph;

/// Keys of metadata_props that name the size of a picture, the most telling first: ultralytics, MMDeploy, timm and other
/// exporters.
const PICTURE: &[&str] = &[
    "imgsz",
    "img_size",
    "image_size",
    "input_size",
    "input_shape",
    "input_hw",
    "test_size",
    "resolution",
    "size",
    "shape",
];

/// A number that the model's metadata gives, and its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Said {
    pub value: i64,
    pub key: String,
}

/// What the metadata says of sizes.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Metadata {
    pub height: Option<Said>,
    pub width: Option<Said>,
    pub stride: Option<i64>,
    pub batch: Option<Said>,
    pub rate: Option<Said>,
    pub length: Option<Said>,
}

pub(super) fn read(graph: &Graph) -> Metadata {
    let props = &graph.model.proto().metadata_props;
    let get = |key: &str| {
        let of = |p: &&crate::model::onnx::StringStringEntryProto| {
            p.key.as_deref().is_some_and(|k| k.eq_ignore_ascii_case(key))
        };
        let found = props.iter().find(of)?;
        Some((found.key.clone()?, numbers(found.value.as_deref()?)))
    };
    let single = |keys: &[&str], range: std::ops::RangeInclusive<i64>| {
        keys.iter().find_map(|key| {
            let (key, values) = get(key)?;
            let value = *values.first().filter(|v| values.len() == 1 && range.contains(*v))?;
            Some(Said { value, key })
        })
    };
    let mut out = Metadata {
        height: single(&["height", "input_height", "image_height"], 8..=8192),
        width: single(&["width", "input_width", "image_width"], 8..=8192),
        stride: get("stride").and_then(|(_, v)| v.into_iter().filter(|n| (1..=256).contains(n)).max()),
        batch: single(&["batch", "batch_size"], 1..=1024),
        rate: single(&["sample_rate", "sampling_rate", "samplerate"], 1000..=192_000),
        length: single(
            &[
                "max_length",
                "max_seq_length",
                "max_seq_len",
                "seq_len",
                "sequence_length",
            ],
            1..=8192,
        ),
    };
    let picture = PICTURE.iter().find_map(|key| {
        let (key, values) = get(key)?;
        let is_side = |n: &i64| (8..=8192).contains(n);
        let (height, width) = match values.as_slice() {
            [side] => (*side, *side),
            [height, width] => (*height, *width),
            // Channels last, or first.
            [height, width, 1 | 3 | 4] | [_, height, width, 1 | 3 | 4] => (*height, *width),
            [_, height, width] | [_, _, height, width] => (*height, *width),
            _ => return None,
        };
        (is_side(&height) && is_side(&width)).then_some((key, height, width))
    });
    if let (Some((key, height, width)), None, None) = (picture, &out.height, &out.width) {
        let said = |value: i64| {
            Some(Said {
                value,
                key: key.clone(),
            })
        };
        (out.height, out.width) = (said(height), said(width));
    }
    out
}

/// Whole numbers of a text such as `[640, 640]`, `1x3x224x224`, `640`; none where it says anything else.
fn numbers(text: &str) -> Vec<i64> {
    if text.len() > 64 || text.chars().any(|c| !(c.is_ascii_digit() || " ,x[](){}*".contains(c))) {
        return Vec::new();
    }
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty());
    parts.filter_map(|p| p.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, proto};
    use crate::model::onnx::StringStringEntryProto;

    fn of(props: &[(&str, &str)]) -> Metadata {
        let mut proto = proto(graph(&[], &[], vec![], vec![]), vec![]);
        proto.metadata_props = props
            .iter()
            .map(|(key, value)| StringStringEntryProto {
                key: Some((*key).into()),
                value: Some((*value).into()),
                ..Default::default()
            })
            .collect();
        read(&Graph::new(model(&proto)))
    }

    #[test]
    fn exporters_spellings_are_read() {
        let sides = |m: &Metadata| (m.height.as_ref().map(|s| s.value), m.width.as_ref().map(|s| s.value));
        let yolo = of(&[
            ("stride", "32"),
            ("imgsz", "[480, 640]"),
            ("batch", "1"),
            ("names", "{0: 'a'}"),
        ]);
        assert_eq!((sides(&yolo), yolo.stride), ((Some(480), Some(640)), Some(32)));
        assert_eq!(sides(&of(&[("input_shape", "1x3x256x192")])), (Some(256), Some(192)));
        assert_eq!(
            sides(&of(&[("input_shape", "(1, 256, 192, 3)")])),
            (Some(256), Some(192))
        );
        assert_eq!(sides(&of(&[("image_size", "384")])), (Some(384), Some(384)));
        assert_eq!(sides(&of(&[("size", "large"), ("imgsz", "[1, 2]")])), (None, None));
        assert_eq!(of(&[("sample_rate", "8000")]).rate.unwrap().value, 8000);
    }
}
