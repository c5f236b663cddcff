//! Dimensions that share a name though their sizes differ.

use super::words;
use crate::engine::EngineError;
use crate::recipe::ProfileSpec;
use enginesmith_tensorrt::api::Network;
use std::collections::{BTreeMap, BTreeSet};

/// The least, optimal and largest size of a dimension in every profile.
type Ranges = Vec<(u64, u64, u64)>;

/// Gives dimensions of the inputs that share a name, but not their ranges in the profiles, names of their own: TensorRT
/// takes equal names as equal sizes and refuses such a build ("contradictory constraints"), while exporters call any open
/// dimension `?` or `None`. Tells what it renamed, a sentence each.
///
/// # Errors
/// What TensorRT says.
pub fn part(network: &mut Network<'_>, profiles: &[ProfileSpec]) -> Result<Vec<String>, EngineError> {
    let inputs = network.inputs().map_err(words::error)?;
    let mut dims = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let names = network.dimension_names(index).map_err(words::error)?;
        for (axis, name) in names.into_iter().enumerate() {
            let ranges = ranges(profiles, &input.name, axis);
            if let (Some(name), Some(ranges)) = (name, ranges.filter(|_| !input.is_shape_tensor)) {
                dims.push((index, axis, name, ranges));
            }
        }
    }
    let mut told = Vec::new();
    for (index, axis, name, new) in renamed(&dims) {
        network.name_dimension(index, axis, &new).map_err(words::error)?;
        told.push(format!(
            "dimension {axis} of input {} is called {name:?} like another whose range differs, which TensorRT would take as \
             equal in size; for this build it is called {new:?}",
            inputs[index].name
        ));
    }
    Ok(told)
}

fn ranges(profiles: &[ProfileSpec], input: &str, axis: usize) -> Option<Ranges> {
    let one = |profile: &ProfileSpec| {
        let range = profile.inputs.get(input)?;
        Some((*range.min.get(axis)?, *range.opt.get(axis)?, *range.max.get(axis)?))
    };
    profiles
        .iter()
        .map(one)
        .collect::<Option<Ranges>>()
        .filter(|r| !r.is_empty())
}

/// Of dimensions (input, axis, name, ranges): those that need another name than the first of their name, with the new name,
/// which those of equal ranges share.
fn renamed(dims: &[(usize, usize, String, Ranges)]) -> Vec<(usize, usize, &str, String)> {
    let mut taken: BTreeSet<String> = dims.iter().map(|(_, _, name, _)| name.clone()).collect();
    let mut names: BTreeMap<&str, Vec<(&Ranges, String)>> = BTreeMap::new();
    let mut changes = Vec::new();
    for (index, axis, name, ranges) in dims {
        let known = names.entry(name).or_default();
        if let Some((_, given)) = known.iter().find(|(r, _)| *r == ranges) {
            if given != name {
                changes.push((*index, *axis, name.as_str(), given.clone()));
            }
            continue;
        }
        let given = match known.len() {
            0 => name.clone(),
            n => {
                let free = (n + 1..)
                    .map(|i| format!("{name} {i}"))
                    .find(|new| !taken.contains(new));
                let free = free.unwrap_or_else(|| name.clone());
                changes.push((*index, *axis, name.as_str(), free.clone()));
                taken.insert(free.clone());
                free
            }
        };
        known.push((ranges, given));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dim(index: usize, axis: usize, name: &str, size: u64) -> (usize, usize, String, Ranges) {
        (index, axis, name.into(), vec![(1, size, size)])
    }

    #[test]
    fn dimensions_of_one_name_and_different_ranges_are_told_apart() {
        let dims = [
            dim(0, 0, "n", 8),
            dim(0, 2, "?", 48),
            dim(0, 3, "?", 192),
            dim(1, 0, "n", 8),
            dim(1, 1, "?", 192),
        ];
        assert_eq!(
            renamed(&dims),
            [(0, 3, "?", "? 2".to_string()), (1, 1, "?", "? 2".to_string())]
        );
        assert!(renamed(&dims[..2]).is_empty());
        // A name that is in use already is not given.
        let dims = [dim(0, 0, "?", 1), dim(0, 1, "? 2", 2), dim(0, 2, "?", 3)];
        assert_eq!(renamed(&dims), [(0, 2, "?", "? 3".to_string())]);
    }
}
