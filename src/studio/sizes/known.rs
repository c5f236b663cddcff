//! The sizes that a model with several open dimensions is counted at: those that its recipe is about, found off the UI thread
//! (data has to be opened, shapes inferred anew).

use crate::data::shapes::{Known, of_recipe, recipe_sizes};
use crate::format::middle;
use crate::graph::Graph;
use crate::graph::ranges::{Corner, corners};
use crate::graph::sized::Counted;
use crate::graph::sizes::Sizes as Proposed;
use crate::recipe::units::format_named_shape;
use crate::recipe::{DataSource, ProfileSpec, Recipe};
use crossbeam_channel::{Receiver, TryRecvError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of a recipe says sizes.
#[derive(Clone, PartialEq)]
struct Saying {
    shapes: BTreeMap<String, Vec<u64>>,
    values: BTreeMap<String, Vec<i64>>,
    profiles: Vec<ProfileSpec>,
    data: Option<DataSource>,
}

impl Saying {
    fn of(recipe: &Recipe) -> Self {
        Self {
            shapes: recipe.bench.shapes.clone(),
            values: recipe.bench.values.clone(),
            profiles: recipe.profiles.clone(),
            data: recipe.data.calibration.as_ref().or(recipe.data.test.as_ref()).cloned(),
        }
    }
}

/// What was found.
struct Found {
    /// Sizes with what the model costs there, or why there are none.
    sizes: Result<(Arc<Known>, Counted), String>,
    /// Where the graph does not work inside a profile's ranges: the profile, and what fails.
    corners: Vec<(usize, String)>,
}

/// The sizes of a document.
#[derive(Default)]
pub struct Sizes {
    asked: Option<Saying>,
    running: Option<Receiver<Found>>,
    known: Option<Arc<Known>>,
    failure: Option<String>,
    corners: Vec<(usize, String)>,
}

impl Sizes {
    /// Follows the recipe: takes in what arrived, asks anew when it says something else. What the model costs when
    /// that is to be counted anew; none inside when nothing says sizes any more.
    pub fn follow(
        &mut self,
        graph: &Arc<Graph>,
        recipe: &Recipe,
        wake: &Arc<dyn Fn() + Send + Sync>,
    ) -> Option<Option<Counted>> {
        let mut counted = None;
        if let Some(result) = &self.running {
            let found = match result.try_recv() {
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Found {
                    sizes: Err("the thread that counts stopped; this is a fault of Enginesmith".into()),
                    corners: Vec::new(),
                },
                Ok(found) => found,
            };
            self.running = None;
            let had = self.known.take();
            self.failure = None;
            self.corners = found.corners;
            counted = match found.sizes {
                Ok((known, found)) => {
                    self.known = Some(known);
                    Some(Some(found))
                }
                Err(why) => {
                    self.failure = Some(why);
                    had.map(|_| None)
                }
            };
        }
        let saying = Saying::of(recipe);
        if self.asked.as_ref() != Some(&saying) {
            self.asked = Some(saying);
            self.running = Some(start(Arc::clone(graph), recipe, Arc::clone(wake)));
        }
        counted
    }

    /// The sizes, once they are known.
    pub fn known(&self) -> Option<&Arc<Known>> {
        self.known.as_ref()
    }

    /// Where the graph does not work inside the ranges of this profile, one sentence each.
    pub fn corners(&self, profile: usize) -> impl Iterator<Item = &str> {
        let of = self.corners.iter().filter(move |(at, _)| *at == profile);
        of.map(|(_, words)| words.as_str())
    }

    /// Why what the recipe says does not tell sizes.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

/// `x:1x3x48x320, a sample of lines.npz`.
pub fn words(known: &Known) -> String {
    let shapes: Vec<String> = known
        .shapes
        .iter()
        .map(|(name, dims)| format_named_shape(name, dims))
        .collect();
    format!("{}, {}", middle(&shapes.join(" "), 80), known.source)
}

/// Proposed sizes with their reasons, each once.
fn proposed(sizes: &Proposed) -> Known {
    let mut reasons: Vec<&str> = Vec::new();
    for input in sizes.inputs.values().filter(|i| i.is_open) {
        if !reasons.contains(&input.reason.as_str()) {
            reasons.push(&input.reason);
        }
    }
    Known {
        shapes: sizes.shapes(),
        source: middle(&reasons.join("; "), 160),
    }
}

/// What fails where the ranges end, or between their ends.
fn failing(graph: &Graph, profiles: &[ProfileSpec]) -> Vec<(usize, String)> {
    let words = |corner: Corner| {
        let fault = corner.result.as_ref().err()?;
        let step = corner
            .step
            .map_or_else(String::new, |n| format!("; multiples of {n} work"));
        let (at, sizes) = (corner.at.words(), corner.sizes_words());
        Some((corner.profile, format!("At {at} ({sizes}): {}{step}", fault.message)))
    };
    corners(graph, profiles).into_iter().filter_map(words).collect()
}

fn start(graph: Arc<Graph>, recipe: &Recipe, wake: Arc<dyn Fn() + Send + Sync>) -> Receiver<Found> {
    let (tell, result) = crossbeam_channel::bounded(1);
    let mut recipe = recipe.clone();
    recipe.patches.clear();
    recipe.variants.clear();
    // A thread that cannot be had drops the sender, which reads as failed. The stack is for deeply nested bodies.
    let _ = std::thread::Builder::new()
        .name("sizes".into())
        .stack_size(64 << 20)
        .spawn(move || {
            let at = |known: Known| {
                let counted = Counted::at(&graph, &known.shapes);
                (Arc::new(known), counted)
            };
            let known = of_recipe(&graph, &recipe).and_then(|known| match known {
                Some(known) => Ok(known),
                None => recipe_sizes(&graph, &recipe).map(|sizes| proposed(&sizes)),
            });
            let found = Found {
                sizes: known.map(at),
                corners: failing(&graph, &recipe.profiles),
            };
            let _ = tell.send(found);
            drop(tell);
            wake();
        });
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model, node, proto, value, weight};
    use crate::model::DataType;
    use std::path::Path;

    /// The costs once they arrive.
    fn wait(sizes: &mut Sizes, graph: &Arc<Graph>, recipe: &Recipe) -> Option<Counted> {
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| ());
        for _ in 0..2000 {
            if let Some(counted) = sizes.follow(graph, recipe, &wake) {
                return counted;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("nothing was counted");
    }

    #[test]
    fn products_of_open_sizes_are_counted_at_those_of_profile_and_data() {
        let mut g = graph(
            &[],
            &[],
            vec![weight("w", &[4, 3, 3, 3])],
            vec![node("Conv", &["x", "w"], &["y"])],
        );
        g.input = vec![value("x", DataType::Float32, &[-1, 3, -1, -1])];
        g.output = vec![value("y", DataType::Float32, &[-1, 4, -1, -1])];
        let graph = Arc::new(Graph::new(model(&proto(g, vec![]))));
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("x.npy");
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 12, 22), }";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + 4 * 2 * 3 * 12 * 22, 0);
        std::fs::write(&data, bytes).unwrap();
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        recipe.data.calibration = Some(DataSource {
            path: data,
            ..DataSource::default()
        });
        let mut sizes = Sizes::default();
        let costs = wait(&mut sizes, &graph, &recipe).unwrap().costs;
        assert_eq!(costs[0].macs, Some(10 * 20 * 4 * 27));
        assert_eq!(words(sizes.known().unwrap()), "x:1x3x12x22, a sample of x.npy");
        // A profile says it first.
        let profile = "version = 1\nmodel.path = 'm.onnx'\n[[profile]]\ninputs.x = { min = [1, 3, 8, 8], opt = [1, 3, 34, 34], max = [1, 3, 64, 64] }\n";
        recipe.profiles = toml::from_str::<Recipe>(profile).unwrap().profiles;
        let costs = wait(&mut sizes, &graph, &recipe).unwrap().costs;
        assert_eq!(costs[0].macs, Some(32 * 32 * 4 * 27));
        assert!(words(sizes.known().unwrap()).ends_with("the profile's optimum"));
        // What does not fit is said, and nothing is counted at sizes that are not the recipe's.
        recipe.profiles.clear();
        recipe.bench.shapes.insert("z".into(), vec![1]);
        assert_eq!(wait(&mut sizes, &graph, &recipe), None);
        assert!(sizes.known().is_none() && sizes.failure().unwrap().contains("no input \"z\""));
    }
}
