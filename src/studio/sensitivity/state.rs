//! Which layers lose accuracy: the search that runs or has ended, and how many of the worst layers the recipe keeps.

use crate::bench::Mixes;
use crate::graph::Graph;
use crate::recipe::{Precision, Recipe, VariantSpec};
use crate::rewrite::PatchSpec;
use crate::rewrite::search::{Limit, Metric, Search, SearchEvent, SearchSpec, Way};
use crate::studio::jobs::Job;
use std::collections::HashMap;
use std::rc::Rc;

/// Where the patches stand whose layers are searched.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// In the recipe itself.
    #[default]
    Recipe,
    /// In the variant of this name.
    Variant(String),
}

impl Place {
    /// The patches there; none where the variant has none of its own.
    fn patches(&self, recipe: &Recipe) -> Option<Vec<PatchSpec>> {
        match self {
            Self::Recipe => Some(recipe.patches.clone()),
            Self::Variant(name) => {
                let variant = recipe.variants.iter().find(|v| v.name == *name)?;
                variant.overrides.get("patch")?.clone().try_into().ok()
            }
        }
    }

    /// Puts patches there.
    ///
    /// # Errors
    /// The variant is gone, or the patches cannot be written into it.
    fn write(&self, recipe: &mut Recipe, patches: Vec<PatchSpec>) -> Result<(), String> {
        let Self::Variant(name) = self else {
            recipe.patches = patches;
            return Ok(());
        };
        let variant = recipe.variants.iter_mut().find(|v| v.name == *name);
        let variant = variant.ok_or_else(|| gone(name))?;
        let value = toml::Value::try_from(patches).map_err(|e| e.to_string())?;
        variant.overrides.insert("patch".into(), value);
        Ok(())
    }
}

fn gone(variant: &str) -> String {
    format!("the recipe has no variant {variant:?} any more")
}

/// State of the search for sensitive layers.
#[derive(Default)]
pub struct Sensitivity {
    /// The running or last search.
    pub job: Option<Job>,
    /// What it found so far.
    pub found: Option<Search>,
    /// The running or last measurement of what it found.
    pub measuring: Option<Job>,
    /// What was measured of it.
    pub mixes: Option<Rc<Mixes>>,
    /// How layers are told apart in the next search.
    pub way: Way,
    /// What the next search's limit is on.
    pub metric: Option<Metric>,
    /// The limit's value, as typed.
    pub limit: String,
    /// Why the recipe could not be edited.
    pub failure: Option<String>,
    /// Counts up with every event, for those who draw it.
    pub version: u64,
    place: Place,
    searched: Vec<PatchSpec>,
    kept: Option<(Recipe, Option<usize>)>,
}

impl Sensitivity {
    /// True while a search or the measurement of its mixes runs.
    pub fn is_running(&self) -> bool {
        self.running().is_some()
    }

    /// What runs: a search, or the measurement of its mixes.
    pub fn running(&self) -> Option<&Job> {
        let mut jobs = self.job.iter().chain(&self.measuring);
        jobs.find(|j| j.is_running())
    }

    /// Where the searched patches stand.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The patches that were searched.
    pub fn searched(&self) -> &[PatchSpec] {
        &self.searched
    }

    /// What the metric of the limit is.
    pub fn metric(&self) -> Metric {
        self.metric.unwrap_or(Metric::Cosine)
    }

