//! Which library: flavour and version.

use std::fmt;

/// TensorRT or TensorRT-RTX: two products with the same interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flavour {
    /// TensorRT (`libnvinfer`).
    Enterprise,
    /// TensorRT-RTX (`libtensorrt_rtx`).
    Rtx,
}

impl Flavour {
    /// The product's name.
    pub fn name(self) -> &'static str {
        match self {
            Flavour::Enterprise => "TensorRT",
            Flavour::Rtx => "TensorRT-RTX",
        }
    }
}

/// A library's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// The product.
    pub flavour: Flavour,
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
    /// Fourth number, 0 when it is not known.
    pub build: u32,
}

impl Version {
    /// From `getInferLibVersion()`: `major * 10000 + minor * 100 + patch` from TensorRT 10 and in TensorRT-RTX,
    /// `major * 1000 + minor * 100 + patch` before. The ranges do not meet: TensorRT 10 starts at 100000, RTX 1 at 10000.
    pub fn from_number(number: i32, build: i32) -> Option<Version> {
        let n = u32::try_from(number).ok().filter(|n| *n >= 1000)?;
        let build = u32::try_from(build).unwrap_or(0);
        let flavour = if (10_000..100_000).contains(&n) {
            Flavour::Rtx
        } else {
            Flavour::Enterprise
        };
        let thousand = if n < 10_000 { 1000 } else { 10_000 };
        Some(Version {
            flavour,
            major: n / thousand,
            minor: n % thousand / 100,
            patch: n % 100,
            build,
        })
    }

    /// From four numbers in text (`10.16.1.11`); missing ones are 0.
    pub fn from_text(flavour: Flavour, text: &str) -> Option<Version> {
        let mut parts = text.split(['.', '_']).map(|p| p.parse::<u32>());
        let mut next = || parts.next().unwrap_or(Ok(0)).ok();
        Some(Version {
            flavour,
            major: next()?,
            minor: next()?,
            patch: next()?,
            build: next()?,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}.{}.{}",
            self.flavour.name(),
            self.major,
            self.minor,
            self.patch
        )?;
        if self.build > 0 {
            write!(f, ".{}", self.build)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_flavours() {
        let text = |n, b| Version::from_number(n, b).map(|v| v.to_string());
        assert_eq!(text(10701, 116).as_deref(), Some("TensorRT-RTX 1.7.1.116"));
        assert_eq!(text(101601, 11).as_deref(), Some("TensorRT 10.16.1.11"));
        assert_eq!(text(110400, 0).as_deref(), Some("TensorRT 11.4.0"));
        assert_eq!(text(8601, 6).as_deref(), Some("TensorRT 8.6.1.6"));
        assert_eq!((text(0, 0), text(-1, 0)), (None, None));
    }

    #[test]
    fn versions_in_text() {
        let v = Version::from_text(Flavour::Rtx, "1_7_1_116").map(|v| v.to_string());
        assert_eq!(v.as_deref(), Some("TensorRT-RTX 1.7.1.116"));
        assert_eq!(Version::from_text(Flavour::Rtx, "1.x"), None);
    }
}
