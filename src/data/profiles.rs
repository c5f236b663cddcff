//! The profiles that an engine is built with: those of the recipe, filled where they are silent and widened to what is run;
//! without any, one around what is run.

use super::shapes::{bind_shapes, run_shapes, run_sizes};
use crate::graph::Graph;
use crate::graph::ranges::open::inputs;
use crate::graph::ranges::{ProfileSpec, Range, around, complete, shape_tensors};
use crate::recipe::{Recipe, VariantSpec};
use std::collections::BTreeMap;

/// A shape for every input.
pub type Shapes = BTreeMap<String, Vec<u64>>;

/// Profiles, and what was done to get there.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settled {
    /// One range for every open input in each.
    pub profiles: Vec<ProfileSpec>,
    /// Sentences for the user: what was derived and from what.
    pub notes: Vec<String>,
}

/// What a range costs, as it was measured: no promise for another model or card.
const RANGE_COSTS: &str = "the engine serves a range of sizes; one whose sizes are fixed can be faster (ResNet-50 in FP16 at batch \
     8 on an H200, TensorRT-RTX 1.5: 0.70 ms fixed, 1.25 ms in a range of 1 to 64); compare --fixed-against-range measures it \
     for this model";

/// True for targets whose engines are built for ranges of sizes.
fn needs_profile(recipe: &Recipe) -> bool {
    recipe.target.name.starts_with("tensorrt")
}

/// The profiles for one engine that is run at the shapes of `runs`. Where the recipe has none and the target needs one, it
/// reaches around `all` (what any variant is run at), best at the first of them.
///
/// # Errors
/// Shapes that contradict the model; a shape tensor of whose values nothing is said.
pub fn settle(graph: &Graph, recipe: &Recipe, runs: &[Shapes], all: &[Shapes]) -> Result<Settled, String> {
    let mut out = fitted(graph, recipe, runs, all)?;
    let is_range = |p: &ProfileSpec| p.inputs.values().any(|r| !r.is_fixed());
    if needs_profile(recipe) && out.profiles.iter().any(is_range) {
        out.notes.push(RANGE_COSTS.into());
    }
    Ok(out)
}

fn fitted(graph: &Graph, recipe: &Recipe, runs: &[Shapes], all: &[Shapes]) -> Result<Settled, String> {
    let mut out = Settled::default();
    let written: Vec<&ProfileSpec> = recipe.profiles.iter().filter(|p| !p.is_empty()).collect();
    if written.is_empty() {
        if needs_profile(recipe) {
            derive(graph, recipe, all, &mut out)?;
        }
        return Ok(out);
    }
    for profile in written {
        let at = bind_shapes(graph, &Shapes::new(), std::slice::from_ref(profile));
        // Ranks and names that do not fit are said as contradictions, with their input.
        let at = at.unwrap_or_default();
        let full = complete(graph, profile, &at);
        let added: Vec<&String> = full
            .inputs
            .keys()
            .filter(|n| !profile.inputs.contains_key(*n))
            .collect();
        if !added.is_empty() && needs_profile(recipe) {
            let mut part = ProfileSpec::default();
            part.inputs.extend(
                added
                    .iter()
                    .filter_map(|n| Some(((*n).clone(), full.inputs.get(*n)?.clone()))),
            );
            out.notes.push(format!(
                "profile {}: ranges of inputs it does not name follow from the others: {}",
                out.profiles.len(),
                part.words()
            ));
        }
        out.profiles.push(full);
    }
    if needs_profile(recipe) {
        fill_values(graph, recipe, &mut out)?;
    }
    for run in runs {
        if !out.profiles.iter().any(|p| allows(p, run)) {
            widen(&mut out, run);
        }
    }
    widen_values(&mut out, recipe);
    Ok(out)
}

