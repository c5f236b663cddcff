//! Which target and version is asked about.

/// Every target with the major versions the rules know, oldest first; none where the version does not matter.
const KNOWN: &[(&str, &[u32])] = &[
    ("embedded", &[]),
    ("onnxruntime-cpu", &[1]),
    ("onnxruntime-cuda", &[1]),
    ("openvino", &[1]),
    ("onnxruntime-ep", &[1]),
    ("tensorrt", &[10, 11]),
    ("tensorrt-rtx", &[1]),
    ("runner", &[]),
];

/// A known target at a known major version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// `tensorrt`.
    pub name: &'static str,
    /// Major and minor; the minor is `None` when any will do, which means the newest.
    pub version: Option<(u32, Option<u32>)>,
}

impl Target {
    /// Finds the target; the version may be a prefix (`10`, `10.16`) or a full one (`10.16.1.11`).
    ///
    /// # Errors
    /// A sentence with the nearest known name or the known versions.
    pub fn parse(name: &str, version: Option<&str>) -> Result<Self, String> {
        let Some((name, majors)) = KNOWN.iter().find(|(known, _)| *known == name).copied() else {
            let nearest = KNOWN
                .iter()
                .map(|k| k.0)
                .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
            let all: Vec<&str> = KNOWN.iter().map(|k| k.0).collect();
            return Err(format!(
                "unknown target {name:?}; did you mean {:?}? Known targets: {}",
                nearest.unwrap_or_default(),
                all.join(", ")
            ));
        };
        let Some(version) = version else {
            return Ok(Self {
                name,
                version: majors.last().map(|major| (*major, None)),
            });
        };
        if majors.is_empty() {
            // The embedded engine has one version, this program's; what a runner is made of is its own business.
            return Ok(Self { name, version: None });
        }
        let mut parts = version.split('.').map(str::parse::<u32>);
        let major = parts.next().and_then(Result::ok).filter(|m| majors.contains(m));
        let minor = parts.next().transpose();
        match (major, minor) {
            (Some(major), Ok(minor)) => Ok(Self {
                name,
                version: Some((major, minor)),
            }),
            _ => {
                let known: Vec<String> = majors.iter().map(ToString::to_string).collect();
                Err(format!(
                    "no rules for version {version:?} of {name}; known: {} (or a version below it, such as {}.0)",
                    known.join(", "),
                    known.last().map_or("", String::as_str)
                ))
            }
        }
    }

    /// `tensorrt@10.16`, `embedded`.
    pub fn label(&self) -> String {
        match self.version {
            Some((major, Some(minor))) => format!("{}@{major}.{minor}", self.name),
            Some((major, None)) if self.name.starts_with("tensorrt") => format!("{}@{major}", self.name),
            _ => self.name.into(),
        }
    }

    /// As people say it: `TensorRT 10.16`.
    pub fn words(&self) -> String {
        let name = self.product();
        match self.version {
            Some((major, Some(minor))) => format!("{name} {major}.{minor}"),
            Some((major, None)) if self.name.starts_with("tensorrt") => format!("{name} {major}"),
            _ => name.into(),
        }
    }

    /// As people say it, without version: `TensorRT-RTX`.
    pub fn product(&self) -> &'static str {
        match self.name {
            "tensorrt" => "TensorRT",
            "tensorrt-rtx" => "TensorRT-RTX",
            "onnxruntime-cpu" => "ONNX Runtime (CPU)",
            "onnxruntime-cuda" => "ONNX Runtime (CUDA)",
            "openvino" => "OpenVINO",
            "onnxruntime-ep" => "the execution provider",
            "runner" => "the runner",
            _ => "the embedded engine",
        }
    }

    /// Whether a rule's target covers this one: `tensorrt`, `tensorrt@10`, `tensorrt@10.14..`, `tensorrt@..10.14` (the
    /// end is not included).
    pub fn matches(&self, pattern: &str) -> bool {
        let (name, range) = pattern.split_once('@').map_or((pattern, None), |(n, r)| (n, Some(r)));
        if name != self.name {
            return false;
        }
        let (Some(range), Some(version)) = (range, self.version) else {
            return range.is_none();
        };
        let number = |text: &str| -> Option<(u32, Option<u32>)> {
            let (major, minor) = text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
            Some((major.parse().ok()?, minor.map(str::parse).transpose().ok()?))
        };
        let here = (version.0, version.1.unwrap_or(u32::MAX));
        match range.split_once("..") {
            None => number(range).is_some_and(|(major, minor)| major == version.0 && minor.is_none_or(|m| m == here.1)),
            Some((from, to)) => {
                let after = from.is_empty() || number(from).is_some_and(|(a, b)| here >= (a, b.unwrap_or(0)));
                let newest = version.1.is_none();
                let before = to.is_empty()
                    || number(to).is_some_and(|(a, b)| {
                        // "The newest of this major version" is taken to be one the rule was written about.
                        here < (a, b.unwrap_or(0)) || (newest && version.0 == a)
                    });
                after && before
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_and_versions_name_what_there_is() {
        let error = Target::parse("tensort", None).unwrap_err();
        assert!(error.contains("did you mean \"tensorrt\""), "{error}");
        let error = Target::parse("tensorrt", Some("8.6")).unwrap_err();
        assert!(error.contains("10, 11"), "{error}");
        assert!(Target::parse("tensorrt", Some("ten")).is_err());
    }

    #[test]
    fn versions_may_be_prefixes() {
        let t = Target::parse("tensorrt", Some("10.16.1.11")).unwrap();
        assert_eq!(t.label(), "tensorrt@10.16");
        assert!(t.matches("tensorrt") && t.matches("tensorrt@10") && t.matches("tensorrt@10.14.."));
        assert!(!t.matches("tensorrt@11") && !t.matches("tensorrt@..10.14") && !t.matches("tensorrt-rtx"));
        assert_eq!(Target::parse("tensorrt", None).unwrap().label(), "tensorrt@11");
        assert!(
            Target::parse("onnxruntime-cpu", None)
                .unwrap()
                .matches("onnxruntime-cpu@..1.32")
        );
        assert!(
            !Target::parse("onnxruntime-cpu", Some("1.32.0"))
                .unwrap()
                .matches("onnxruntime-cpu@..1.32")
        );
    }
}
