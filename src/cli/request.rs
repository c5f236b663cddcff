//! Arguments to recipes: an option overrides what the recipe file says.

mod ranges;

use super::args::{DataArgs, OneVariant, RecipeArgs};
use super::exit::CliError;
use crate::files;
use crate::model::Model;
use crate::recipe::units::{Extent, parse_duration, parse_extent, parse_size};
use crate::recipe::{DataSource, Recipe, TargetSpec};
use std::path::Path;

/// The recipe that the input and the options describe, variants still unresolved.
///
/// # Errors
/// Exit code 2: a recipe or an option that cannot be read, naming it; more than one target.
pub fn recipe(args: &RecipeArgs) -> Result<Recipe, CliError> {
    let flag = if args.target.is_empty() { "--runner" } else { "--target" };
    match given(args)? {
        (recipe, targets) if targets.is_empty() => Ok(recipe),
        _ => Err(option_error(
            flag,
            "this command takes one target; compare and sweep take several",
        )),
    }
}

/// As [`recipe`], for commands that measure several targets: those given when there are several, which the recipe does not
/// say then.
///
/// # Errors
/// As [`recipe`].
pub fn recipe_on(args: &RecipeArgs) -> Result<(Recipe, Vec<TargetSpec>), CliError> {
    if args.runner.is_empty() || !args.target.is_empty() {
        return given(args);
    }
    // A runner alone is measured beside the recipe's own target.
    let own = open(&args.input)?.target;
    let (recipe, _) = given(&RecipeArgs {
        runner: Vec::new(),
        ..args.clone()
    })?;
    let mut targets = vec![own];
    targets.extend(runners(args)?);
    Ok((recipe, targets))
}

/// The runners that `--runner` names.
fn runners(args: &RecipeArgs) -> Result<Vec<TargetSpec>, CliError> {
    let folder = std::env::current_dir().ok();
    let spec = |text: &String| {
        let command = crate::worker::split_words(text).map_err(|e| option_error("--runner", e))?;
        if command.is_empty() {
            return Err(option_error("--runner", "the command is empty"));
        }
        Ok(TargetSpec {
            name: "runner".into(),
            command,
            folder: folder.clone(),
            ..TargetSpec::default()
        })
    };
    args.runner.iter().map(spec).collect()
}

/// As [`recipe_on`], with the targets that the options name and no others.
fn given(args: &RecipeArgs) -> Result<(Recipe, Vec<TargetSpec>), CliError> {
    let mut recipe = open(&args.input)?;
    let mut targets = Vec::new();
    for target in &args.target {
        targets.push(target_spec(target)?);
    }
    targets.extend(runners(args)?);
    if let [
        TargetSpec {
            name,
            version,
            command,
            folder,
            ..
        },
    ] = targets.as_slice()
    {
        recipe.target.name.clone_from(name);
        recipe.target.version.clone_from(version);
        if name != "runner" || !command.is_empty() {
            recipe.target.command.clone_from(command);
            recipe.target.folder.clone_from(folder);
        }
        targets.clear();
    }
    if let Some(via) = &args.via {
        recipe.target.via = Some(via.clone());
    }
    if let Some(size) = &args.memory {
        recipe.build.memory = Some(parse_size(size).map_err(|e| option_error("--memory", e))?);
    }
    if let Some(size) = &args.workspace {
        recipe.build.workspace = Some(parse_size(size).map_err(|e| option_error("--workspace", e))?);
    }
    for text in &args.options {
        let (name, value) = build_option(text)?;
        recipe.build.options.insert(name, value);
    }
    shapes(&mut recipe, &args.shape)?;
    ranges::profiles(&mut recipe, args)?;
    if let Some(text) = &args.duration {
        recipe.bench.duration_s = Some(parse_duration(text).map_err(|e| option_error("--duration", e))?);
    }
    if args.protocol.is_some() {
        recipe.bench.protocol = args.protocol;
    }
    Ok((recipe, targets))
}

