//! The messages that a runner and the worker exchange: docs/runner.md in types.

use crate::data::NamedTensors;
use crate::engine::TensorSpec;
use crate::graph::{Dim, Shape};
use crate::model::{DataType, Tensor};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read};
use std::path::PathBuf;

/// Version of the protocol.
pub const VERSION: u32 = 1;
/// Longest line in bytes.
pub const LONGEST_LINE: u64 = 1 << 20;
/// Most bytes of arrays behind one line.
pub const LIMIT: u64 = 4 << 30;

/// What the worker says.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Ours {
    /// First of all.
    Hello(Hello),
    /// Keep these inputs; their bytes follow the line.
    Inputs {
        /// In the model's order.
        arrays: Vec<Array>,
    },
    /// One inference on the inputs kept.
    Run {
        /// Transfers between host and device belong to it.
        transfers: bool,
    },
    /// Hand out what the last inference gave.
    Outputs,
    /// What the runner knows of itself by now.
    Facts,
    /// The end.
    Close,
}

/// The worker's greeting.
#[derive(Clone, Debug, Serialize)]
pub struct Hello {
    /// Version of the protocol.
    pub v: u32,
    /// Enginesmith's version.
    pub program: String,
    /// The ONNX model, patches applied.
    pub model: PathBuf,
    /// What the recipe asks for.
    pub precision: String,
    /// The recipe's device, where it names one.
    pub device: Option<u32>,
    /// Threads, where the recipe says them.
    pub threads: Option<u32>,
    /// Most bytes of arrays behind one line.
    pub limit: u64,
    /// The model's inputs.
    pub inputs: Vec<TensorSpec>,
    /// The model's outputs.
    pub outputs: Vec<TensorSpec>,
}

/// An array whose bytes follow the line: little-endian, row-major, without gaps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Array {
    /// Name of the input or output.
    pub name: String,
    /// `float32`, as ONNX calls it in lower case.
    pub dtype: DataType,
    /// Sizes; none for a scalar.
    pub shape: Vec<u64>,
}

impl Array {
    /// Its bytes; none where the sizes multiply to more than any machine has, or the type has no fixed size.
    fn bytes(&self) -> Option<u64> {
        let elements = self.shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d))?;
        self.dtype
            .packed_bytes(elements)
            .filter(|_| self.dtype != DataType::String)
    }
}

/// What a runner says.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Theirs {
    /// To the greeting, once it is ready.
    Hello(Greeting),
    /// Inputs are kept.
    Ok,
    /// An inference was made.
    Ran(Times),
    /// To `outputs`; bytes follow.
    Outputs {
        /// In the model's order.
        arrays: Vec<Array>,
    },
    /// To `facts`.
    Facts(Facts),
    /// Something went wrong; the conversation goes on.
    Error {
        /// In words.
        message: String,
    },
}

impl Theirs {
    fn kind(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Ok => "ok",
            Self::Ran(_) => "ran",
            Self::Outputs { .. } => "outputs",
            Self::Facts(_) => "facts",
            Self::Error { .. } => "error",
        }
    }
}

/// A runner's greeting.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
pub struct Greeting {
    /// Version of the protocol.
    pub v: u32,
    /// What tables call it.
    pub name: String,
    /// Version of what computes.
    #[serde(default)]
    pub version: Option<String>,
    /// `cpu`, `cuda`, ...
    #[serde(default)]
    pub device: Option<String>,
    /// Index of the GPU, as the driver counts for this process.
    #[serde(default)]
    pub device_index: Option<u32>,
    /// Threads it computes with.
    #[serde(default)]
    pub threads: Option<u32>,
    /// What it says that it computes in.
    #[serde(default)]
    pub precision: Option<String>,
    /// The inputs that it takes.
    pub inputs: Vec<Port>,
    /// The outputs that it gives.
    pub outputs: Vec<Port>,
    /// Sentences for the reader of its numbers.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// An input or output of a runner; other keys of it mean nothing.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Element type.
    pub dtype: DataType,
}

