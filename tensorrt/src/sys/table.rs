//! Slot tables: which slot of a virtual table a method has, in a version.

use super::generated::tables::{CLASS_COUNT, CLASSES, METHOD_COUNT, METHODS, TABLES};
use crate::version::{Flavour, Version};

/// The position of a version in the list of known ones (family after family, oldest first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionKey(pub(super) u8);

/// Versions whose virtual tables only grow: one may use the table of an older one in its family, never of another family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// TensorRT 10.
    Enterprise10,
    /// TensorRT 11.
    Enterprise11,
    /// TensorRT-RTX 1.3 and 1.4.
    Rtx13,
    /// TensorRT-RTX from 1.5 on.
    Rtx15,
}

/// A C++ class with a virtual table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub(super) u16);

impl Class {
    /// The C++ name.
    pub fn name(self) -> &'static str {
        CLASSES[self.0 as usize].0
    }
}

/// A C++ method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method(pub(super) u16);

impl Method {
    /// Class and name, as in `VBuilder::reset`.
    pub fn name(self) -> String {
        let class = CLASSES.iter().rev().find(|c| c.1 <= self.0).map_or("", |c| c.0);
        format!("{class}::{}", METHODS[self.0 as usize])
    }

    /// The method of a name such as `VBuilder::reset`.
    pub fn find(name: &str) -> Option<Method> {
        let (class, method) = name.split_once("::")?;
        let at = CLASSES.iter().position(|c| c.0 == class)?;
        let first = CLASSES[at].1;
        let end = CLASSES.get(at + 1).map_or(METHOD_COUNT, |c| c.1 as usize);
        let index = METHODS[first as usize..end].iter().position(|m| *m == method)?;
        Some(Method(first + index as u16))
    }

    /// The versions that have it, in words.
    pub fn available(self) -> String {
        in_words(|t| t.slot(self).is_some())
    }
}

/// The slots of one version.
#[derive(Debug)]
pub struct Table {
    /// Its position in the list.
    pub key: VersionKey,
    /// Short name, as in `rtx-1.7`.
    pub name: &'static str,
    /// Its family.
    pub family: Family,
    /// What `getInferLibVersion()` returns in the version that the table was made from.
    pub core: i32,
    pub(super) slots: &'static [u8; METHOD_COUNT],
    pub(super) lengths: &'static [u8; CLASS_COUNT],
}

impl Table {
    /// The table for a version: its own, or the nearest older one of its family. `None` for unknown families.
    pub fn for_version(version: Version) -> Option<&'static Table> {
        let family = match (version.flavour, version.major, version.minor) {
            (Flavour::Enterprise, 10, _) => Family::Enterprise10,
            (Flavour::Enterprise, 11, _) => Family::Enterprise11,
            (Flavour::Rtx, 1, 3 | 4) => Family::Rtx13,
            (Flavour::Rtx, 1, 5..) => Family::Rtx15,
            _ => return None,
        };
        let wanted = (version.minor, version.patch);
        TABLES.iter().rfind(|t| t.family == family && t.minor_patch() <= wanted)
    }

    /// Minor and patch number as far as the name says them.
    fn minor_patch(&self) -> (u32, u32) {
        let mut parts = self.name.split(['-', '.']).skip(2).map(|p| p.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// True when the version is newer than any that the tables were made from.
    pub fn is_older_than(&self, version: Version) -> bool {
        self.minor_patch().0 < version.minor
    }

    /// The slot of a method, `None` where this version lacks it.
    pub fn slot(&self, method: Method) -> Option<usize> {
        Some(self.slots[method.0 as usize])
            .filter(|s| *s != u8::MAX)
            .map(usize::from)
    }

    /// How many slots of a class are known: its virtual table has at least so many.
    pub fn length(&self, class: Class) -> usize {
        self.lengths[class.0 as usize].into()
    }

    /// All tables.
    pub fn all() -> &'static [Table] {
        &TABLES
    }

    /// The error for a method that this version lacks.
    pub fn missing(&self, method: Method) -> Missing {
        Missing {
            method: method.name(),
            version: self.in_words(),
            available: method.available(),
        }
    }

    pub(crate) fn in_words(&self) -> String {
        let number = self.name.split('-').nth(1).unwrap_or("");
        format!(
            "{} {number}",
            if self.name.starts_with("rtx") {
                "TensorRT-RTX"
            } else {
                "TensorRT"
            }
        )
    }
}

