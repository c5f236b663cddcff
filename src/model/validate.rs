//! What every model needs, checked at opening in O(graph): a graph, an IR version, an opset, tensors whose dims agree
//! with their bytes, external files that are there.

use super::ModelError;
use super::external::External;
use super::onnx::{ModelProto, OperatorSetIdProto};
use super::stored::{Storage, stored};
use super::walk::{self, Found};
use std::path::Path;

/// Imports are searched for every node.
const MOST_IMPORTS: usize = 1000;
/// Names of functions and of attributes that hold bodies are part of every path into them.
const LONGEST_NAME: usize = 256;

pub(super) fn validate(proto: &ModelProto, path: &Path, external: &External) -> Result<(), ModelError> {
    let invalid = |place: String, reason: String| ModelError::Invalid {
        path: path.into(),
        place,
        reason,
    };
    let model = |reason: &str| invalid("model".into(), reason.into());
    if !proto.graph.is_set() {
        return Err(model("there is no graph"));
    }
    match proto.ir_version {
        None => return Err(model("there is no ir_version")),
        Some(version) if version < 1 => return Err(model(&format!("ir_version {version} does not exist"))),
        // Before IR version 3 there was no opset_import; version 1 of the operators is meant (onnx.checker, IR.md).
        Some(version) if version < 3 && !proto.opset_import.is_empty() => {
            return Err(model(&format!("ir_version {version} does not allow opset_import")));
        }
        Some(version) if version >= 3 && proto.opset_import.is_empty() => {
            return Err(model(
                "there is no opset_import: which version of the operators is meant is not said",
            ));
        }
        Some(_) => {}
    }
    let check_imports = |imports: &[OperatorSetIdProto], place: &str| {
        if imports.len() > MOST_IMPORTS {
            let reason = format!("{} domains are imported, more than {MOST_IMPORTS}", imports.len());
            return Err(invalid(format!("{place}opset_import"), reason));
        }
        for (i, import) in imports.iter().enumerate() {
            if import.version.is_none_or(|v| v < 1) {
                let domain = walk::quoted(import.domain.as_deref().unwrap_or_default());
                return Err(invalid(
                    format!("{place}opset_import[{i}]"),
                    format!("domain {domain} has no version"),
                ));
            }
        }
        Ok(())
    };
    check_imports(&proto.opset_import, "")?;
    for (i, function) in proto.functions.iter().enumerate() {
        check_imports(&function.opset_import, &format!("functions[{i}], "))?;
        let name = function.name.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(invalid(format!("functions[{i}]"), "it has no name".into()));
        }
        let parts = [&function.domain, &function.name, &function.overload];
        if parts
            .iter()
            .any(|part| part.as_ref().is_some_and(|part| part.len() > LONGEST_NAME))
        {
            let reason = format!("its name or domain is longer than {LONGEST_NAME} bytes");
            return Err(invalid(format!("functions[{i}] {}", walk::quoted(name)), reason));
        }
    }
    for (i, initializer) in proto.graph.initializer.iter().enumerate() {
        if initializer.name.as_deref().unwrap_or_default().is_empty() {
            return Err(invalid(format!("graph, initializer[{i}]"), "it has no name".into()));
        }
    }
    walk::all(proto, &mut |place, found| match found {
        Found::Body(name) if name.len() > LONGEST_NAME => Err(invalid(
            place.to_string(),
            format!("its name is longer than {LONGEST_NAME} bytes"),
        )),
        Found::Body(_) => Ok(()),
        Found::Tensor(tensor) => {
            let checked = stored(tensor).and_then(|stored| match stored.place {
                Storage::External(reference) => external.check(reference, stored.bytes),
                _ => Ok(()),
            });
            checked.map_err(|reason| invalid(place.to_string(), reason))
        }
    })
}
