//! Dynamic dimensions of the inputs, each asked for once: a symbol that several inputs share is one axis.

use crate::data::shapes::Known;
use crate::format;
use crate::graph::{Dim, Graph};
use crate::recipe::{ProfileSpec, Recipe, ShapeRange};
use std::collections::BTreeMap;

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

    /// Min, opt and max of an axis in a profile of the recipe, the first being 0.
    pub fn range(recipe: &Recipe, profile: usize, axis: &Axis) -> Option<[u64; 3]> {
        let profile = recipe.profiles.get(profile)?;
        axis.places.iter().find_map(|(input, dim)| {
            let r = profile.inputs.get(input)?;
            Some([*r.min.get(*dim)?, *r.opt.get(*dim)?, *r.max.get(*dim)?])
        })
    }

    /// Sets an axis of a profile everywhere it occurs. The profile is made when there is none, and what it does not say yet
    /// is fixed at the size that `base` has for it (1 where it has none): nothing that the profile says changes but this.
    pub fn set(&self, recipe: &mut Recipe, profile: usize, axis: &Axis, range: [u64; 3], base: Option<&Known>) {
        while recipe.profiles.len() <= profile {
            recipe.profiles.push(ProfileSpec::default());
        }
        let Some(profile) = recipe.profiles.get_mut(profile) else {
            return;
        };
        for (input, dims) in self.dynamic() {
            let known = base.and_then(|b| b.shapes.get(&input.name));
            let size = |(i, dim): (usize, &Option<u64>)| {
                let proposed = || known.and_then(|sizes| sizes.get(i)).copied();
                dim.or_else(proposed).unwrap_or(1)
            };
            let fill = || dims.iter().enumerate().map(size).collect::<Vec<u64>>();
            let entry = profile.inputs.entry(input.name.clone()).or_insert_with(|| ShapeRange {
                min: fill(),
                opt: fill(),
                max: fill(),
            });
            for (_, dim) in axis.places.iter().filter(|(name, _)| name == &input.name) {
                let shapes = [&mut entry.min, &mut entry.opt, &mut entry.max];
                for (shape, value) in shapes.into_iter().zip(range) {
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
        let range = |a: &Axis| {
            let [min, _, max] = Self::range(recipe, 0, a)?;
            let name = format::middle(&a.label, 16);
            Some(if min == max {
                format!("{name} {min}")
            } else {
                format!("{name} {min}-{max}")
            })
        };
        let mut parts: Vec<String> = self.axes.iter().filter_map(range).collect();
        if recipe.profiles.len() > 1 && !parts.is_empty() {
            parts.push(format!("{} in all", format::plural(recipe.profiles.len(), "profile")));
        }
        parts.join(", ")
    }

    /// What is wrong with a profile's ranges, one sentence for each size that has something.
    pub fn troubles(&self, recipe: &Recipe, profile: usize) -> Vec<String> {
        let trouble = |axis: &Axis| {
            let [min, opt, max] = Self::range(recipe, profile, axis)?;
            let name = &axis.label;
            if max < min {
                Some(format!("{name}: max {max} is smaller than min {min}"))
            } else if opt < min {
                Some(format!("{name}: opt {opt} is smaller than min {min}"))
            } else if opt > max {
                Some(format!("{name}: opt {opt} is larger than max {max}"))
            } else {
                None
            }
        };
        self.axes.iter().filter_map(trouble).collect()
    }

    /// The first trouble of any profile, in a sentence that names the profile.
    pub fn trouble(&self, recipe: &Recipe) -> Option<String> {
        (0..recipe.profiles.len()).find_map(|at| {
            let trouble = self.troubles(recipe, at).into_iter().next()?;
            Some(format!("Shapes of profile {}: {trouble}", at + 1))
        })
    }
}

impl Axis {
    /// The size of this axis in shapes of inputs.
    pub fn size(&self, shapes: &BTreeMap<String, Vec<u64>>) -> Option<u64> {
        let at = |(input, dim): &(String, usize)| shapes.get(input)?.get(*dim).copied();
        self.places.iter().find_map(at)
    }

    /// Ranges that are chosen at once, around a size that fits the model: this size only and wider ones. A first dimension is
    /// a batch, which starts at 1; what else is doubled and halved stays a multiple of what the size is a multiple of.
    pub fn presets(&self, size: u64) -> Vec<[u64; 3]> {
        if self.places.iter().all(|(_, dim)| *dim == 0) {
            return vec![[1, 1, 1], [1, 1, 8], [1, 8, 8], [1, 8, 32]];
        }
        let double = size.saturating_mul(2);
        let mut out = vec![[size, size, size], [size, size, double]];
        if size.is_multiple_of(2) {
            out.push([size / 2, size, double]);
        }
        out
    }
}

/// `640 only`, `320 to 1,280, optimized for 640`.
pub fn range_words([min, opt, max]: [u64; 3]) -> String {
    let [low, best, high] = [min, opt, max].map(format::count);
    if min == max {
        format!("{low} only")
    } else {
        format!("{low} to {high}, optimized for {best}")
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
        assert_eq!(Axes::range(&recipe, 0, &axes.axes[0]), None);
        axes.set(&mut recipe, 0, &axes.axes[0], [1, 8, 32], None);
        let profile = &recipe.profiles[0];
        assert_eq!(profile.inputs["ids"].max, [32, 1]);
        assert_eq!(profile.inputs["image"].opt, [8, 3, 1]);
        assert!(!profile.inputs.contains_key("fixed"));
        assert_eq!(Axes::range(&recipe, 0, &axes.axes[0]), Some([1, 8, 32]));
        assert_eq!(axes.words(&recipe), "batch 1-32, seq 1, image[2] 1");
        assert_eq!(axes.trouble(&recipe), None);
    }

    #[test]
    fn a_profile_starts_from_the_sizes_that_are_known_and_contradictions_are_said() {
        let mut axes = Axes::default();
        let symbol = |name: &str| Dim::Symbol(Arc::from(name));
        axes.add(
            "x",
            Some(&[symbol("batch"), Dim::Known(3), symbol("height"), symbol("width")]),
        );
        let mut recipe: Recipe = toml::from_str("version = 1\nmodel.path = 'm.onnx'").unwrap();
        let known = Known {
            shapes: [("x".to_owned(), vec![1, 3, 640, 480])].into(),
            source: "a guess".into(),
        };
        axes.set(&mut recipe, 0, &axes.axes[0], [1, 1, 8], Some(&known));
        let range = &recipe.profiles[0].inputs["x"];
        assert_eq!(
            (range.min.as_slice(), range.max.as_slice()),
            (&[1, 3, 640, 480][..], &[8, 3, 640, 480][..])
        );
        // An optimum outside the range stays as it was typed, and is said.
        axes.set(&mut recipe, 0, &axes.axes[1], [640, 800, 640], None);
        assert_eq!(Axes::range(&recipe, 0, &axes.axes[1]), Some([640, 800, 640]));
        assert_eq!(
            axes.trouble(&recipe).unwrap(),
            "Shapes of profile 1: height: opt 800 is larger than max 640"
        );
        assert_eq!(axes.axes[1].size(&known.shapes), Some(640));
        assert_eq!(axes.axes[1].presets(640).last(), Some(&[320, 640, 1280]));
        assert_eq!(axes.axes[0].presets(1)[0], [1, 1, 1]);
        assert_eq!(range_words([320, 640, 1280]), "320 to 1,280, optimized for 640");
    }
}