    /// The limit as typed.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn limit(&self) -> Result<Limit, String> {
        format!("{}={}", self.metric().name(), self.limit.trim()).parse()
    }

    /// What to search for; with the limit when `under_limit`.
    ///
    /// # Errors
    /// A limit that cannot be read.
    pub fn spec(&self, under_limit: bool) -> Result<SearchSpec, String> {
        Ok(SearchSpec {
            way: self.way,
            limit: under_limit.then(|| self.limit()).transpose()?,
            ..SearchSpec::default()
        })
    }

    /// Follows a search of these patches.
    pub fn started(&mut self, place: Place, searched: Vec<PatchSpec>, job: Job) {
        self.place = place;
        self.searched = searched;
        self.found = None;
        (self.measuring, self.mixes) = (None, None);
        self.failure = None;
        self.kept = None;
        self.version += 1;
        self.job = Some(job);
    }

    /// The patches that were searched last, when `recipe` differs from them only by layers that are kept: a new search is
    /// about them all again.
    pub fn searched_before(&mut self, recipe: &Recipe, place: &Place) -> Option<Vec<PatchSpec>> {
        if *place != self.place || *place != Place::Recipe {
            return None;
        }
        self.kept(recipe).map(|_| self.searched.clone())
    }

    /// Takes in what the search tells.
    pub fn see(&mut self, event: &SearchEvent) {
        self.version += 1;
        self.kept = None;
        match (event, &mut self.found) {
            (SearchEvent::Layers(search), found) => *found = Some((**search).clone()),
            (SearchEvent::Layer { index, measured }, Some(found)) => {
                if let Some(layer) = found.layers.get_mut(*index) {
                    *layer = (**measured).clone();
                }
            }
            (SearchEvent::Ranked(ranking), Some(found)) => found.ranking.clone_from(ranking),
            (SearchEvent::Trial(trial), Some(found)) => found.trials.push((**trial).clone()),
            (_, None) => {}
        }
    }

    /// Takes in the result.
    pub fn ended(&mut self, result: Search) {
        self.version += 1;
        self.kept = None;
        self.found = Some(result);
    }

    /// How many of the worst layers the recipe keeps in higher precision; none when it was changed in another way since.
    pub fn kept(&mut self, recipe: &Recipe) -> Option<usize> {
        if let Some((of, kept)) = &self.kept
            && of == recipe
        {
            return *kept;
        }
        let found = self.found.as_ref()?;
        let now = match (&self.place, self.place.patches(recipe)) {
            (_, Some(now)) => now,
            (Place::Variant(_), None) => self.searched.clone(),
            (Place::Recipe, None) => return None,
        };
        let most = found.worst(usize::MAX).len();
        let is = |n: &usize| found.patches(&self.searched, &found.worst(*n)).is_ok_and(|p| p == now);
        let kept = (0..=most).find(is);
        self.kept = Some((recipe.clone(), kept));
        kept
    }

    /// The recipe with these layers kept: indices into [`Search::layers`].
    ///
    /// # Errors
    /// A layer that cannot be kept; a variant that is gone.
    pub fn keep(&self, recipe: &Recipe, layers: &[usize]) -> Result<Recipe, String> {
        let found = self.found.as_ref().ok_or("nothing was searched yet")?;
        let mut next = recipe.clone();
        self.place.write(&mut next, found.patches(&self.searched, layers)?)?;
        Ok(next)
    }

    /// What to measure the mixes of: the recipe with the patches that were searched, in the variant that they are of.
    ///
    /// # Errors
    /// Nothing was searched; a variant that is gone.
    pub fn to_measure(&self, recipe: &Recipe) -> Result<Recipe, String> {
        self.found.as_ref().ok_or("nothing was searched yet")?;
        let mut of = match &self.place {
            Place::Recipe => recipe.clone(),
            Place::Variant(name) => {
                let variants = recipe.resolve_variants()?;
                let of = variants.into_iter().find(|(n, _)| n == name);
                of.map(|(_, of)| of).ok_or_else(|| gone(name))?
            }
        };
        of.variants.clear();
        of.patches.clone_from(&self.searched);
        Ok(of)
    }

    /// The recipe with a variant for each of these trials, to be measured.
    ///
    /// # Errors
    /// A layer that cannot be kept; patches that cannot be written.
    pub fn with_variants(&self, recipe: &Recipe, trials: &[usize]) -> Result<Recipe, String> {
        let found = self.found.as_ref().ok_or("nothing was searched yet")?;
        let mut next = recipe.clone();
        let base = match &self.place {
            Place::Recipe => toml::Table::new(),
            Place::Variant(name) => {
                let variant = recipe.variants.iter().find(|v| v.name == *name);
                variant.map(|v| v.overrides.clone()).unwrap_or_default()
            }
        };
        if next.variants.is_empty() {
            let mut full = VariantSpec {
                name: Precision::Fp32.name().into(),
                overrides: toml::Table::new(),
            };
            crate::studio::recipe::variants::set_precision(&mut full, Some(Precision::Fp32));
            next.variants.push(full);
        }
        for trial in trials.iter().filter_map(|i| found.trials.get(*i)) {
            let patches = found.patches(&self.searched, &trial.kept)?;
            let mut overrides = base.clone();
            let value = toml::Value::try_from(patches).map_err(|e| e.to_string())?;
            overrides.insert("patch".into(), value);
            let name = crate::studio::recipe::variants::fresh_name(&next, &format!("keep {}", trial.kept.len()));
            next.variants.push(VariantSpec { name, overrides });
        }
        Ok(next)
    }

    /// Indices of layers in the order of the table: worst first once ranked.
    pub fn order(&self) -> Vec<usize> {
        match &self.found {
            None => Vec::new(),
            Some(found) if found.ranking.is_empty() => (0..found.layers.len()).collect(),
            Some(found) => found.ranking.clone(),
        }
    }

    /// Error of the layer that each node of a graph belongs to, by node; none for nodes that are in no measured layer.
    pub fn by_node(&self, graph: &Graph) -> Vec<Option<f64>> {
        let mut errors: HashMap<&str, f64> = HashMap::new();
        for measured in self.found.iter().flat_map(|f| &f.layers) {
            if let Some(e) = &measured.errors {
                for node in &measured.layer.nodes {
                    errors.insert(node, e.relative_l2());
                }
            }
        }
        graph.nodes.iter().map(|n| errors.get(&*n.name).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Lowering;
    use crate::rewrite::search::{Layer, Measured};

    fn search() -> Search {
        let layer = |name: &str| Measured {
            layer: Layer {
                name: name.into(),
                op_type: "Conv".into(),
                nodes: vec![name.into()],
                ..Layer::default()
            },
            errors: None,
            failure: None,
        };
        Search {
            patch: "Cast to FP16".into(),
            reference: String::new(),
            data: String::new(),
            way: Way::OneLowered,
            screen_samples: 1,
            rank_samples: 1,
            samples: 1,
            layers: vec![layer("a"), layer("b"), layer("c")],
            ranking: vec![2, 0, 1],
            reference_top1: None,
            limit: None,
            trials: vec![],
            found: None,
            notes: vec![],
        }
    }

    fn recipe() -> Recipe {
        let text = "version = 1\nmodel.path = 'm.onnx'\n[[variant]]\nname = 'base'\n[[variant]]\nname = 'half'\nbuild.precision = 'fp16'\n";
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_slider_edits_the_recipe_and_reads_it_back() {
        for place in [Place::Recipe, Place::Variant("half".into())] {
            let start = recipe();
            let mut lowered = start.clone();
            Lowering::default()
                .switched(Precision::Fp16)
                .write(&mut lowered, None)
                .unwrap();
            let mut s = Sensitivity {
                place: place.clone(),
                searched: lowered.patches.clone(),
                found: Some(search()),
                ..Sensitivity::default()
            };
            let before = if place == Place::Recipe { &lowered } else { &start };
            assert_eq!(s.kept(before), Some(0));
            let worst = s.found.as_ref().unwrap().worst(2);
            let next = s.keep(before, &worst).unwrap();
            assert_eq!(s.kept(&next), Some(2));
            // The variant's patches are its own; the recipe's stay.
            assert_eq!(place == Place::Recipe, next.patches != before.patches);
            let resolved = next.resolve_variants().unwrap();
            let of_half = &resolved[1].1.patches;
            let Some(PatchSpec::Cast(spec)) = of_half.last() else {
                panic!("{of_half:?}")
            };
            assert_eq!(spec.exclude, ["c", "a"]);
            // Someone else's change is told from it.
            let mut other = next.clone();
            other.patches.insert(0, PatchSpec::RemoveDead {});
            if place == Place::Recipe {
                assert_eq!(s.kept(&other), None);
            }
        }
    }

    #[test]
    fn mixes_are_measured_with_what_was_searched_and_become_variants() {
        let recipe = recipe();
        let mut lowered = recipe.clone();
        Lowering::default()
            .switched(Precision::Fp16)
            .write(&mut lowered, None)
            .unwrap();
        let mut found = search();
        let trial = |kept: &[usize]| crate::rewrite::search::Trial {
            kind: crate::rewrite::search::TrialKind::Point,
            kept: kept.to_vec(),
            lowered_macs: None,
            errors: None,
            failure: None,
            holds: None,
        };
        found.trials = vec![trial(&[]), trial(&[2, 0]), trial(&[1])];
        assert_eq!((found.trial_of(&[0, 2]), found.trial_of(&[0])), (Some(1), None));
        let s = Sensitivity {
            place: Place::Variant("half".into()),
            searched: lowered.patches.clone(),
            found: Some(found),
            ..Sensitivity::default()
        };
        let of = s.to_measure(&recipe).unwrap();
        assert_eq!(
            (of.patches, of.build.precision, of.variants.len()),
            (lowered.patches, Precision::Fp16, 0)
        );
        let next = s.with_variants(&recipe, &[1, 2, 9]).unwrap();
        let names: Vec<&str> = next.variants.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(names, ["base", "half", "keep 2", "keep 1"]);
        let resolved = next.resolve_variants().unwrap();
        let Some(PatchSpec::Cast(spec)) = resolved[3].1.patches.last() else {
            panic!("{resolved:?}")
        };
        assert_eq!(spec.exclude, ["b"], "what the trial kept, not the worst one");
        let mut other = recipe.clone();
        other.variants.pop();
        assert!(s.to_measure(&other).unwrap_err().contains("half"));
    }

    #[test]
    fn events_fill_the_table() {
        let mut s = Sensitivity::default();
        s.see(&SearchEvent::Ranked(vec![0]));
        assert!(s.order().is_empty());
        let mut start = search();
        start.ranking.clear();
        s.see(&SearchEvent::Layers(Box::new(start)));
        assert_eq!(s.order(), [0, 1, 2]);
        s.see(&SearchEvent::Ranked(vec![1, 2, 0]));
        assert_eq!(s.order(), [1, 2, 0]);
        s.limit = "0.99".into();
        assert_eq!(s.limit().unwrap().to_string(), "cosine=0.99");
        assert!(s.spec(true).unwrap().limit.is_some() && s.spec(false).unwrap().limit.is_none());
        s.limit = "2".into();
        assert!(s.limit().is_err() && s.spec(false).is_ok());
    }
}
