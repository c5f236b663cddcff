//! Which library: what is found here, which one a recipe means, what it can do on this machine.

use super::{install, name};
use crate::engine::cuda::DeviceInfo;
use crate::engine::{EngineError, Usable, installed};
use crate::recipe::TargetSpec;
use enginesmith_tensorrt::{Flavour, Library, Version, find};
use std::path::{Path, PathBuf};

/// Compute capabilities of GPUs that TensorRT-RTX runs on (its support matrix, 1.4 to 1.7).
const RTX_CAPABILITIES: [(u32, u32); 6] = [(7, 5), (8, 0), (8, 6), (8, 9), (12, 0), (12, 1)];

/// A library that was found.
pub struct Candidate {
    /// What the files say.
    pub found: find::Found,
}

impl Candidate {
    /// Its version as four numbers, or `unknown`.
    pub fn version_text(&self) -> String {
        self.found.version.map_or_else(|| "unknown".into(), numbers)
    }

    /// Why it cannot be used; none when it probably can.
    pub fn refusal(&self) -> Option<String> {
        self.found.problem.as_ref().map(ToString::to_string)
    }
}

/// `1.7.1.116`; numbers at the end that are not known are left out.
pub fn numbers(version: Version) -> String {
    let Version {
        major,
        minor,
        patch,
        build,
        ..
    } = version;
    match build {
        0 => format!("{major}.{minor}.{patch}"),
        _ => format!("{major}.{minor}.{patch}.{build}"),
    }
}

