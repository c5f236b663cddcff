//! Which library: what is found here, which one a recipe means, what it can do on this machine.

use super::probe::Verdict;
use super::{LEAN_RUNTIME, RTX, TENSORRT, install};
use crate::engine::cuda::DeviceInfo;
use crate::engine::tiny::Arithmetic;
use crate::engine::{EngineError, Usable, installed};
use crate::recipe::TargetSpec;
use enginesmith_tensorrt::{Flavour, Library, Version, find};
use std::path::{Path, PathBuf};

/// Compute capabilities that NVIDIA's support matrix of TensorRT-RTX lists (1.4 to 1.7). What runs is asked of the library
/// ([`super::probe`]); the list is for remarks.
const RTX_CAPABILITIES: [(u32, u32); 6] = [(7, 5), (8, 0), (8, 6), (8, 9), (12, 0), (12, 1)];

/// What a lean runtime is for.
const LEAN: &str =
    "TensorRT's lean runtime: it reads version-compatible engines (`inspect FILE` asks it) and has no builder";

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

    /// Why it cannot be used for building; none when it probably can.
    pub fn refusal(&self) -> Option<String> {
        let lean = self.found.is_lean.then(|| LEAN.to_string());
        self.found.problem.as_ref().map(ToString::to_string).or(lean)
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
    let folders: &[&str] = match flavour {
        Flavour::Rtx => &[RTX],
        Flavour::Enterprise => &[TENSORRT, LEAN_RUNTIME],
    };
    let root = installed::root();
    let given: Vec<PathBuf> = root.iter().flat_map(|r| folders.iter().map(|f| r.join(f))).collect();
    let mut found: Vec<Candidate> = find::libraries(&given)
        .into_iter()
        .filter(|found| found.flavour == flavour)
        .map(|found| Candidate { found })
        .collect();
    // Stable: of equal versions, the one in the better place stays first; one with a builder is before a lean runtime.
    let numbers = |c: &Candidate| c.found.version.map(|v| (v.major, v.minor, v.patch, v.build));
    found.sort_by_key(|c| (c.found.is_lean, std::cmp::Reverse(numbers(c))));
    found
}