/// Every variant of the recipe twice: with its range of sizes, and with the sizes fixed that it is measured at.
///
/// # Errors
/// A variant that does not resolve or whose shapes do not fit; nothing that says a range.
pub fn fixed_against_range(graph: &Graph, recipe: &Recipe) -> Result<Vec<VariantSpec>, String> {
    let resolved = recipe.resolve_variants()?;
    let run = |(_, r): &(String, Recipe)| run_shapes(graph, r);
    let runs: Vec<Shapes> = resolved.iter().map(run).collect::<Result<_, _>>()?;
    let points: Vec<&Shapes> = runs.iter().collect();
    let written = &recipe.variants;
    let mut out = Vec::new();
    for (index, ((name, own), run)) in resolved.iter().zip(&runs).enumerate() {
        let ranges = match own.profiles.iter().any(|p| !p.is_empty()) {
            true => fitted(graph, own, std::slice::from_ref(run), &[])?.profiles,
            false => vec![complete(graph, &around(graph, &points, None), run)],
        };
        if ranges.iter().all(|p| p.inputs.values().all(Range::is_fixed)) {
            return Err(format!(
                "{name}: nothing says a range of sizes to hold the fixed ones against; give --min and --max, or several --batch"
            ));
        }
        let fixed = vec![complete(graph, &around(graph, &[run], None), run)];
        for (word, profiles) in [("range", ranges), ("fixed", fixed)] {
            let mut overrides = written.get(index).map(|v| v.overrides.clone()).unwrap_or_default();
            let value = toml::Value::try_from(&profiles).map_err(|e| e.to_string())?;
            overrides.insert("profile".into(), value);
            let shapes = toml::Value::try_from(run).map_err(|e| e.to_string())?;
            let bench = overrides.entry("bench").or_insert_with(|| toml::Table::new().into());
            if let Some(bench) = bench.as_table_mut() {
                bench.insert("shapes".into(), shapes);
            }
            let name = if resolved.len() > 1 {
                format!("{name} {word}")
            } else {
                word.to_owned()
            };
            out.push(VariantSpec { name, overrides });
        }
    }
    Ok(out)
}

fn derive(graph: &Graph, recipe: &Recipe, all: &[Shapes], out: &mut Settled) -> Result<(), String> {
    let points: Vec<&Shapes> = all.iter().collect();
    let mut made = around(graph, &points, None);
    // An input without a rank is a scalar to NVIDIA's parser, which takes no range for it.
    let rankless = inputs(graph).filter(|i| i.ty.shape.is_none());
    rankless.for_each(|i| drop(made.inputs.remove(&*i.name)));
    if !made.is_empty() {
        let fixed = made.inputs.values().all(Range::is_fixed);
        out.notes.push(format!(
            "profile derived from the sizes that are run: {}{}",
            made.words(),
            if fixed {
                " (fixed; --min and --max, or --batch, make it a range)"
            } else {
                ""
            }
        ));
        out.profiles.push(made);
    } else if !shape_tensors(graph).is_empty() {
        out.profiles.push(made);
    }
    fill_values(graph, recipe, out)
}

