//! Which sizes to build for, from real traffic and a measured curve: what to measure, and what follows from it.

use super::sizes::patched_graph;
use crate::bench::Comparison;
use crate::bench::buckets::{Choice, Measured, buckets};
use crate::bench::sweep::{Curve, Point};
use crate::data::over::Over;
use crate::data::shapes::run_shapes;
use crate::data::traffic::{Requests, Traffic, sizes_to_measure};
use crate::graph::Graph;
use crate::graph::ranges::{ProfileSpec, around, complete};
use crate::recipe::{DataSource, Recipe, SweepSpec, VariantSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Sizes that are measured at most where the traffic has more.
const MEASURED: usize = 12;

/// The variant of a plan whose engine serves the whole range of sizes.
const RANGE: &str = "one range";
/// The variant whose engine has a profile for each size.
const FIXED: &str = "fixed";

/// What to measure, and for which requests.
pub struct Plan {
    /// The recipe, with a sweep over the size. On TensorRT it has two variants: an engine with a profile of its own for every
    /// size, which fixes it, and one for the whole range.
    pub recipe: Recipe,
    /// The requests along the size.
    pub requests: Vec<Requests>,
    over: Over,
    graph: Graph,
    shapes: BTreeMap<String, Vec<u64>>,
}

/// The sizes to build for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Buckets {
    /// File name of the model.
    pub model: String,
    /// The variant whose curve it is.
    pub variant: String,
    /// Its target with its version.
    pub target: String,
    /// Protocol of the latencies.
    pub protocol: String,
    /// The size, or several that stay equal.
    pub over: String,
    /// Requests by size.
    pub traffic: Vec<Requests>,
    /// Median latency in milliseconds at every measured size.
    pub curve: Vec<(u64, f64)>,
    /// The choice and what it gains.
    #[serde(flatten)]
    pub choice: Choice,
    /// What to know of these numbers, in sentences.
    pub warnings: Vec<String>,
}

/// Reads the traffic (a CSV file of sizes and counts, or data whose samples are counted) and plans the sweep.
///
/// # Errors
/// Traffic that cannot be read or does not fit the model; two sizes that are not said to stay equal.
pub fn plan(recipe: &Recipe, traffic: &Path, over: Option<&str>) -> Result<Plan, String> {
    let graph = patched_graph(recipe)?;
    let is_table = traffic.is_file() && traffic.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let (over, traffic) = if is_table {
        let table = Traffic::read(traffic)?;
        let over = over_of(&graph, over, &table)?;
        (over, table)
    } else {
        let text =
            over.ok_or("say which size of the data is counted: --over seq, --over height=width, or INPUT:AXIS")?;
        let over = Over::find(&graph, text)?;
        let source = DataSource {
            path: traffic.to_owned(),
            ..recipe.data.calibration.clone().unwrap_or_default()
        };
        let counted = Traffic::of_data(&source, &graph, &over)?;
        (over, counted)
    };
    let shapes = run_shapes(&graph, recipe)?;
    let requests = traffic.requests(&graph, &over, &shapes)?;
    let sizes = sizes_to_measure(&requests, MEASURED);
    let mut recipe = recipe.clone();
    recipe.sweep = Some(match over.is_batch() {
        true => SweepSpec {
            batches: sizes.clone(),
            ..SweepSpec::default()
        },
        false => SweepSpec {
            over: Some(over.label.clone()),
            sizes: sizes.clone(),
            ..SweepSpec::default()
        },
    });
    let mut plan = Plan {
        recipe,
        requests,
        over,
        graph,
        shapes,
    };
    plan.recipe.profiles = Vec::new();
    if plan.recipe.target.name.starts_with("tensorrt") {
        plan.recipe.variants = vec![
            with_profiles(FIXED, &plan.fixed(&sizes)?)?,
            with_profiles(RANGE, &[plan.range(&sizes)?])?,
        ];
    }
    Ok(plan)
}

/// The size that the columns of a table are: what was asked, or what the columns are called.
fn over_of(graph: &Graph, asked: Option<&str>, table: &Traffic) -> Result<Over, String> {
    if let Some(asked) = asked {
        if asked.split('=').count() != table.names.len() {
            return Err(format!(
                "--over {asked} and the table's columns {} are not as many sizes",
                table.names.join(", ")
            ));
        }
        return Over::find(graph, asked);
    }
    let stay_equal = table
        .counts
        .keys()
        .all(|sizes| sizes.windows(2).all(|w| w.first() == w.last()));
    if !stay_equal {
        return Err(format!(
            "the table has sizes that differ ({}); buckets are chosen along one size, or along several that are kept equal: \
             --over {} pads to the larger one",
            table.names.join(", "),
            table.over()
        ));
    }
    Over::find(graph, &table.over())
}

fn with_profiles(name: &str, profiles: &[ProfileSpec]) -> Result<VariantSpec, String> {
    let value = toml::Value::try_from(profiles).map_err(|e| e.to_string())?;
    Ok(VariantSpec {
        name: name.into(),
        overrides: toml::Table::from_iter([("profile".to_owned(), value)]),
    })
}