impl Greeting {
    /// `PyTorch eager 2.11.0`.
    pub fn words(&self) -> String {
        let name = self.name.trim();
        match self.version.as_deref().map(str::trim).filter(|v| !v.is_empty()) {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        }
    }

    /// True when it computes on an NVIDIA GPU.
    pub fn is_cuda(&self) -> bool {
        self.device.as_deref() == Some("cuda")
    }
}

/// What a runner's own clock says of one inference, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
pub struct Times {
    /// From host to device; none without a device of its own.
    #[serde(default)]
    pub h2d_ms: Option<f64>,
    /// Computing.
    pub compute_ms: f64,
    /// From device to host.
    #[serde(default)]
    pub d2h_ms: Option<f64>,
}

/// What a runner knows of itself.
#[derive(Clone, Copy, PartialEq, Debug, Default, Deserialize)]
pub struct Facts {
    /// Most device memory that it held, in bytes.
    #[serde(default)]
    pub device_peak_bytes: Option<u64>,
}

/// A message with the arrays behind it.
pub type Answer = (Theirs, NamedTensors);

/// The line of a message of ours, with its line feed.
///
/// # Errors
/// A path that is not UTF-8.
pub fn line(message: &Ours) -> Result<Vec<u8>, String> {
    let mut line = serde_json::to_vec(message).map_err(|e| format!("the greeting cannot be written: {e}"))?;
    line.push(b'\n');
    Ok(line)
}

/// Reads the next message and the arrays behind it; none at the end of the stream.
///
/// # Errors
/// What is not as the protocol says, with the beginning of the line.
pub fn read(from: &mut impl BufRead) -> Result<Option<Answer>, String> {
    let mut line = Vec::new();
    let read = from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
    read.map_err(|e| format!("its output cannot be read: {e}"))?;
    if line.is_empty() {
        return Ok(None);
    }
    let shown = || {
        String::from_utf8_lossy(&line[..line.len().min(200)])
            .trim_end()
            .to_owned()
    };
    if line.last() != Some(&b'\n') {
        return Err(match line.len() as u64 {
            LONGEST_LINE => format!("it wrote a line of more than {LONGEST_LINE} bytes: {:?}...", shown()),
            _ => format!("it ended in the middle of a line: {:?}", shown()),
        });
    }
    let message: Theirs = serde_json::from_slice(&line).map_err(|e| {
        format!(
            "it wrote a line that is no message of the runner protocol: {:?} ({e})",
            shown()
        )
    })?;
    let mut tensors = NamedTensors::new();
    if let Theirs::Outputs { arrays } = &message {
        let sizes: Option<Vec<u64>> = arrays.iter().map(Array::bytes).collect();
        let total = sizes.iter().flatten().try_fold(0u64, |sum, n| sum.checked_add(*n));
        let (Some(sizes), Some(total)) = (sizes, total) else {
            return Err(format!("it announces arrays that cannot be: {:?}", shown()));
        };
        if total > LIMIT {
            return Err(format!(
                "it announces {total} bytes of outputs, more than the {LIMIT} there may be"
            ));
        }
        for (array, size) in arrays.iter().zip(sizes) {
            tensors.push((array.name.clone(), tensor(from, array, size)?));
        }
    }
    Ok(Some((message, tensors)))
}

/// The bytes of an array. Room is made as they come, so that an announcement alone costs no memory.
fn tensor(from: &mut impl BufRead, array: &Array, size: u64) -> Result<Tensor, String> {
    let mut bytes = Vec::new();
    let read = from.by_ref().take(size).read_to_end(&mut bytes);
    read.map_err(|e| format!("output {} cannot be read: {e}", array.name))?;
    let short = bytes.len() as u64;
    Tensor::new(array.dtype, &array.shape, Bytes::from(bytes))
        .ok_or_else(|| format!("it ended after {short} of the {size} bytes of output {}", array.name))
}

/// The error for an answer to another question.
pub fn unexpected(answer: &Theirs, wanted: &str) -> String {
    format!("it answered {:?} where {wanted:?} is wanted", answer.kind())
}