/// The library's file that can be asked about an engine file: as [`choose`], else a lean runtime.
///
/// # Errors
/// As [`choose`].
pub fn choose_for_reading(flavour: Flavour, target: &TargetSpec, named: Option<&Path>) -> Result<PathBuf, EngineError> {
    choose(flavour, target, named).or_else(|error| {
        let wanted = target.version.as_deref();
        let fits = |c: &Candidate| {
            c.found.is_lean && c.found.problem.is_none() && wanted.is_none_or(|w| is_version(&c.version_text(), w))
        };
        find(flavour).into_iter().find(fits).map(|c| c.found.core).ok_or(error)
    })
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

/// What a library can do with the GPUs here, and a remark where a GPU runs it that NVIDIA does not list. `ask` finds out about
/// one GPU; GPUs of one kind are asked about once.
pub fn usable(
    flavour: Flavour,
    devices: &Result<Vec<DeviceInfo>, String>,
    ask: impl Fn(&DeviceInfo) -> Result<Verdict, String>,
) -> (Usable, Option<String>) {
    let devices = match (flavour, devices) {
        (Flavour::Rtx, Err(why)) => return (Usable::BuildOnly(format!("engines cannot run here: {why}")), None),
        (Flavour::Enterprise, Err(why)) => {
            return (
                Usable::No(format!("TensorRT parses and builds on a GPU only: {why}")),
                None,
            );
        }
        (_, Ok(devices)) => devices,
    };
    let (mut refusals, mut builds): (Vec<String>, bool) = (Vec::new(), false);
    let mut seen: Vec<(&str, (u32, u32))> = Vec::new();
    for device in devices {
        if seen.contains(&(&device.name, device.capability)) {
            continue;
        }
        seen.push((&device.name, device.capability));
        match ask(device) {
            Ok(verdict) if verdict.runs => return (Usable::Yes, remark(flavour, device, &verdict)),
            Ok(verdict) => {
                builds |= verdict.builds;
                refusals.push(format!("{device}: {}", verdict.why.unwrap_or_default()));
            }
            Err(why) => {
                builds |= flavour == Flavour::Rtx;
                refusals.push(format!("{device}: {why}"));
            }
        }
    }
    let why = refusals.join("; ");
    (
        if builds {
            Usable::BuildOnly(why)
        } else {
            Usable::No(why)
        },
        None,
    )
}

/// What is worth knowing of a library that runs on a GPU: that NVIDIA does not list it, and what FP32 is computed in.
fn remark(flavour: Flavour, device: &DeviceInfo, verdict: &Verdict) -> Option<String> {
    let (major, minor) = device.capability;
    let is_listed = match flavour {
        // Newer ones than the list knows are listed by newer versions of it.
        Flavour::Rtx => RTX_CAPABILITIES.contains(&device.capability) || device.capability > (12, 1),
        Flavour::Enterprise => device.capability >= (7, 5),
    };
    let unlisted = (!is_listed).then(|| {
        format!(
            "runs here; NVIDIA's support matrix of {} does not list compute capability {major}.{minor} ({})",
            flavour.name(),
            device.name
        )
    });
    let tf32 = (verdict.fp32 == Some(Arithmetic::Tf32))
        .then(|| "precision fp32 is computed in TF32 there, by the numbers of the self-test".to_string());
    let remarks: Vec<String> = unlisted.into_iter().chain(tf32).collect();
    (!remarks.is_empty()).then(|| remarks.join("; "))
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

    fn verdict(runs: bool, why: Option<&str>) -> Verdict {
        Verdict {
            builds: true,
            runs,
            why: why.map(String::from),
            fp32: runs.then_some(Arithmetic::Fp32),
        }
    }

    #[test]
    fn what_runs_is_asked_and_the_list_is_a_remark() {
        let h200 = Ok(vec![device("NVIDIA H200", (9, 0))]);
        let (usable_here, remark) = usable(Flavour::Rtx, &h200, |_| Ok(verdict(true, None)));
        let remark = remark.expect("a remark");
        assert_eq!(usable_here, Usable::Yes);
        assert!(
            remark.contains("NVIDIA H200") && remark.contains("does not list compute capability 9.0"),
            "{remark}"
        );
        let l4 = Ok(vec![device("NVIDIA L4", (8, 9))]);
        assert_eq!(
            usable(Flavour::Rtx, &l4, |_| Ok(verdict(true, None))),
            (Usable::Yes, None)
        );
        let tf32 = Verdict {
            fp32: Some(Arithmetic::Tf32),
            ..verdict(true, None)
        };
        let (_, remark) = usable(Flavour::Rtx, &l4, |_| Ok(tf32.clone()));
        assert!(remark.is_some_and(|r| r.contains("TF32")));
        // The library's own refusal is quoted, also for a GPU that the list names.
        let (usable_here, remark) = usable(Flavour::Rtx, &l4, |_| Ok(verdict(false, Some("its own words"))));
        assert!(
            matches!(usable_here, Usable::BuildOnly(why) if why.contains("NVIDIA L4") && why.contains("its own words"))
        );
        assert_eq!(remark, None);
        // One GPU that runs it is enough, and two of a kind are asked about once.
        let asked = std::cell::Cell::new(0);
        let three = Ok(vec![device("A", (9, 0)), device("A", (9, 0)), device("B", (8, 6))]);
        let (usable_here, _) = usable(Flavour::Rtx, &three, |d| {
            asked.set(asked.get() + 1);
            Ok(verdict(d.name == "B", Some("no")))
        });
        assert_eq!((usable_here, asked.get()), (Usable::Yes, 2));
        let (usable_here, _) = usable(Flavour::Enterprise, &h200, |_| Err("it hung".into()));
        assert!(matches!(usable_here, Usable::No(why) if why.contains("it hung")));
    }

    #[test]
    fn without_a_driver_rtx_builds_and_tensorrt_does_nothing() {
        let none = Err("no NVIDIA driver was found here (libcuda)".to_string());
        let ask = |_: &DeviceInfo| -> Result<Verdict, String> { panic!("there is no GPU to ask about") };
        let (rtx, _) = usable(Flavour::Rtx, &none, ask);
        assert!(matches!(rtx, Usable::BuildOnly(why) if why.contains("no NVIDIA driver")));
        let (enterprise, _) = usable(Flavour::Enterprise, &none, ask);
        assert!(matches!(enterprise, Usable::No(why) if why.contains("no NVIDIA driver")));
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
