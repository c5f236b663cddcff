//! Variants resolved to recipes of their own, and grids of them.

use super::de::{self, Misfit};
use super::node::{Node, Value};
use super::{Precision, Recipe, TargetSpec, VariantSpec, validate};
use std::collections::{BTreeMap, BTreeSet};

/// Keys that a variant cannot change.
const FIXED: [&str; 2] = ["version", "variant"];

impl Recipe {
    /// One recipe per variant, overrides applied and checked; the recipe itself (named after precision and target) when it lists none.
    ///
    /// Tables merge key by key, arrays are replaced. A variant that names another target does not take over the base's
    /// `target.version`, `target.device` and what belongs to a runner or a provider library; one that names another model does not take over `model.sha256`; one that names
    /// another precision does not take over the patches that lower the graph to the base's.
    ///
    /// # Errors
    /// The variant's name and the override that does not fit.
    pub fn resolve_variants(&self) -> Result<Vec<(String, Self)>, String> {
        let table = toml::Table::try_from(self).map_err(|e| format!("the recipe cannot be written as TOML: {e}"))?;
        let variants = merged(&Node::from_table(table)).map_err(|e| e.to_string())?;
        if variants.is_empty() {
            let name = format!("{} on {}", self.build.precision, self.target.name);
            return Ok(vec![(name, self.clone())]);
        }
        let resolve = |((name, node), variant): ((String, Node), &VariantSpec)| {
            let mut recipe: Self = de::from_node(node).map_err(|e| format!("variant {name:?}: {e}"))?;
            if sets_precision(variant) && !variant.overrides.contains_key("patch") {
                recipe.drop_other_lowering();
            }
            validate::recipe(&recipe).map_err(|e| format!("variant {name:?}: {e}"))?;
            Ok((name, recipe))
        };
        variants.into_iter().zip(&self.variants).map(resolve).collect()
    }
}

/// One row of a sweep: a variant at a size.
#[derive(Clone, PartialEq, Debug)]
pub struct SweepRow {
    /// The variant's name.
    pub variant: String,
    /// The row's: `fp16 b8`.
    pub name: String,
    /// The size that is swept, in this row.
    pub size: u64,
    /// Images per query, where the batch is swept.
    pub batch: Option<u64>,
    /// The variant's recipe; its shapes are still those of `[bench]`.
    pub recipe: Recipe,
}

impl Recipe {
    /// Rows of the recipe's sweep, at most as many as are measured: every variant with every size, the size innermost.
    ///
    /// # Errors
    /// As [`Self::resolve_variants`].
    pub fn sweep_rows(&self) -> Result<Vec<SweepRow>, String> {
        let spec = self.sweep.clone().unwrap_or_default();
        let sizes = spec.planned();
        let variants = self.resolve_variants()?;
        let row = |variant: &str, size: u64, recipe: &Self| SweepRow {
            variant: variant.into(),
            name: match spec.is_batch() {
                true => format!("{variant} b{size}"),
                false => format!("{variant} {} {size}", spec.what()),
            },
            size,
            batch: spec.is_batch().then_some(size),
            recipe: recipe.clone(),
        };
        let each = |(name, recipe): &(String, Self)| sizes.iter().map(|n| row(name, *n, recipe)).collect::<Vec<_>>();
        Ok(variants.iter().flat_map(each).collect())
    }
}

fn sets_precision(variant: &VariantSpec) -> bool {
    let build = variant.overrides.get("build").and_then(toml::Value::as_table);
    build.is_some_and(|b| b.contains_key("precision"))
}

/// Name and merged node of every variant in the recipe's node.
pub(super) fn merged(root: &Node) -> Result<Vec<(String, Node)>, Misfit> {
    let Some(Node {
        value: Value::Array(variants),
        ..
    }) = root.get("variant")
    else {
        return Ok(Vec::new());
    };
    let mut base = root.clone();
    if let Value::Table(table) = &mut base.value {
        table.0.remove("variant");
    }
    let mut names = BTreeSet::new();
    let mut out = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let wrong = |key: &str, message: String| Misfit {
            path: vec!["variant".into(), index.to_string(), key.into()],
            span: None,
            message,
        };
        let name = match variant.get("name").map(|n| &n.value) {
            Some(Value::Text(name)) if !name.trim().is_empty() => name.clone(),
            Some(Value::Text(_)) => return Err(wrong("name", "the name is empty".into())),
            _ => return Err(wrong("name", "a variant needs a name, as a text in quotes".into())),
        };
        if !names.insert(name.clone()) {
            return Err(wrong("name", format!("two variants are called {name:?}")));
        }
        let mut overrides = variant.clone();
        if let Value::Table(table) = &mut overrides.value {
            table.0.remove("name");
            if let Some(key) = FIXED.iter().find(|key| table.0.contains_key(**key)) {
                return Err(wrong(key, "a variant cannot change this".into()));
            }
        }
        let mut node = base.clone();
        forget(
            &mut node,
            &overrides,
            "target",
            "name",
            &["version", "device", "library", "provider_options", "command", "folder"],
        );
        forget(&mut node, &overrides, "model", "path", &["sha256"]);
        node.merge(overrides);
        out.push((name, node));
    }
    Ok(out)
}

