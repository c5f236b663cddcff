//! The JSON of TensorRT's engine inspector.
//!
//! NVIDIA's documentation: "Engine Inspector" for its fields, "Migrating IEngineInspector Usage from TensorRT 10.x to 11.x"
//! for what changed: `Bindings` became `I/O Tensors`, and `Format/Datatype` became two fields. Both are read. An engine
//! that was built with layer names only lists names where others list objects.

use super::{EngineLayer, LayerTensor};
use serde_json::Value;

/// Layers of an engine from the inspector's JSON for the whole engine.
///
/// # Errors
/// Text that is no such JSON.
pub fn read_layers(json: &str) -> Result<Vec<EngineLayer>, String> {
    let value: Value = serde_json::from_str(json).map_err(|e| format!("the inspector's answer is no JSON: {e}"))?;
    let layers = value.get("Layers").and_then(Value::as_array);
    let layers = layers.ok_or("the inspector's answer has no list \"Layers\"")?;
    Ok(layers.iter().map(layer).collect())
}

fn layer(value: &Value) -> EngineLayer {
    if let Some(name) = value.as_str() {
        return EngineLayer {
            name: name.into(),
            nodes: nodes(name, ""),
            ..EngineLayer::default()
        };
    }
    let name = text(value, &["Name"]);
    let outputs = tensors(value.get("Outputs"));
    EngineLayer {
        nodes: nodes(&name, &text(value, &["Metadata"])),
        kind: text(value, &["LayerType"]),
        precision: outputs.first().and_then(|o| o.dtype.clone()),
        format: outputs.first().map(|o| o.format.clone()).unwrap_or_default(),
        tactic: text(value, &["TacticName"]),
        inputs: tensors(value.get("Inputs")),
        outputs,
        name,
    }
}

/// The first of these fields that is text.
fn text(value: &Value, names: &[&str]) -> String {
    let found = names.iter().find_map(|name| value.get(name)?.as_str());
    found.unwrap_or_default().to_string()
}

fn tensors(list: Option<&Value>) -> Vec<LayerTensor> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter(|t| t.is_object()).map(tensor).collect()
}

fn tensor(value: &Value) -> LayerTensor {
    let joined = text(value, &["Format/Datatype"]);
    let own = text(value, &["Datatype", "DataType"]);
    let format = if joined.is_empty() {
        text(value, &["Format"])
    } else {
        joined
    };
    let dims = value.get("Dimensions").and_then(Value::as_array);
    LayerTensor {
        name: text(value, &["Name"]),
        shape: dims.into_iter().flatten().filter_map(Value::as_i64).collect(),
        dtype: data_type(if own.is_empty() { &format } else { &own }).map(String::from),
        format,
    }
}

/// The element type in words such as `Half`, `Row major linear FP16 format` or `Thirty-two wide channel vectorized row major
/// Int8 format`; none for `N/A due to dynamic shapes`.
fn data_type(words: &str) -> Option<&'static str> {
    const NAMES: [(&[&str], &str); 12] = [
        (&["bf16", "bfloat16"], "BF16"),
        (&["fp16", "half", "float16"], "FP16"),
        (&["fp8", "float8"], "FP8"),
        (&["fp4", "float4"], "FP4"),
        (&["e8m0"], "E8M0"),
        (&["uint8"], "UINT8"),
        (&["int8"], "INT8"),
        (&["int4"], "INT4"),
        (&["int32"], "INT32"),
        (&["int64"], "INT64"),
        (&["bool"], "BOOL"),
        (&["fp32", "float", "float32"], "FP32"),
    ];
    let lower = words.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |names: &[&str]| names.iter().any(|n| words.contains(n));
    NAMES.iter().find(|(names, _)| has(names)).map(|(_, name)| *name)
}