/// Names the versions that a predicate holds for: `TensorRT 10.1-10.16, 11.0-11.4, TensorRT-RTX 1.5-1.7`.
pub(super) fn in_words(has: impl Fn(&Table) -> bool) -> String {
    let mut spans: Vec<(&Table, &Table)> = vec![];
    let mut adjacent = false;
    for table in &TABLES {
        let yes = has(table);
        if yes {
            match spans.last_mut() {
                Some(span) if adjacent && major(span.1) == major(table) => span.1 = table,
                _ => spans.push((table, table)),
            }
        }
        adjacent = yes;
    }
    let mut out = String::new();
    let mut before = "";
    for (first, last) in spans {
        let number = |t: &Table| t.name.split('-').nth(1).unwrap_or("").to_owned();
        let flavour = if first.name.starts_with("rtx") {
            "TensorRT-RTX"
        } else {
            "TensorRT"
        };
        out.push_str(if out.is_empty() { "" } else { ", " });
        if flavour != before {
            out.push_str(flavour);
            out.push(' ');
        }
        before = flavour;
        out.push_str(&number(first));
        if first.name != last.name {
            out.push('-');
            out.push_str(&number(last));
        }
    }
    if out.is_empty() { "no known version".into() } else { out }
}

fn major(table: &Table) -> &str {
    table.name.split('.').next().unwrap_or("")
}

/// A method that the loaded version does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{version} has no {method}; it exists in {available}")]
pub struct Missing {
    /// Class and method.
    pub method: String,
    /// The loaded version (of its table).
    pub version: String,
    /// The versions that have it.
    pub available: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(flavour: Flavour, major: u32, minor: u32, patch: u32) -> Option<&'static str> {
        Table::for_version(Version {
            flavour,
            major,
            minor,
            patch,
            build: 0,
        })
        .map(|t| t.name)
    }

    #[test]
    fn nearest_lower_table_of_the_family() {
        use Flavour::{Enterprise, Rtx};
        assert_eq!(table(Enterprise, 10, 13, 1), Some("ent-10.13"));
        assert_eq!(table(Enterprise, 10, 13, 3), Some("ent-10.13.3"));
        assert_eq!(table(Enterprise, 10, 14, 0), Some("ent-10.14"));
        assert_eq!(table(Enterprise, 10, 99, 0), Some("ent-10.16"));
        assert_eq!(table(Enterprise, 11, 3, 0), Some("ent-11.1"));
        assert_eq!(table(Rtx, 1, 4, 0), Some("rtx-1.4"));
        assert_eq!(table(Rtx, 1, 9, 0), Some("rtx-1.7"));
        for unknown in [(Enterprise, 9, 3), (Enterprise, 12, 0), (Rtx, 1, 2), (Rtx, 2, 0)] {
            assert_eq!(table(unknown.0, unknown.1, unknown.2, 0), None, "{unknown:?}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for number in 0..METHOD_COUNT as u16 {
            assert_eq!(Method::find(&Method(number).name()), Some(Method(number)));
        }
        assert_eq!(Method::find("VBuilder::gone"), None);
    }

    #[test]
    fn no_two_methods_of_a_class_share_a_slot() {
        for table in Table::all() {
            for (i, (class, first)) in CLASSES.iter().enumerate() {
                let end = CLASSES.get(i + 1).map_or(METHOD_COUNT, |c| c.1 as usize);
                let mut slots: Vec<_> = table.slots[*first as usize..end]
                    .iter()
                    .filter(|s| **s != u8::MAX)
                    .collect();
                let count = slots.len();
                slots.sort();
                slots.dedup();
                assert_eq!(slots.len(), count, "{} {class}", table.name);
                // the known slots are all of them: the longest index says how many there are
                assert!(count <= table.lengths[i] as usize, "{} {class}", table.name);
            }
        }
    }

    #[test]
    fn versions_in_words() {
        assert_eq!(in_words(|t| t.name == "rtx-1.7"), "TensorRT-RTX 1.7");
        assert_eq!(
            in_words(|_| true),
            "TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.3-1.7"
        );
        assert_eq!(
            in_words(|t| t.family == Family::Rtx15 || t.name == "ent-10.2"),
            "TensorRT 10.2, TensorRT-RTX 1.5-1.7"
        );
        assert_eq!(in_words(|_| false), "no known version");
    }
}