/// Gives shape tensors of whose values a profile says nothing the values that are run, or those that the graph proposes.
///
/// # Errors
/// A shape tensor for whose values nothing is found.
fn fill_values(graph: &Graph, recipe: &Recipe, out: &mut Settled) -> Result<(), String> {
    let tensors = shape_tensors(graph);
    let lacks = |p: &ProfileSpec| tensors.iter().any(|t| !p.values.contains_key(&t.name));
    if !out.profiles.iter().any(lacks) {
        return Ok(());
    }
    let proposed = run_sizes(graph, recipe).unwrap_or_default();
    let mut said = Vec::new();
    for tensor in &tensors {
        if out.profiles.iter().all(|p| p.values.contains_key(&tensor.name)) {
            continue;
        }
        let found = proposed.inputs.get(&tensor.name);
        let values = found.and_then(|s| Some((s.value.clone()?, s.reason.as_str())));
        let Some((values, reason)) = values.filter(|(v, _)| v.len() == tensor.count) else {
            let one = vec!["32"; tensor.count].join(",");
            return Err(format!(
                "input {:?} is a shape tensor: its {} decide the shapes of other tensors, so the profile needs a range of \
                 them; give --min {}={one} --max {}={one} with your own numbers",
                tensor.name,
                crate::format::plural(tensor.count, "value"),
                tensor.name,
                tensor.name
            ));
        };
        for profile in &mut out.profiles {
            let range = profile.values.entry(tensor.name.clone());
            range.or_insert_with(|| Range::fixed(&values));
        }
        let numbers: Vec<String> = values.iter().map(i64::to_string).collect();
        said.push(format!("{} = {} ({reason})", tensor.name, numbers.join(",")));
    }
    out.notes.push(format!(
        "values of shape tensors that no profile gives: {}; --min NAME=VALUES and --max make them a range",
        said.join(", ")
    ));
    Ok(())
}

/// Widens ranges of values so that those that are run lie inside: of the profile that allows the shapes, else of the first.
fn widen_values(out: &mut Settled, recipe: &Recipe) {
    let at = out
        .profiles
        .iter()
        .position(|p| allows(p, &recipe.bench.shapes))
        .unwrap_or(0);
    let Some(profile) = out.profiles.get_mut(at) else {
        return;
    };
    for (name, values) in &recipe.bench.values {
        let range = profile.values.get_mut(name).filter(|r| r.min.len() == values.len());
        if let Some(range) = range
            && range.include(values)
        {
            let end = |v: &[i64]| v.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
            out.notes.push(format!(
                "profile {at} widened to the values that are run: {name} = {} to {}",
                end(&range.min),
                end(&range.max)
            ));
        }
    }
}

/// True where the profile has room for these shapes.
pub fn allows(profile: &ProfileSpec, shapes: &Shapes) -> bool {
    let fits = |(name, sizes): (&String, &Vec<u64>)| profile.inputs.get(name).is_none_or(|r| r.allows(sizes));
    shapes.iter().all(fits)
}

