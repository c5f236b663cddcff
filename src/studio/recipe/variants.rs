//! Variants of a recipe as the studio edits them: a name, a precision, and other overrides kept as they are.

use crate::recipe::{Precision, Recipe, VariantSpec};
use toml::{Table, Value};

/// The value at a dotted key.
fn get<'a>(table: &'a Table, key: &[&str]) -> Option<&'a Value> {
    let (last, path) = key.split_last()?;
    let mut at = table;
    for part in path {
        at = at.get(*part)?.as_table()?;
    }
    at.get(*last)
}

/// Sets or removes the value at a dotted key; empty tables on the way out are removed.
fn set(table: &mut Table, key: &[&str], value: Option<Value>) {
    match key {
        [] => {}
        [last] => {
            match value {
                Some(value) => table.insert((*last).into(), value),
                None => table.remove(*last),
            };
        }
        [first, rest @ ..] => {
            let entry = table
                .entry((*first).to_owned())
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = entry {
                set(inner, rest, value);
                if inner.is_empty() {
                    table.remove(*first);
                }
            }
        }
    }
}

/// The precision that a variant sets, when it sets one.
pub fn precision(variant: &VariantSpec) -> Option<Precision> {
    let name = get(&variant.overrides, &["build", "precision"])?.as_str()?;
    Precision::ALL.into_iter().find(|p| p.name() == name)
}

/// Sets the precision; none removes the override.
pub fn set_precision(variant: &mut VariantSpec, precision: Option<Precision>) {
    let value = precision.map(|p| Value::String(p.name().into()));
    set(&mut variant.overrides, &["build", "precision"], value);
}

/// The build option that a variant sets.
pub fn option<'a>(variant: &'a VariantSpec, name: &str) -> Option<&'a Value> {
    get(&variant.overrides, &["build", "options", name])
}

/// Sets a build option; none removes the override.
pub fn set_option(variant: &mut VariantSpec, name: &str, value: Option<Value>) {
    set(&mut variant.overrides, &["build", "options", name], value);
}

/// Overrides other than the precision, as dotted lines: `build.options.threads = 2`.
pub fn others(variant: &VariantSpec) -> Vec<String> {
    fn walk(table: &Table, prefix: &str, out: &mut Vec<String>) {
        for (key, value) in table {
            let key = if prefix.is_empty() {
                key.clone()
            } else {
                format!("{prefix}.{key}")
            };
            match value {
                Value::Table(inner) => walk(inner, &key, out),
                _ if key == "build.precision" => {}
                value => out.push(format!("{key} = {value}")),
            }
        }
    }
    let mut out = Vec::new();
    walk(&variant.overrides, "", &mut out);
    out
}

/// A name that no variant has yet: `base`, `base 2`, ...
pub fn fresh_name(recipe: &Recipe, base: &str) -> String {
    let taken = |name: &str| recipe.variants.iter().any(|v| v.name == name);
    if !taken(base) {
        return base.into();
    }
    (2..)
        .map(|n| format!("{base} {n}"))
        .find(|name| !taken(name))
        .unwrap_or_else(|| base.into())
}

/// Adds a variant. The first one added makes a baseline row of the recipe itself too, so that there is something to compare with.
pub fn add(recipe: &mut Recipe, precision: Option<Precision>) {
    if recipe.variants.is_empty() {
        let name = recipe.build.precision.name().to_owned();
        recipe.variants.push(VariantSpec {
            name,
            overrides: Table::new(),
        });
        if precision == Some(recipe.build.precision) {
            return;
        }
    }
    let base = precision.unwrap_or(recipe.build.precision).name();
    let mut variant = VariantSpec {
        name: fresh_name(recipe, base),
        overrides: Table::new(),
    };
    set_precision(&mut variant, precision);
    recipe.variants.push(variant);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_edited_in_place() {
        let mut recipe: Recipe = toml::from_str("version = 1\nmodel.path = 'm.onnx'").unwrap();
        add(&mut recipe, Some(Precision::Fp16));
        add(&mut recipe, Some(Precision::Fp16));
        let names: Vec<_> = recipe.variants.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(names, ["fp32", "fp16", "fp16 2"]);
        let v = &mut recipe.variants[1];
        assert_eq!(precision(v), Some(Precision::Fp16));
        set_option(v, "threads", Some(Value::Integer(2)));
        assert_eq!(others(v), ["build.options.threads = 2"]);
        set_option(v, "threads", None);
        set_precision(v, None);
        assert!(v.overrides.is_empty());
    }
}