/// Removes `keys` of the base's `section` when the overrides change that section's `leader`, which they belong to.
fn forget(base: &mut Node, overrides: &Node, section: &str, leader: &str, keys: &[&str]) {
    let text = |node: &Node| match node.get(section)?.get(leader).map(|n| &n.value) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let changed = text(overrides).is_some_and(|new| text(base) != Some(new));
    if changed
        && let Value::Table(root) = &mut base.value
        && let Some((_, node)) = root.0.get_mut(section)
        && let Value::Table(table) = &mut node.value
    {
        for key in keys {
            table.0.remove(*key);
        }
    }
}

/// A grid of variants: every target with every precision, batch and number of threads. An empty list leaves that to the base.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Grid {
    /// Targets with their versions.
    pub targets: Vec<TargetSpec>,
    /// Precisions.
    pub precisions: Vec<Precision>,
    /// Batch sizes.
    pub batches: Vec<u64>,
    /// Threads of the engine (`build.options.threads`).
    pub threads: Vec<u32>,
}

impl Grid {
    /// The variants, target and precision outermost, named after what differs (`fp16 b8 t2`, `onnxruntime-cpu@1.22`). `shapes` gives the shape of every
    /// input at a batch size.
    ///
    /// # Errors
    /// A value that stands in a list twice or is 0, or what `shapes` says.
    pub fn variants<F>(&self, shapes: F) -> Result<Vec<VariantSpec>, String>
    where
        F: Fn(u64) -> Result<BTreeMap<String, Vec<u64>>, String>,
    {
        distinct("target", &self.targets)?;
        distinct("precision", &self.precisions)?;
        distinct("batch", &self.batches)?;
        distinct("threads", &self.threads)?;
        if self.batches.contains(&0) || self.threads.contains(&0) {
            return Err("batch sizes and threads start at 1".into());
        }
        let mut out = Vec::new();
        for target in each(&self.targets) {
            for precision in each(&self.precisions) {
                for batch in each(&self.batches) {
                    for threads in each(&self.threads) {
                        out.extend(cell(target, precision, batch.copied(), threads.copied(), &shapes)?);
                    }
                }
            }
        }
        Ok(out)
    }
}

/// One variant of a grid; none when nothing differs from the base.
fn cell<F>(
    target: Option<&TargetSpec>,
    precision: Option<&Precision>,
    batch: Option<u64>,
    threads: Option<u32>,
    shapes: &F,
) -> Result<Option<VariantSpec>, String>
where
    F: Fn(u64) -> Result<BTreeMap<String, Vec<u64>>, String>,
{
    let mut name = Vec::new();
    let mut build = toml::Table::new();
    let mut overrides = toml::Table::new();
    if let Some(target) = target {
        let mut table = toml::Table::from_iter([("name".to_owned(), target.name.clone().into())]);
        table.extend(target.version.iter().map(|v| ("version".to_owned(), v.clone().into())));
        if !target.command.is_empty() {
            let words = target.command.iter().map(|w| w.clone().into());
            table.insert("command".into(), toml::Value::Array(words.collect()));
            let folder = target.folder.iter().filter_map(|f| f.to_str());
            table.extend(folder.map(|f| ("folder".to_owned(), f.into())));
        }
        name.push(target.label());
        overrides.insert("target".into(), table.into());
    }
    if let Some(p) = precision {
        name.push(p.name().to_owned());
        build.insert("precision".into(), p.name().into());
    }
    if let Some(n) = batch {
        name.push(format!("b{n}"));
        overrides.insert("bench".into(), bench_shapes(shapes(n)?)?.into());
    }
    if let Some(n) = threads {
        name.push(format!("t{n}"));
        let options = toml::Table::from_iter([("threads".to_owned(), i64::from(n).into())]);
        build.insert("options".into(), options.into());
    }
    if !build.is_empty() {
        overrides.insert("build".into(), build.into());
    }
    Ok((!name.is_empty()).then(|| VariantSpec {
        name: name.join(" "),
        overrides,
    }))
}

/// Every value, or one `None` when there are none.
fn each<T>(values: &[T]) -> impl Iterator<Item = Option<&T>> {
    let none = values.is_empty().then_some(None);
    values.iter().map(Some).chain(none)
}

fn distinct<T: PartialEq + std::fmt::Debug>(what: &str, values: &[T]) -> Result<(), String> {
    for (i, value) in values.iter().enumerate() {
        if values[..i].contains(value) {
            return Err(format!("{what} {value:?} is listed twice"));
        }
    }
    Ok(())
}

fn bench_shapes(shapes: BTreeMap<String, Vec<u64>>) -> Result<toml::Table, String> {
    let mut table = toml::Table::new();
    for (input, shape) in shapes {
        let sizes = shape.into_iter().map(|n| i64::try_from(n).map(toml::Value::Integer));
        let sizes: Vec<toml::Value> = sizes
            .collect::<Result<_, _>>()
            .map_err(|_| format!("input {input:?}: a size is too large"))?;
        table.insert(input, sizes.into());
    }
    Ok(toml::Table::from_iter([("shapes".to_owned(), table.into())]))
}