/// Widens the profile that has the least to grow.
fn widen(out: &mut Settled, run: &Shapes) {
    let outside = |p: &ProfileSpec| {
        let sizes = run
            .iter()
            .filter_map(|(name, sizes)| Some((p.inputs.get(name)?, sizes)));
        sizes
            .flat_map(|(range, sizes)| range.min.iter().zip(&range.max).zip(sizes))
            .map(|((min, max), size)| min.saturating_sub(*size).max(size.saturating_sub(*max)))
            .fold(0u64, u64::saturating_add)
    };
    let Some(index) = (0..out.profiles.len()).min_by_key(|i| out.profiles.get(*i).map(outside)) else {
        return;
    };
    let Some(profile) = out.profiles.get_mut(index) else {
        return;
    };
    let mut grown = false;
    for (name, sizes) in run {
        if let Some(range) = profile.inputs.get_mut(name).filter(|r| r.min.len() == sizes.len()) {
            grown |= range.include(sizes);
        }
    }
    let note = format!("profile {index} widened to what is run: {}", profile.words());
    let start = format!("profile {index} widened");
    if grown {
        out.notes.retain(|n| !n.starts_with(&start));
        out.notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::model::DataType;
    use crate::recipe::ShapeRange;
    use std::path::Path;

    fn graph() -> Graph {
        model(
            &[
                ("ids", DataType::Int64, &["batch", "seq"]),
                ("mask", DataType::Int64, &["batch", "seq"]),
                ("sr", DataType::Int64, &[]),
            ],
            vec![],
            vec![],
        )
    }

    fn recipe(target: &str) -> Recipe {
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        recipe.target.name = target.into();
        recipe
    }

    fn run(batch: u64, seq: u64) -> Shapes {
        let ids = vec![batch, seq];
        [
            ("ids".to_owned(), ids.clone()),
            ("mask".to_owned(), ids),
            ("sr".to_owned(), vec![]),
        ]
        .into()
    }

    #[test]
    fn without_a_profile_one_reaches_around_what_is_run() {
        let all = [run(8, 16), run(1, 16), run(64, 16)];
        let made = settle(&graph(), &recipe("tensorrt-rtx"), &all[..1], &all).unwrap();
        let ids = &made.profiles[0].inputs["ids"];
        assert_eq!(
            (&ids.min, &ids.opt, &ids.max),
            (&vec![1, 16], &vec![8, 16], &vec![64, 16])
        );
        assert!(!made.profiles[0].inputs.contains_key("sr"));
        assert!(
            made.notes[0].contains("mask 1x16 to 64x16, best 8x16"),
            "{:?}",
            made.notes
        );
        assert_eq!(
            settle(&graph(), &recipe("embedded"), &all, &all).unwrap(),
            Settled::default()
        );
    }

    #[test]
    fn a_written_profile_is_filled_and_widened_to_what_is_run_and_no_further() {
        let mut own = recipe("tensorrt");
        let ids = ShapeRange {
            min: vec![2, 8],
            opt: vec![4, 16],
            max: vec![32, 20],
        };
        own.profiles = vec![ProfileSpec {
            inputs: [("ids".to_owned(), ids)].into(),
            ..ProfileSpec::default()
        }];
        let made = settle(&graph(), &own, &[run(1, 16), run(64, 16)], &[run(500, 500)]).unwrap();
        let mask = &made.profiles[0].inputs["mask"];
        assert_eq!(
            (&mask.min, &mask.opt, &mask.max),
            (&vec![1, 8], &vec![4, 16], &vec![64, 20])
        );
        assert_eq!(made.notes.len(), 3, "{:?}", made.notes);
        own.profiles = made.profiles.clone();
        let again = settle(&graph(), &own, &[run(2, 16)], &[]).unwrap();
        assert_eq!(again.profiles, made.profiles, "what is wide enough stays");
        assert_eq!(again.notes, [RANGE_COSTS]);
    }

    #[test]
    fn fixed_sizes_stand_beside_the_range() {
        let graph = graph();
        let mut own = recipe("tensorrt-rtx");
        own.bench.shapes = run(8, 16);
        let why = fixed_against_range(&graph, &own).unwrap_err();
        assert!(why.contains("nothing says a range"), "{why}");
        let range = ShapeRange {
            min: vec![1, 16],
            opt: vec![8, 16],
            max: vec![64, 16],
        };
        own.profiles = vec![ProfileSpec {
            inputs: [("ids".to_owned(), range)].into(),
            ..ProfileSpec::default()
        }];
        own.variants = fixed_against_range(&graph, &own).unwrap();
        let both = own.resolve_variants().unwrap();
        let of = |i: usize| (both[i].0.as_str(), both[i].1.profiles[0].inputs["mask"].axis(0));
        assert_eq!(
            [of(0), of(1)],
            [("range", Some([1, 8, 64])), ("fixed", Some([8, 8, 8]))]
        );
    }

    #[test]
    fn of_several_profiles_the_nearest_grows() {
        let profile = |a: u64, b: u64| ProfileSpec {
            inputs: [(
                "ids".to_owned(),
                ShapeRange {
                    min: vec![1, a],
                    opt: vec![1, a],
                    max: vec![1, b],
                },
            )]
            .into(),
            ..ProfileSpec::default()
        };
        let mut own = recipe("tensorrt");
        own.profiles = vec![profile(1, 64), profile(256, 512)];
        let made = settle(&graph(), &own, &[run(1, 200)], &[]).unwrap();
        assert_eq!(made.profiles[0].inputs["ids"].max, [1, 64]);
        assert_eq!(made.profiles[1].inputs["mask"].min, [1, 200]);
    }
}