/// True when `version` is `wanted`, or begins with its numbers (`1.6` takes `1.6.1.120`, not `1.60`).
fn is_version(version: &str, wanted: &str) -> bool {
    version
        .strip_prefix(wanted.trim())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Libraries of a product on this machine, newest first; nothing is loaded.
pub fn find(flavour: Flavour) -> Vec<Candidate> {
    let given: Vec<PathBuf> = installed::root()
        .map(|root| root.join(name(flavour)))
        .into_iter()
        .collect();
    let mut found: Vec<Candidate> = find::libraries(&given)
        .into_iter()
        .filter(|found| found.flavour == flavour)
        .map(|found| Candidate { found })
        .collect();
    // Stable: of equal versions, the one in the better place stays first.
    found.sort_by_key(|c| std::cmp::Reverse(c.found.version.map(|v| (v.major, v.minor, v.patch, v.build))));
    found
}

/// The library's file that a recipe means: the one it names, else the newest that fits its version.
///
/// # Errors
/// [`EngineError::Unavailable`] that says what was found and why it does not do.
pub fn choose(flavour: Flavour, target: &TargetSpec, named: Option<&Path>) -> Result<PathBuf, EngineError> {
    if let Some(path) = named {
        return Ok(path.to_path_buf());
    }
    let mut reasons = Vec::new();
    for library in find(flavour) {
        let version = library.version_text();
        let reason = match (&target.version, library.refusal()) {
            (_, Some(reason)) => reason,
            (Some(wanted), None) if !is_version(&version, wanted) => {
                format!("it is version {version}, and {wanted} is wanted")
            }
            _ => return Ok(library.found.core),
        };
        reasons.push(format!("{}: {reason}", library.found.core.display()));
    }
    let wanted = target.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
    let how = match (flavour, &target.version) {
        (Flavour::Rtx, Some(version)) => format!("{}@{version}", install(flavour)),
        _ => install(flavour).into(),
    };
    let mut message = format!("no {}{wanted} that can be used was found here; {how}", flavour.name());
    if flavour == Flavour::Rtx {
        message = format!(
            "no {}{wanted} that can be used was found here; `{how}` gets one",
            flavour.name()
        );
    }
    for reason in reasons {
        message.push_str("\n  ");
        message.push_str(&reason);
    }
    Err(EngineError::Unavailable(message))
}

/// Makes sure that what was loaded is the product and version that the recipe means: a library that the recipe names by
/// path may be another.
///
/// # Errors
/// [`EngineError::Unavailable`] with both versions.
pub fn check_loaded(flavour: Flavour, target: &TargetSpec, library: Library) -> Result<(), EngineError> {
    let version = library.version();
    let wanted = target.version.as_deref();
    let fits = version.flavour == flavour && wanted.is_none_or(|w| is_version(&numbers(version), w));
    if fits {
        return Ok(());
    }
    Err(EngineError::Unavailable(format!(
        "{} is {version}, and {} {} is wanted",
        library.path().display(),
        flavour.name(),
        wanted.unwrap_or("of any version")
    )))
}

/// What a library of the product can do with these GPUs.
pub fn usable(flavour: Flavour, devices: &Result<Vec<DeviceInfo>, String>) -> Usable {
    match (flavour, devices) {
        (Flavour::Rtx, Err(why)) => Usable::BuildOnly(format!("engines cannot run here: {why}")),
        (Flavour::Enterprise, Err(why)) => Usable::No(format!("TensorRT parses and builds on a GPU only: {why}")),
        (_, Ok(devices)) => {
            let refusals: Vec<String> = devices.iter().filter_map(|d| device_refusal(flavour, d)).collect();
            if refusals.len() < devices.len() {
                return Usable::Yes;
            }
            match flavour {
                Flavour::Rtx => Usable::BuildOnly(refusals.join("; ")),
                Flavour::Enterprise => Usable::No(refusals.join("; ")),
            }
        }
    }
}

/// Why engines of the product do not run on a GPU; none when they do.
pub fn device_refusal(flavour: Flavour, device: &DeviceInfo) -> Option<String> {
    match flavour {
        Flavour::Rtx if !RTX_CAPABILITIES.contains(&device.capability) && device.capability < (12, 2) => {
            let list: Vec<String> = RTX_CAPABILITIES.iter().map(|(a, b)| format!("{a}.{b}")).collect();
            Some(format!(
                "TensorRT-RTX does not run on {device}; it takes {} and newer",
                list.join(", ")
            ))
        }
        Flavour::Enterprise if device.capability < (7, 5) => Some(format!(
            "TensorRT 10 and 11 do not run on {device}; they need compute capability 7.5"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str, capability: (u32, u32)) -> DeviceInfo {
        DeviceInfo {
            index: 0,
            name: name.into(),
            capability,
        }
    }

    #[test]
    fn versions_match_by_whole_numbers() {
        assert!(is_version("1.6.1.120", "1.6") && is_version("1.6.1.120", "1") && is_version("1.6.1", "1.6.1"));
        assert!(!is_version("1.60.1", "1.6") && !is_version("1.6", "1.6.1"));
    }

    #[test]
    fn a_data_center_card_builds_for_rtx_but_does_not_run_it() {
        let h200 = vec![device("NVIDIA H200", (9, 0))];
        let Usable::BuildOnly(why) = usable(Flavour::Rtx, &Ok(h200.clone())) else {
            panic!("not usable for running");
        };
        assert!(
            why.contains("NVIDIA H200") && why.contains("9.0") && why.contains("8.6"),
            "{why}"
        );
        assert_eq!(usable(Flavour::Enterprise, &Ok(h200)), Usable::Yes);
        let both = vec![device("NVIDIA H200", (9, 0)), device("NVIDIA L4", (8, 9))];
        assert_eq!(usable(Flavour::Rtx, &Ok(both)), Usable::Yes);
    }

    #[test]
    fn without_a_driver_rtx_builds_and_tensorrt_does_nothing() {
        let none = Err("no NVIDIA driver was found here (libcuda)".to_string());
        assert!(matches!(usable(Flavour::Rtx, &none), Usable::BuildOnly(why) if why.contains("no NVIDIA driver")));
        assert!(matches!(usable(Flavour::Enterprise, &none), Usable::No(why) if why.contains("no NVIDIA driver")));
    }

    #[test]
    fn what_is_missing_says_how_to_get_it() {
        let target = TargetSpec {
            name: "tensorrt-rtx".into(),
            version: Some("0.1".into()),
            ..TargetSpec::default()
        };
        let Err(EngineError::Unavailable(why)) = choose(Flavour::Rtx, &target, None) else {
            panic!("there is no version 0.1");
        };
        assert!(
            why.contains("TensorRT-RTX 0.1") && why.contains("targets install tensorrt-rtx@0.1"),
            "{why}"
        );
    }
}