/// `NAME` or `NAME@VERSION`.
///
/// # Errors
/// Exit code 2: a name that is no target's.
pub fn target_spec(text: &str) -> Result<TargetSpec, CliError> {
    let (name, version) = text
        .split_once('@')
        .map_or((text, None), |(n, v)| (n, Some(v.to_owned())));
    if !TargetSpec::NAMES.contains(&name) {
        let names = TargetSpec::NAMES.join(", ");
        return Err(CliError::unusable(format!(
            "there is no target {name:?}; there are {names}"
        )));
    }
    Ok(TargetSpec {
        name: name.into(),
        version,
        ..TargetSpec::default()
    })
}

/// Puts the shapes (`x:1x3x224x224`) and values (`hw=32,32`) of `--shape` into the recipe.
///
/// # Errors
/// Exit code 2: one that cannot be read, or a second one of its kind for the same input.
pub fn shapes(recipe: &mut Recipe, texts: &[String]) -> Result<(), CliError> {
    let mut given = Vec::new();
    for text in texts {
        let (name, extent) = parse_extent(text).map_err(|e| option_error("--shape", e))?;
        let (kind, is_shape) = match &extent {
            Extent::Shape(_) => ("shape", true),
            Extent::Values(_) => ("list of values", false),
        };
        if given.contains(&(name.clone(), is_shape)) {
            return Err(option_error(
                "--shape",
                format!("input {name:?} is given a second {kind} by {text:?}"),
            ));
        }
        given.push((name.clone(), is_shape));
        match extent {
            Extent::Shape(shape) => drop(recipe.bench.shapes.insert(name, shape)),
            Extent::Values(values) => drop(recipe.bench.values.insert(name, values)),
        }
    }
    Ok(())
}

/// The data that the options name, with the arrays that inputs take (`INPUT=ARRAY`).
///
/// # Errors
/// Exit code 2: no such file, a path that a recipe cannot hold, an array without an input.
pub fn data_source(args: &DataArgs) -> Result<Option<DataSource>, CliError> {
    let Some(path) = &args.path else { return Ok(None) };
    must_exist("--data: ", path)?;
    let mut source = DataSource {
        path: path.clone(),
        limit: args.samples,
        ..DataSource::default()
    };
    for text in &args.array {
        let (input, array) = text
            .split_once('=')
            .ok_or_else(|| option_error("--array", format!("{text:?} has no '='; write INPUT=ARRAY")))?;
        source.inputs.insert(input.into(), array.into());
    }
    for text in &args.samples_on {
        let (input, place) = text
            .split_once('=')
            .ok_or_else(|| option_error("--samples-on", format!("{text:?} has no '='; write INPUT=AXIS")))?;
        source.samples_on.insert(input.into(), place.into());
    }
    Ok(Some(source))
}

/// Makes sure that a file or folder is there, under a name that a recipe can hold.
///
/// # Errors
/// Exit code 2: `option` and the path.
pub fn must_exist(option: &str, path: &Path) -> Result<(), CliError> {
    let fail = |why: &str| Err(CliError::unusable(format!("{option}{}: {why}", path.display())));
    if path.to_str().is_none() {
        return fail("its name is not UTF-8, so no recipe can name it; rename it");
    }
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(e) => fail(&files::words(&e)),
    }
}

/// As [`recipe`], with one variant chosen and its own options applied.
///
/// # Errors
/// As [`recipe`]; a variant name that the recipe does not have.
pub fn one(args: &RecipeArgs, one: &OneVariant) -> Result<Recipe, CliError> {
    let mut recipe = recipe(args)?;
    if let Some(wanted) = &one.variant {
        let variants = recipe.resolve_variants().map_err(CliError::unusable)?;
        let names: Vec<String> = variants.iter().map(|(name, _)| name.clone()).collect();
        recipe = variants
            .into_iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, r)| r)
            .ok_or_else(|| {
                CliError::unusable(format!(
                    "no variant {wanted:?} in {}; it has {}",
                    args.input.display(),
                    names.join(", ")
                ))
            })?;
    }
    recipe.variants.clear();
    if let Some(precision) = one.precision {
        recipe.build.precision = precision;
    }
    if let Some(threads) = one.threads {
        recipe
            .build
            .options
            .insert("threads".into(), toml::Value::Integer(threads.into()));
    }
    Ok(recipe)
}

