//! Inputs that Polygraphy saved (`polygraphy run --save-inputs`): a JSON list of inferences, each an object of arrays by input,
//! an array as base64 of an `.npy` file (polygraphy.json, 0.53).

use crate::data::base64::from_base64;
use crate::data::npy::Header;
use crate::files;
use crate::model::Tensor;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The arrays of one inference, by name.
pub(super) type Feed = Arc<BTreeMap<String, Tensor>>;

/// A larger file is not read: it is taken into memory as a whole, in bytes.
const MAX: u64 = 2 << 30;

/// All inferences in the file.
///
/// # Errors
/// A file that is not of this form, with the place in it.
pub(super) fn read(path: &Path) -> Result<Vec<Feed>, String> {
    let bytes = std::fs::metadata(path).map_err(|e| files::words(&e))?.len();
    if bytes > MAX {
        return Err(format!(
            "{} are too large for JSON; save the inputs as .npz",
            crate::format::bytes(bytes)
        ));
    }
    let text = std::fs::read(path).map_err(|e| files::words(&e))?;
    let content: Value = serde_json::from_slice(&text).map_err(|e| format!("not JSON: {e}"))?;
    let Value::Array(list) = content else {
        return Err("not inputs as Polygraphy saves them: it is no list of inferences".into());
    };
    if list.is_empty() {
        return Err("the list of inferences is empty".into());
    }
    let feed = |(at, value): (usize, &Value)| {
        let inputs = value
            .as_object()
            .ok_or_else(|| format!("inference {at} is no object of inputs"))?;
        let arrays = inputs.iter().map(|(name, value)| {
            let array = value.as_object().ok_or("it is no object".to_owned()).and_then(array);
            array
                .map(|array| (name.clone(), array))
                .map_err(|why| format!("inference {at}, input {name:?}: {why}"))
        });
        arrays.collect::<Result<_, String>>().map(Arc::new)
    };
    list.iter().enumerate().map(feed).collect()
}

fn array(of: &Map<String, Value>) -> Result<Tensor, String> {
    let class = of.get("polygraphy_class").and_then(Value::as_str).unwrap_or("ndarray");
    if class != "ndarray" {
        return Err(format!("a {class} instead of an array; save NumPy arrays"));
    }
    let text = of.get("array").and_then(Value::as_str).ok_or("it has no \"array\"")?;
    let bytes = from_base64(text).ok_or("\"array\" is not base64")?;
    let mut rest = bytes.as_slice();
    let header = Header::read(&mut rest)?;
    let needed = header
        .file_bytes()
        .and_then(|n| usize::try_from(n).ok())
        .ok_or("its shape is absurd")?;
    if needed > rest.len() {
        return Err(format!(
            "its shape needs {needed} bytes of data, there are {}",
            rest.len()
        ));
    }
    let mut data = vec![0; needed];
    rest.read_exact(&mut data).map_err(|e| e.to_string())?;
    let dims = header.dims.clone();
    header.unpack(data, dims)
}