/// A runner's greeting, checked against the model.
///
/// # Errors
/// What does not fit, as a sentence about the runner.
pub fn greeting(answer: Answer, inputs: &[TensorSpec], outputs: &[TensorSpec]) -> Result<Greeting, String> {
    let greeting = match answer.0 {
        Theirs::Hello(greeting) => greeting,
        Theirs::Error { message } => return Err(message),
        other => return Err(unexpected(&other, "hello")),
    };
    if greeting.v != VERSION {
        return Err(format!(
            "it speaks version {} of the runner protocol, this program version {VERSION}",
            greeting.v
        ));
    }
    if greeting.words().is_empty() {
        return Err("its name is empty".into());
    }
    for (what, own, model) in [
        ("input", &greeting.inputs, inputs),
        ("output", &greeting.outputs, outputs),
    ] {
        let list = |names: Vec<&str>| names.join(", ");
        let theirs: Vec<&str> = own.iter().map(|p| p.name.as_str()).collect();
        let wanted: Vec<&str> = model.iter().map(|s| s.name.as_str()).collect();
        if theirs != wanted {
            return Err(format!(
                "its {what}s are {}; the model's are {}, in this order",
                list(theirs),
                list(wanted)
            ));
        }
        if let Some((port, spec)) = own.iter().zip(model).find(|(p, s)| p.dtype != s.dtype) {
            return Err(format!(
                "its {what} {} is {}, the model's is {}",
                port.name, port.dtype, spec.dtype
            ));
        }
    }
    Ok(greeting)
}