/// Names of the ONNX nodes of a layer: what the parser noted in its metadata (`[ONNX Layer: Conv_0]`, several one after
/// another), else the parts of its name.
fn nodes(name: &str, metadata: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        let name = name.trim();
        if !name.is_empty() && !found.iter().any(|f| f == name) {
            found.push(name.into());
        }
    };
    const MARK: &str = "[ONNX Layer: ";
    for part in metadata.split(MARK).skip(1) {
        // A name may hold brackets; the mark ends at the last one before the next mark.
        add(part.rfind(']').map_or(part, |end| &part[..end]));
    }
    if metadata.contains(MARK) {
        return found;
    }
    for part in name.split(" + ") {
        add(part);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Written after NVIDIA's documentation of the engine inspector for TensorRT 10 (no such library was at hand).
    const TEN: &str = r#"{"Layers": [{
        "Name": "Conv_0 + Relu_1",
        "LayerType": "CaskConvolution",
        "Inputs": [{"Name": "x", "Location": "Device", "Dimensions": [16, 512, 28, 28],
            "Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format"}],
        "Outputs": [{"Name": "y", "Location": "Device", "Dimensions": [16, 256, 28, 28],
            "Format/Datatype": "Channel major FP16 format where channel % 8 == 0"}],
        "ParameterType": "Convolution", "Kernel": [1, 1], "Weights": {"Type": "Int8", "Count": 131072},
        "TacticName": "sm80_xmma_fprop_implicit_gemm", "TacticValue": "0x11bde0e1d9f2f35d",
        "Metadata": "[ONNX Layer: Conv_0]\u001f[ONNX Layer: /a[0]/Relu_1]"
    }, {
        "Name": "shuffle", "LayerType": "NoOp",
        "Inputs": [{"Name": "y", "Dimensions": [-1], "Format/Datatype": "N/A due to dynamic shapes"}],
        "Outputs": [{"Name": "z", "Dimensions": [-1], "Format/Datatype": "N/A due to dynamic shapes"}],
        "TacticValue": "0x0000000000000000"
    }], "Bindings": ["x", "z"]}"#;

    /// Written after NVIDIA's notes on migrating from 10.x to 11.x (no such library was at hand).
    const ELEVEN: &str = r#"{"ProfilingVerbosity": "DETAILED", "Layers": [{
        "Name": "MatMul_3", "LayerType": "gemm",
        "Inputs": [{"Name": "x", "Dimensions": [-1, 16], "Format": "Row major linear", "Datatype": "BFloat16"}],
        "Outputs": [{"Name": "out", "Dimensions": [-1, 16], "Format": "Row major linear", "DataType": "Float"}],
        "Metadata": "[ONNX Layer: MatMul_3]"
    }], "I/O Tensors": [{"Name": "x", "IOMode": "Input", "DataType": "BFloat16", "Dimensions": [-1, 16],
        "Location": "Device", "IsShapeInferenceIO": false,
        "ProfileInfo": [{"MinShape": [1, 16], "OptShape": [2, 16], "MaxShape": [8, 16], "Format": "Row major linear"}]}]}"#;

    #[test]
    fn the_json_of_tensorrt_10() {
        let layers = read_layers(TEN).unwrap();
        assert_eq!(layers.len(), 2);
        let conv = &layers[0];
        assert_eq!(
            (conv.kind.as_str(), conv.precision.as_deref()),
            ("CaskConvolution", Some("FP16"))
        );
        assert_eq!(conv.inputs[0].dtype.as_deref(), Some("INT8"));
        assert_eq!(conv.outputs[0].shape, [16, 256, 28, 28]);
        assert_eq!(conv.nodes, ["Conv_0", "/a[0]/Relu_1"]);
        assert_eq!(conv.tactic, "sm80_xmma_fprop_implicit_gemm");
        assert_eq!(
            (layers[1].precision.as_deref(), layers[1].nodes.as_slice()),
            (None, &["shuffle".to_string()][..])
        );
    }

    #[test]
    fn the_json_of_tensorrt_11() {
        let layers = read_layers(ELEVEN).unwrap();
        let gemm = &layers[0];
        assert_eq!(gemm.inputs[0].dtype.as_deref(), Some("BF16"));
        assert_eq!(
            (gemm.precision.as_deref(), gemm.format.as_str()),
            (Some("FP32"), "Row major linear")
        );
        assert_eq!(gemm.nodes, ["MatMul_3"]);
    }

    #[test]
    fn engines_with_names_only_give_names() {
        let layers = read_layers(r#"{"Layers": ["Conv_0 + Relu_1", "Softmax_2"], "Bindings": ["x"]}"#).unwrap();
        assert_eq!(layers[0].nodes, ["Conv_0", "Relu_1"]);
        assert_eq!((layers[1].name.as_str(), layers[1].kind.as_str()), ("Softmax_2", ""));
        assert!(read_layers("{}").unwrap_err().contains("Layers"));
        assert!(read_layers("").is_err());
    }

    #[test]
    fn types_are_found_in_nvidias_words() {
        for (words, is) in [
            ("Half", Some("FP16")),
            ("Float", Some("FP32")),
            ("Row major linear FP32", Some("FP32")),
            ("Channel major INT8 format where column stride % 32 == 0", Some("INT8")),
            ("Row major Int8 format", Some("INT8")),
            ("Int64", Some("INT64")),
            ("UInt8", Some("UINT8")),
            ("N/A due to dynamic shapes", None),
        ] {
            assert_eq!(data_type(words), is, "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in ".{0,200}", cut in 0usize..900) {
            let _ = read_layers(&text);
            let _ = read_layers(TEN.get(..cut).unwrap_or(TEN));
            let _ = nodes(&text, &text);
        }
    }
}