impl Plan {
    /// One profile around all sizes, best at the size of most requests.
    fn range(&self, sizes: &[u64]) -> Result<ProfileSpec, String> {
        let most = self.requests.iter().max_by_key(|r| r.count).map(|r| r.padded);
        let shapes = |size: &u64| self.over.set(&self.graph, &self.shapes, *size);
        let all: Vec<_> = most.iter().chain(sizes).map(shapes).collect::<Result<_, _>>()?;
        let points: Vec<_> = all.iter().collect();
        let at = all.first().ok_or("the traffic has no sizes")?;
        Ok(complete(&self.graph, &around(&self.graph, &points, None), at))
    }

    /// One profile for each size that fixes it.
    fn fixed(&self, sizes: &[u64]) -> Result<Vec<ProfileSpec>, String> {
        let one = |size: &u64| {
            let shapes = self.over.set(&self.graph, &self.shapes, *size)?;
            Ok(complete(&self.graph, &around(&self.graph, &[&shapes], None), &shapes))
        };
        sizes.iter().map(one).collect()
    }

    /// The sizes that at most `count` buckets should have, over the first curve of this size in the comparison.
    ///
    /// # Errors
    /// No such curve, or one that ends before the traffic does.
    pub fn choose(&self, comparison: &Comparison, count: usize) -> Result<Buckets, String> {
        let is_wanted = |c: &&Curve| match self.over.is_batch() {
            true => c.is_batch(),
            false => c.over == self.over.label,
        };
        let is_range = |c: &&Curve| c.name.ends_with(RANGE);
        let Some(curve) = comparison.sweeps.iter().filter(is_wanted).find(|c| !is_range(c)) else {
            let others: Vec<&str> = comparison.sweeps.iter().map(|c| c.over.as_str()).collect();
            return Err(match others.as_slice() {
                [] => "it has no curve of a sweep".into(),
                _ => format!(
                    "its curves are over {}, wanted is {}",
                    others.join(", "),
                    self.over.label
                ),
            });
        };
        let rounds = |row: usize| comparison.variants.get(row).map(|v| v.round_medians_ms.clone());
        let measured = |curve: &Curve| -> Vec<Measured> {
            let of = |p: &Point| {
                Some(Measured {
                    size: p.size(),
                    rounds_ms: rounds(p.row)?,
                })
            };
            curve.points.iter().filter_map(of).collect()
        };
        let row = curve.points.first().and_then(|p| comparison.variants.get(p.row));
        let target = row.map(|v| v.target.clone()).unwrap_or_default();
        // A runtime that takes every size as it is has measured the range with the sizes themselves.
        let range = match target.starts_with("tensorrt") {
            true => comparison.sweeps.iter().filter(is_wanted).find(is_range).map(&measured),
            false => Some(measured(curve)),
        };
        let measured = measured(curve);
        let choice = buckets(&measured, range.as_deref(), &self.requests, count)?;
        let warnings = self.warnings(&target, &choice, &measured);
        Ok(Buckets {
            model: comparison.model.clone(),
            variant: curve.name.clone(),
            target,
            protocol: comparison.protocol.clone(),
            over: self.over.label.clone(),
            traffic: self.requests.clone(),
            curve: curve.points.iter().map(|p| (p.size(), p.median_ms)).collect(),
            choice,
            warnings,
        })
    }

    fn warnings(&self, target: &str, choice: &Choice, measured: &[Measured]) -> Vec<String> {
        use crate::format::plural;
        let mut out = Vec::new();
        let is_measured = |size: u64| measured.iter().any(|m| m.size == size);
        let between = choice.buckets.iter().filter(|b| !is_measured(b.size)).count();
        if between > 0 {
            out.push(format!(
                "{} between measured sizes; the latency there is interpolated",
                match between {
                    1 => "one bucket lies".into(),
                    n => format!("{n} buckets lie"),
                }
            ));
        }
        if !target.starts_with("tensorrt") && choice.unpadded_ms < choice.expected_ms {
            out.push(format!(
                "{target} takes every size as it is, so buckets pay only for an engine whose shapes are fixed"
            ));
        }
        if let Some(most) = self.requests.iter().map(|r| r.padded - r.size).max().filter(|n| *n > 0) {
            out.push(format!(
                "some sizes of the traffic do not work in this model; they are padded by up to {} to the next one that does",
                plural(usize::try_from(most).unwrap_or(usize::MAX), "step")
            ));
        }
        out
    }

    /// The recipe for these buckets: a profile for each, fixed at its size.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn recipe_for(&self, base: &Recipe, choice: &Choice) -> Result<Recipe, String> {
        let sizes: Vec<u64> = choice.buckets.iter().map(|b| b.size).collect();
        Ok(Recipe {
            profiles: self.fixed(&sizes)?,
            ..base.clone()
        })
    }
}