/// True for the name of a recipe file.
pub fn is_recipe(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

/// A recipe file, or the recipe that a model alone makes. The model is opened, so that what is no model is told before
/// anything starts.
///
/// # Errors
/// Exit code 2: what cannot be read.
pub fn open(input: &Path) -> Result<Recipe, CliError> {
    must_exist("", input)?;
    if is_recipe(input) {
        return open_recipe(input);
    }
    Model::open(input).map_err(CliError::unusable)?;
    Ok(Recipe::for_model(input))
}

/// A recipe file, whatever it is called, and its model.
///
/// # Errors
/// As [`open`].
pub fn open_recipe(input: &Path) -> Result<Recipe, CliError> {
    let recipe = Recipe::open(input).map_err(CliError::unusable)?;
    let at = |e| CliError::unusable(format!("{}: model: {e}", input.display()));
    Model::open(&recipe.model.path).map_err(at)?;
    Ok(recipe)
}

/// `NAME=VALUE`; the value is read as TOML (`2`, `true`, `"text"`, `[1, 2]`), and as text when it is none.
fn build_option(text: &str) -> Result<(String, toml::Value), CliError> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| option_error("--option", format!("{text:?} has no '='; write NAME=VALUE")))?;
    let parsed = format!("v = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut t| t.remove("v"));
    Ok((
        name.trim().to_owned(),
        parsed.unwrap_or_else(|| toml::Value::String(value.into())),
    ))
}

pub(super) fn option_error(flag: &str, reason: impl std::fmt::Display) -> CliError {
    CliError::unusable(format!("{flag}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RecipeArgs {
        RecipeArgs {
            input: concat!(env!("CARGO_MANIFEST_DIR"), "/examples/digits/digits.onnx").into(),
            ..Default::default()
        }
    }

    #[test]
    fn options_override_the_recipe() {
        let mut a = args();
        a.target = vec!["tensorrt@10.16".into()];
        a.workspace = Some("1GiB".into());
        a.options = vec!["threads=2".into(), "level=high".into()];
        a.shape = vec!["a:0:1x3".into()];
        let r = recipe(&a).unwrap();
        assert_eq!(
            (r.target.name.as_str(), r.target.version.as_deref()),
            ("tensorrt", Some("10.16"))
        );
        let mut several = a.clone();
        several.target.push("embedded".into());
        assert!(
            recipe(&several)
                .unwrap_err()
                .to_string()
                .contains("--target: this command takes one")
        );
        assert_eq!(recipe_on(&several).unwrap().1.len(), 2);
        assert_eq!(r.build.workspace, Some(1 << 30));
        assert_eq!(r.build.options["threads"], toml::Value::Integer(2));
        assert_eq!(r.build.options["level"], toml::Value::String("high".into()));
        assert_eq!(r.bench.shapes["a:0"], [1, 3]);
    }

    #[test]
    fn a_profile_is_completed_from_what_is_given() {
        let mut a = args();
        a.min = vec!["x:1x8".into()];
        a.max = vec!["x:32x8".into()];
        let r = recipe(&a).unwrap();
        let range = &r.profiles[0].inputs["x"];
        assert_eq!((range.min[0], range.opt[0], range.max[0]), (1, 32, 32));
    }

    #[test]
    fn a_broken_option_names_its_flag() {
        let mut a = args();
        a.workspace = Some("lots".into());
        let error = recipe(&a).unwrap_err();
        assert!(error.to_string().starts_with("--workspace: "), "{error}");
        assert_eq!(error.exit(), super::super::Exit::Unusable);
    }
}
