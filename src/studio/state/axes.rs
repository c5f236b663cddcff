//! Dynamic dimensions of the inputs, each asked for once: a symbol that several inputs share is one axis.

use crate::graph::{Dim, Graph};
use crate::recipe::{ProfileSpec, Recipe, ShapeRange};

/// One dynamic dimension.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// The symbol, or `input[2]` where the model gives no name.
    pub label: String,
    /// Where it occurs: input name and dimension.
    pub places: Vec<(String, usize)>,
}

/// An input with its shape as declared; none when its rank is unknown.
#[derive(Clone, PartialEq, Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Known sizes; `None` where it is dynamic.
    pub dims: Option<Vec<Option<u64>>>,
}

/// Inputs and dynamic axes of a model.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Axes {
    /// All inputs of the top level, in order.
    pub inputs: Vec<Input>,
    /// Dynamic axes in order of first use.
    pub axes: Vec<Axis>,
}

impl Axes {
    /// Axes of the graph's inputs.
    pub fn of(graph: &Graph) -> Self {
        let mut out = Self::default();
        for id in graph.bodies.first().map(|b| b.inputs.as_slice()).unwrap_or_default() {
            let tensor = graph.tensor(*id);
            let shape = tensor.ty.shape.as_ref().map(|s| s.0.as_slice());
            out.add(&tensor.name, shape);
        }
        out
    }

    fn add(&mut self, name: &str, shape: Option<&[Dim]>) {
        for (i, dim) in shape.unwrap_or_default().iter().enumerate() {
            let place = (name.to_owned(), i);
            match dim {
                Dim::Known(_) => {}
                Dim::Symbol(symbol) => match self.axes.iter_mut().find(|a| a.label == **symbol) {
                    Some(axis) => axis.places.push(place),
                    None => self.axes.push(Axis {
                        label: symbol.to_string(),
                        places: vec![place],
                    }),
                },
                Dim::Unknown => self.axes.push(Axis {
                    label: format!("{name}[{i}]"),
                    places: vec![place],
                }),
            }
        }
        let dims = shape.map(|s| {
            s.iter()
                .map(|d| if let Dim::Known(n) = d { Some(*n) } else { None })
                .collect()
        });
        self.inputs.push(Input {
            name: name.into(),
            dims,
        });
    }

    /// Inputs that have a dynamic dimension.
    fn dynamic(&self) -> impl Iterator<Item = (&Input, &Vec<Option<u64>>)> {
        self.inputs
            .iter()
            .filter_map(|i| Some((i, i.dims.as_ref()?)))
            .filter(|(_, d)| d.iter().any(Option::is_none))
    }

    /// Min, opt and max of an axis in the recipe's first profile.
    pub fn range(recipe: &Recipe, axis: &Axis) -> Option<[u64; 3]> {
        let profile = recipe.profiles.first()?;
        axis.places.iter().find_map(|(input, dim)| {
            let r = profile.inputs.get(input)?;
            Some([*r.min.get(*dim)?, *r.opt.get(*dim)?, *r.max.get(*dim)?])
        })
    }

    /// Sets an axis everywhere it occurs; the profile is made when there is none, with 1 for axes not yet set.
    pub fn set(&self, recipe: &mut Recipe, axis: &Axis, range: [u64; 3]) {
        if recipe.profiles.is_empty() {
            recipe.profiles.push(ProfileSpec::default());
        }
        let Some(profile) = recipe.profiles.first_mut() else {
            return;
        };
        for (input, dims) in self.dynamic() {
            let fill = || dims.iter().map(|d| d.unwrap_or(1)).collect::<Vec<u64>>();
            let entry = profile.inputs.entry(input.name.clone()).or_insert_with(|| ShapeRange {
                min: fill(),
                opt: fill(),
                max: fill(),
            });
            for (_, dim) in axis.places.iter().filter(|(name, _)| name == &input.name) {
                for (shape, value) in [
                    (&mut entry.min, range[0]),
                    (&mut entry.opt, range[1]),
                    (&mut entry.max, range[2]),
                ] {
                    if shape.len() < dims.len() {
                        shape.resize(dims.len(), 1);
                    }
                    if let Some(slot) = shape.get_mut(*dim) {
                        *slot = value;
                    }
                }
            }
        }
    }

    /// `batch 1-32`: the ranges in words; empty when nothing is dynamic or set.
    pub fn words(&self, recipe: &Recipe) -> String {
        let parts: Vec<String> = self
            .axes
            .iter()
            .filter_map(|a| {
                let [min, _, max] = Self::range(recipe, a)?;
                Some(if min == max {
                    format!("{} {min}", a.label)
                } else {
                    format!("{} {min}-{max}", a.label)
                })
            })
            .collect();
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::Arc;

    #[test]
    fn a_symbol_is_bound_once() {
        let mut axes = Axes::default();
        let batch = || Dim::Symbol(Arc::from("batch"));
        axes.add("ids", Some(&[batch(), Dim::Symbol(Arc::from("seq"))]));
        axes.add("image", Some(&[batch(), Dim::Known(3), Dim::Unknown]));
        axes.add("fixed", Some(&[Dim::Known(2)]));
        axes.add("rankless", None);
        let labels: Vec<_> = axes.axes.iter().map(|a| a.label.as_str()).collect();
        assert_eq!(labels, ["batch", "seq", "image[2]"]);

        let mut recipe: Recipe = toml::from_str("version = 1\nmodel.path = 'm.onnx'").unwrap();
        assert_eq!(recipe.model.path, Path::new("m.onnx"));
        assert_eq!(Axes::range(&recipe, &axes.axes[0]), None);
        axes.set(&mut recipe, &axes.axes[0], [1, 8, 32]);
        let profile = &recipe.profiles[0];
        assert_eq!(profile.inputs["ids"].max, [32, 1]);
        assert_eq!(profile.inputs["image"].opt, [8, 3, 1]);
        assert!(!profile.inputs.contains_key("fixed"));
        assert_eq!(Axes::range(&recipe, &axes.axes[0]), Some([1, 8, 32]));
        assert_eq!(axes.words(&recipe), "batch 1-32, seq 1, image[2] 1");
    }
}
