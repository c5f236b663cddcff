//! Enums whose values differ between versions: looked up per table, never assumed.

use super::Table;

/// An enum of TensorRT: a value (or none) per version.
pub trait VersionedEnum: Copy + Eq + std::fmt::Debug + 'static {
    /// The C++ name of the enum.
    const NAME: &'static str;
    /// All enumerators of all versions.
    const ALL: &'static [Self];

    /// The C++ name of the enumerator, as in `kFP16`.
    fn name(self) -> &'static str;

    /// Ranges of versions (positions in the list of tables, inclusive) with the value there.
    fn ranges(self) -> &'static [(u8, u8, i32)];

    /// The value in a version.
    ///
    /// # Errors
    /// [`Unsupported`] when the version does not have it.
    fn value(self, table: &Table) -> Result<i32, Unsupported> {
        let key = table.key.0;
        let range = self.ranges().iter().find(|r| r.0 <= key && key <= r.1);
        range.map(|r| r.2).ok_or_else(|| Unsupported {
            option: format!("{}::{}", Self::NAME, self.name()),
            version: table.in_words(),
            available: self.available(),
        })
    }

    /// The enumerator that a value stands for in a version, `None` for values that the table does not know.
    fn from_value(table: &Table, value: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.value(table) == Ok(value))
    }

    /// The versions that have it, in words.
    fn available(self) -> String {
        super::table::in_words(|t| self.ranges().iter().any(|r| r.0 <= t.key.0 && t.key.0 <= r.1))
    }

    /// The short name for people and files: `kSPARSE_WEIGHTS` is `sparse-weights`.
    fn short_name(self) -> String {
        self.name().trim_start_matches('k').to_lowercase().replace('_', "-")
    }

    /// The enumerator with a short name.
    fn from_short_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.short_name() == name)
    }
}

/// An option that the loaded version does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{version} has no {option}; it exists in {available}")]
pub struct Unsupported {
    /// Enum and enumerator, or another name of the option.
    pub option: String,
    /// The loaded version (of its table).
    pub version: String,
    /// The versions that have it.
    pub available: String,
}

macro_rules! versioned_enum {
    ($(#[$doc:meta])* $name:ident $cpp:literal {
        $($(#[$value_doc:meta])* $value:ident $value_cpp:literal [$($range:expr),*];)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl super::super::VersionedEnum for $name {
            const NAME: &'static str = $cpp;
            const ALL: &'static [Self] = &[$($name::$value),*];

            fn name(self) -> &'static str {
                match self { $($name::$value => $value_cpp),* }
            }

            fn ranges(self) -> &'static [(u8, u8, i32)] {
                match self { $($name::$value => &[$($range),*]),* }
            }
        }
    };
}
pub(super) use versioned_enum;

#[cfg(test)]
mod tests {
    use crate::sys::{BuilderFlag, ComputeCapability, NetworkFlag, Table, TacticSource, VersionedEnum};

    fn table(name: &str) -> &'static Table {
        Table::all().iter().find(|t| t.name == name).expect("a known table")
    }

    #[test]
    fn values_follow_the_renumbering() {
        assert_eq!(BuilderFlag::VersionCompatible.value(table("ent-10.3")), Ok(13));
        assert_eq!(BuilderFlag::VersionCompatible.value(table("rtx-1.7")), Ok(12));
        assert_eq!(NetworkFlag::StronglyTyped.value(table("ent-10.3")), Ok(1));
        assert_eq!(NetworkFlag::StronglyTyped.value(table("ent-11.0")), Ok(0));
        assert_eq!(
            TacticSource::from_value(table("ent-11.4"), 1),
            Some(TacticSource::JitConvolutions)
        );
        assert_eq!(
            TacticSource::from_value(table("ent-10.16"), 1),
            Some(TacticSource::CublasLt)
        );
    }

    #[test]
    fn a_missing_option_names_the_versions_that_have_it() {
        let error = BuilderFlag::Fp16
            .value(table("rtx-1.7"))
            .expect_err("no weak typing in 1.7");
        let text = "TensorRT-RTX 1.7 has no BuilderFlag::kFP16; it exists in TensorRT 10.0-10.16, TensorRT-RTX 1.3-1.4";
        assert_eq!(error.to_string(), text);
        assert!(ComputeCapability::Sm86.value(table("ent-11.4")).is_err());
    }

    #[test]
    fn short_names_go_both_ways() {
        for flag in BuilderFlag::ALL {
            assert_eq!(BuilderFlag::from_short_name(&flag.short_name()), Some(*flag));
        }
    }
}