/// Makes sure that outputs are what the model gives: names, types, ranks and the sizes that are known.
///
/// # Errors
/// The output and what is wrong with it.
pub fn check_outputs(outputs: &NamedTensors, specs: &[TensorSpec]) -> Result<(), String> {
    if outputs.len() != specs.len() {
        return Err(format!(
            "it gave {} outputs, the model has {}",
            outputs.len(),
            specs.len()
        ));
    }
    for ((name, tensor), spec) in outputs.iter().zip(specs) {
        if *name != spec.name {
            return Err(format!("it gave output {name} where {} is wanted", spec.name));
        }
        if tensor.dtype != spec.dtype {
            return Err(format!(
                "output {name} is {}, the model's is {}",
                tensor.dtype, spec.dtype
            ));
        }
        // A shape that nothing is known of is a single unknown size.
        let unknown = matches!(spec.shape.0[..], [Dim::Unknown]);
        let fits = |(want, is): (&Dim, &u64)| match want {
            Dim::Known(want) => want == is,
            Dim::Symbol(_) | Dim::Unknown => true,
        };
        let same = spec.shape.0.len() == tensor.dims.len() && spec.shape.0.iter().zip(&tensor.dims).all(fits);
        if !same && !unknown {
            return Err(format!(
                "output {name} has the shape {}, the model's is {}",
                Shape::known(&tensor.dims),
                spec.shape
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Result<Option<Answer>, String> {
        read(&mut std::io::Cursor::new(text))
    }

    #[test]
    fn messages_and_the_bytes_behind_them_are_read() {
        let mut text =
            br#"{"type":"outputs","arrays":[{"name":"y","dtype":"float32","shape":[2]},{"name":"n","dtype":"int64","shape":[]}]}"#
                .to_vec();
        text.push(b'\n');
        text.extend([0, 0, 128, 63, 0, 0, 0, 64]);
        text.extend(7i64.to_le_bytes());
        text.extend(b"{\"type\":\"ran\",\"compute_ms\":1.5}\n");
        let mut from = std::io::Cursor::new(text);
        let (_, arrays) = read(&mut from).unwrap().unwrap();
        assert_eq!(arrays[0].1.to_f32().unwrap(), [1.0, 2.0]);
        assert_eq!(arrays[1].1.to_i64().unwrap(), [7]);
        let (ran, _) = read(&mut from).unwrap().unwrap();
        assert!(matches!(ran, Theirs::Ran(t) if t.compute_ms == 1.5 && t.h2d_ms.is_none()));
        assert_eq!(read(&mut from), Ok(None));
    }

    #[test]
    fn what_is_no_message_is_quoted_and_costs_no_memory() {
        let huge = br#"{"type":"outputs","arrays":[{"name":"y","dtype":"float32","shape":[4611686018427387904,9]}]}"#;
        let large = br#"{"type":"outputs","arrays":[{"name":"y","dtype":"float32","shape":[1099511627776]}]}"#;
        let short = br#"{"type":"outputs","arrays":[{"name":"y","dtype":"float32","shape":[1000000000]}]}"#;
        for (text, words) in [
            (&b"Loading weights...\n"[..], "Loading weights"),
            (b"{\"type\":\"hel", "middle of a line"),
            (b"{\"type\":\"dance\"}\n", "dance"),
            (huge, "middle of a line"),
            (&[&huge[..], b"\n"].concat(), "cannot be"),
            (&[&large[..], b"\n"].concat(), "more than"),
            (&[&short[..], b"\nabc"].concat(), "after 3 of"),
            (&[b'x'; 2 << 20], "more than 1048576"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_example_of_the_documentation_is_what_is_spoken() {
        let lines = include_str!("../../../docs/runner.md").lines();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for line in lines {
            if let Some(line) = line.strip_prefix("> ") {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                ours.push(value);
            } else if let Some(line) = line.strip_prefix("< ") {
                theirs.push(serde_json::from_str::<Theirs>(line).unwrap());
            }
        }
        let spec = |name: &str| TensorSpec {
            name: name.into(),
            dtype: DataType::Float32,
            shape: Shape(vec![Dim::Known(3)]),
        };
        let hello = Hello {
            v: VERSION,
            program: "0.1.0".into(),
            model: "/home/ada/relu.onnx".into(),
            precision: "fp32".into(),
            device: None,
            threads: None,
            limit: LIMIT,
            inputs: vec![spec("x")],
            outputs: vec![spec("y")],
        };
        let x = Array {
            name: "x".into(),
            dtype: DataType::Float32,
            shape: vec![3],
        };
        let said = [
            Ours::Hello(hello.clone()),
            Ours::Inputs { arrays: vec![x] },
            Ours::Run { transfers: true },
            Ours::Outputs,
            Ours::Facts,
            Ours::Close,
        ];
        let said: Vec<serde_json::Value> = said.iter().map(|m| serde_json::to_value(m).unwrap()).collect();
        assert_eq!(ours, said);
        let Some(Theirs::Hello(theirs_hello)) = theirs.first().cloned() else {
            panic!("{theirs:?}")
        };
        assert_eq!(theirs_hello.words(), "NumPy 2.4.6");
        greeting((Theirs::Hello(theirs_hello), Vec::new()), &hello.inputs, &hello.outputs).unwrap();
        assert_eq!(theirs.len(), said.len() - 1, "every question but close is answered");
    }

    #[test]
    fn a_greeting_must_fit_the_model() {
        let spec = |name: &str, dtype| TensorSpec {
            name: name.into(),
            dtype,
            shape: Shape(vec![Dim::Known(2)]),
        };
        let port = |name: &str, dtype| Port {
            name: name.into(),
            dtype,
        };
        let (inputs, outputs) = ([spec("x", DataType::Float32)], [spec("y", DataType::Float32)]);
        let good = Greeting {
            v: VERSION,
            name: "torch".into(),
            inputs: vec![port("x", DataType::Float32)],
            outputs: vec![port("y", DataType::Float32)],
            ..Greeting::default()
        };
        let check = |g: Greeting| greeting((Theirs::Hello(g), Vec::new()), &inputs, &outputs);
        assert!(check(good.clone()).is_ok());
        let (mut name, mut dtype, mut version) = (good.clone(), good.clone(), good);
        name.inputs[0].name = "input".into();
        dtype.outputs[0].dtype = DataType::Float16;
        version.v = 2;
        for (greeting, words) in [(name, "the model's are x"), (dtype, "float16"), (version, "version 2")] {
            let error = check(greeting).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let given = |dims: &[u64]| vec![("y".to_string(), Tensor::from_f32(dims, &[0.0; 2]).unwrap())];
        assert!(check_outputs(&given(&[2]), &outputs).is_ok());
        assert!(check_outputs(&given(&[1, 2]), &outputs).unwrap_err().contains("1x2"));
    }
}
