//! `--min`, `--opt` and `--max` as profiles: shapes (`x:1x3x224x224`) and values of shape tensors (`hw=32,32`).

use super::super::args::RecipeArgs;
use super::super::exit::CliError;
use super::option_error;
use crate::recipe::units::{Extent, parse_extent};
use crate::recipe::{ProfileSpec, Recipe};
use std::collections::BTreeMap;

const FLAGS: [&str; 3] = ["--min", "--opt", "--max"];

/// What the three flags say of one input, in the order given.
#[derive(Default)]
struct Given {
    parts: [Vec<Extent>; 3],
}

/// Puts the ranges into the recipe. The first range of every input makes the first profile (over what the recipe says of
/// it), the second one the second, and so on; a part that is not given takes the nearest part that is.
///
/// # Errors
/// Exit code 2: a text that is no range, a minimum above its maximum, an input with more of one flag than of another.
pub fn profiles(recipe: &mut Recipe, args: &RecipeArgs) -> Result<(), CliError> {
    let mut inputs: BTreeMap<String, Given> = BTreeMap::new();
    for (part, texts) in [&args.min, &args.opt, &args.max].into_iter().enumerate() {
        for text in texts {
            let (name, extent) = parse_extent(text).map_err(|e| option_error(FLAGS[part], e))?;
            inputs.entry(name).or_default().parts[part].push(extent);
        }
    }
    for (name, given) in inputs {
        let count = given.parts.iter().map(Vec::len).max().unwrap_or(0);
        for (part, extents) in given.parts.iter().enumerate() {
            if extents.len() != count && !extents.is_empty() {
                let problem = format!(
                    "input {name:?} has {} of {count} ranges here; each range is one profile, so give it for every one or for none",
                    extents.len()
                );
                return Err(option_error(FLAGS[part], problem));
            }
        }
        for index in 0..count {
            if recipe.profiles.len() <= index {
                recipe.profiles.push(ProfileSpec::default());
            }
            let [min, opt, max] = given.parts.each_ref().map(|p| p.get(index));
            let Some(profile) = recipe.profiles.get_mut(index) else {
                continue;
            };
            set(profile, &name, [min, opt, max])?;
        }
    }
    Ok(())
}

fn set(profile: &mut ProfileSpec, name: &str, parts: [Option<&Extent>; 3]) -> Result<(), CliError> {
    let shapes = parts.map(|p| p.and_then(Extent::shape));
    let values = parts.map(|p| p.and_then(Extent::values));
    let wrong = |(key, why): (&str, String)| option_error(&format!("--{key}"), format!("input {name:?}: {why}"));
    match (shapes.iter().any(Option::is_some), values.iter().any(Option::is_some)) {
        (true, true) => Err(option_error(
            "--min",
            format!("input {name:?} has a shape (NAME:SHAPE) in one place and values (NAME=VALUES) in another"),
        )),
        (_, true) => {
            let range = profile.values.entry(name.into()).or_default();
            fill([&mut range.min, &mut range.opt, &mut range.max], values);
            range.check().map_err(wrong)
        }
        _ => {
            let range = profile.inputs.entry(name.into()).or_default();
            fill([&mut range.min, &mut range.opt, &mut range.max], shapes);
            range.check().map_err(wrong)
        }
    }
}

/// Sets what is given; what was not there before takes the nearest part that is.
fn fill<T: Clone>([min, opt, max]: [&mut Vec<T>; 3], given: [Option<&[T]>; 3]) {
    let was_new = min.is_empty() && opt.is_empty() && max.is_empty();
    for (slot, given) in [&mut *min, &mut *opt, &mut *max].into_iter().zip(given) {
        if let Some(given) = given {
            *slot = given.to_vec();
        }
    }
    if !was_new {
        return;
    }
    if given[1].is_none() {
        *opt = if given[2].is_some() { max.clone() } else { min.clone() };
    }
    if given[0].is_none() {
        min.clone_from(opt);
    }
    if given[2].is_none() {
        max.clone_from(opt);
    }
}
