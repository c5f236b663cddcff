//! The search for sizes at which the graph works: variables in order, each with its candidates, back to those that a
//! conflict blames (conflict-directed backjumping, Prosser 1993).

use super::Source;
use super::evaluate::{Conflict, Point, types_at};
use super::kind::Role;
use super::symbols::{Assigned, Evidence, Symbolic};
use super::usual::Candidate;
use crate::graph::infer::demand::Relation;
use crate::graph::infer::size::Size;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Walks of the graph before the search gives up; the right sizes are among the first few.
const WALKS: usize = 240;
/// The search ends after this time, once it has walked the graph a few times: an answer is wanted while a window opens.
const TIME: Duration = Duration::from_secs(8);
const WALKS_AT_LEAST: usize = 8;
/// Candidates tried, walked or not, before the search gives up.
const STEPS: usize = 20_000;
/// Largest size that a demand is solved for by trying each, and beyond that by halving.
const SOLVE_EACH: i64 = 4096;
const SOLVE_HALVING: i64 = 1 << 24;

/// A variable with what may be tried for it.
pub(super) struct Variable {
    pub name: String,
    pub role: Role,
    pub candidates: Vec<Candidate>,
    /// Nothing else is tried: the user, a profile or data said so.
    pub is_fixed: bool,
    /// The height of the picture whose width this is, taken for the width too unless lines are read.
    pub square_with: Option<String>,
    /// Solutions of demands are rather multiples of this.
    pub stride: i64,
}

/// What the search found.
pub(super) type Chosen = BTreeMap<String, Candidate>;

/// Why it found nothing.
#[derive(Default)]
pub(super) struct Failure {
    /// The conflict that came latest in the order of execution.
    pub conflict: Option<Box<Conflict>>,
    /// The points walked, in words, the first few.
    pub tried: Vec<String>,
}

pub(super) struct Search<'m, 'g> {
    model: &'m Symbolic<'g>,
    variables: &'m [Variable],
    point: &'m dyn Fn(&Chosen) -> Result<Point, BTreeSet<String>>,
    chosen: Chosen,
    assigned: Assigned,
    walks: usize,
    steps: usize,
    start: Instant,
    square: bool,
    failure: Failure,
}

impl<'m, 'g> Search<'m, 'g> {
    /// Sizes at which the graph works. `point` makes a concrete point, or says which variables cannot be so.
    pub fn run(
        model: &'m Symbolic<'g>,
        variables: &'m [Variable],
        point: &'m dyn Fn(&Chosen) -> Result<Point, BTreeSet<String>>,
    ) -> Result<Chosen, Failure> {
        let mut search = Self {
            model,
            variables,
            point,
            chosen: Chosen::new(),
            assigned: Assigned::new(),
            walks: 0,
            steps: 0,
            start: Instant::now(),
            square: true,
            failure: Failure::default(),
        };
        // Square pictures first: the sides are not tried one by one then.
        for square in [true, false] {
            search.square = square;
            (search.walks, search.steps) = (0, 0);
            if search.step(0).is_ok() {
                return Ok(search.chosen);
            }
            if !variables.iter().any(|v| v.square_with.is_some() && !v.is_fixed) {
                break;
            }
        }
        Err(search.failure)
    }

    fn is_over(&self) -> bool {
        let is_late = self.start.elapsed() > TIME && (self.walks >= WALKS_AT_LEAST || self.steps >= STEPS / 20);
        self.walks >= WALKS || self.steps >= STEPS || is_late
    }

    /// Tries everything from variable `at` on. The error names the variables that are to blame.
    fn step(&mut self, at: usize) -> Result<(), BTreeSet<String>> {
        let variables = self.variables;
        let Some(variable) = variables.get(at) else {
            return self.walk();
        };
        let mut blamed = BTreeSet::new();
        for candidate in self.candidates(variable, &mut blamed) {
            if self.is_over() {
                break;
            }
            self.steps += 1;
            self.assigned.insert(variable.name.clone(), candidate.value);
            self.chosen.insert(variable.name.clone(), candidate);
            let found = match self.contradicted(&variable.name) {
                Some(blame) => Err(blame),
                None => self.step(at + 1),
            };
            let Err(blame) = found else { return Ok(()) };
            self.assigned.remove(&variable.name);
            self.chosen.remove(&variable.name);
            if !blame.contains(&variable.name) {
                return Err(blame);
            }
            blamed.extend(blame);
        }
        blamed.remove(&variable.name);
        Err(blamed)
    }

    /// A demand on numbers that does not hold, now that this variable has one.
    fn contradicted(&mut self, variable: &str) -> Option<BTreeSet<String>> {
        for evidence in &self.model.demands {
            let leaders = self.leaders(evidence);
            if !leaders.contains(variable) {
                continue;
            }
            if let Some((a, b)) = self.sides(&evidence.relation, &self.assigned)
                && !evidence.relation.holds(a, b)
            {
                if let Some(node) = evidence.node
                    && self.failure.conflict.is_none()
                {
                    let demand = crate::graph::infer::demand::Demand {
                        relation: evidence.relation.with(Size::Known(a), Size::Known(b)),
                        input: 0,
                        what: "at these sizes",
                    };
                    self.failure.conflict = Some(Box::new(Conflict::new(self.model.graph, node, &demand)));
                }
                self.note();
                return Some(leaders);
            }
        }
        None
    }

    fn note(&mut self) {
        let text = self.chosen.iter().map(|(name, c)| {
            let name = if name.starts_with('_') { "size" } else { name };
            format!("{name}={}", c.value)
        });
        let text = text.collect::<Vec<_>>().join(" ");
        if self.failure.tried.len() < 6 && !self.failure.tried.contains(&text) {
            self.failure.tried.push(text);
        }
    }

    fn leaders(&self, evidence: &Evidence) -> BTreeSet<String> {
        evidence.symbols.iter().map(|s| self.model.leader(s)).collect()
    }

    fn sides(&self, relation: &Relation, assigned: &Assigned) -> Option<(i64, i64)> {
        let bind = |name: &str| assigned.get(&self.model.leader(name)).copied();
        let (a, b) = relation.sides();
        Some((a.eval(&bind)?, b.eval(&bind)?))
    }

    fn walk(&mut self) -> Result<(), BTreeSet<String>> {
        let point = (self.point)(&self.chosen)?;
        self.walks += 1;
        let Err(conflict) = types_at(self.model.graph, &point) else {
            return Ok(());
        };
        self.note();
        let node = self.model.graph.find(&conflict.node);
        let of_node = self.model.demands.iter().filter(|e| e.node == node && node.is_some());
        let mut blamed: BTreeSet<String> = of_node.flat_map(|e| self.leaders(e)).collect();
        // Where the walk with symbols lost the expression, the shapes that reach the node may still have it.
        if blamed.is_empty()
            && let Some(node) = node
        {
            let inputs = self.model.graph.node(node).inputs.iter().flatten();
            let shapes = inputs.filter_map(|id| self.model.shapes.get(id.0 as usize)?.as_ref());
            let sizes: Vec<&Size> = shapes.flatten().collect();
            if !sizes.iter().any(|s| s.is_unknown()) {
                blamed = sizes
                    .iter()
                    .flat_map(|s| s.symbols())
                    .map(|s| self.model.leader(&s))
                    .collect();
            }
        }
        if blamed.is_empty() {
            blamed = self.variables.iter().map(|v| v.name.clone()).collect();
        }
        self.failure.conflict = Some(conflict);
        Err(blamed)
    }

    /// What to try for a variable where those before it are chosen: what demands leave, then what is usual.
    fn candidates(&self, variable: &Variable, blamed: &mut BTreeSet<String>) -> Vec<Candidate> {
        if variable.is_fixed {
            return variable.candidates.clone();
        }
        let mut out: Vec<Candidate> = variable
            .candidates
            .iter()
            .filter(|c| c.source < Source::Graph)
            .cloned()
            .collect();
        out.extend(self.solved(variable, &self.model.stated, blamed));
        out.extend(self.solved(variable, &self.model.demands, blamed));
        let square = variable.square_with.as_ref().and_then(|name| self.chosen.get(name));
        if let Some(height) = square {
            out.push(height.clone());
            blamed.extend(variable.square_with.clone());
        }
        if square.is_none() || !self.square {
            out.extend(variable.candidates.iter().cloned());
        }
        let mut seen = BTreeSet::new();
        out.retain(|c| seen.insert(c.value));
        out
    }

    /// Sizes that evidence leaves when this variable, and the side of a square that comes with it, is all that is open.
    fn solved(&self, variable: &Variable, all: &[Evidence], blamed: &mut BTreeSet<String>) -> Vec<Candidate> {
        let mut out = Vec::new();
        let square: Vec<&str> = self
            .variables
            .iter()
            .filter(|v| v.square_with.as_deref() == Some(&variable.name) && !v.is_fixed)
            .map(|v| v.name.as_str())
            .collect();
        for evidence in all {
            let leaders = self.leaders(evidence);
            let is_wanted = match &evidence.relation {
                Relation::Equal(..) | Relation::Broadcast(..) | Relation::AtLeast(..) => {
                    leaders.contains(&variable.name)
                }
                Relation::Multiple(..) => false,
            };
            let is_open =
                |l: &String| !self.assigned.contains_key(l) && *l != variable.name && !square.contains(&l.as_str());
            if !is_wanted || leaders.iter().any(is_open) {
                continue;
            }
            let mut assigned = self.assigned.clone();
            let mut sides = |n: i64| {
                for name in square.iter().copied().chain([variable.name.as_str()]) {
                    assigned.insert(name.to_owned(), n);
                }
                self.sides(&evidence.relation, &assigned)
            };
            let value = match &evidence.relation {
                // At least so many features: no more, where nothing else says how many.
                Relation::AtLeast(a, b) if matches!(variable.role, Role::Features | Role::Channels) => {
                    a.as_symbol().and(b.known())
                }
                Relation::AtLeast(..) | Relation::Multiple(..) => None,
                _ => solve(&mut sides, variable.stride),
            };
            let Some(value) = value else { continue };
            // A size that is stretched says nothing.
            if value == 1 && matches!(evidence.relation, Relation::Broadcast(..)) {
                continue;
            }
            blamed.extend(leaders);
            let (source, reason) = self.reason(evidence);
            out.push(Candidate::new(value, source, reason));
        }
        out
    }

    fn reason(&self, evidence: &Evidence) -> (Source, String) {
        let graph = self.model.graph;
        match (evidence.node, evidence.tensor) {
            (Some(id), _) => {
                let node = graph.node(id);
                let label = if node.name.is_empty() {
                    format!("{} {}", node.op_type, node.path)
                } else {
                    format!("{} {}", node.op_type, crate::model::quoted(&node.name))
                };
                (Source::Graph, format!("{label} takes no other"))
            }
            (None, Some(id)) => {
                let name = crate::model::quoted(&graph.tensor(id).name);
                (Source::Metadata, format!("the declared shape of {name}"))
            }
            (None, None) => (Source::Given, "what was given for another size".into()),
        }
    }
}

/// The number that makes both sides equal: the smallest multiple of `stride`, else the smallest. None where they are equal
/// for larger ones as well: a skip connection that meets says nothing of the size.
fn solve(sides: &mut dyn FnMut(i64) -> Option<(i64, i64)>, stride: i64) -> Option<i64> {
    let found = smallest(sides, stride)?;
    let again = found.checked_mul(2).and_then(&mut *sides);
    again.is_none_or(|(a, b)| a != b).then_some(found)
}

fn smallest(sides: &mut dyn FnMut(i64) -> Option<(i64, i64)>, stride: i64) -> Option<i64> {
    let mut first = None;
    for n in 1..=SOLVE_EACH {
        if let Some((a, b)) = sides(n)
            && a == b
        {
            first = first.or(Some(n));
            if n % stride.max(1) == 0 {
                return Some(n);
            }
        } else if first.is_some() {
            // Sizes grow with sizes: what follows is larger.
            return first;
        }
    }
    if first.is_some() {
        return first;
    }
    let mut difference = |n: i64| sides(n).map(|(a, b)| a - b);
    let (mut low, mut high) = (SOLVE_EACH, SOLVE_HALVING);
    let grows = difference(high)? >= difference(low)?;
    while low < high {
        let middle = low + (high - low) / 2;
        let d = difference(middle)?;
        let is_enough = if grows { d >= 0 } else { d <= 0 };
        if is_enough { high = middle } else { low = middle + 1 }
    }
    (difference(low)? == 0).then(|| {
        let rounded = (low + stride - 1) / stride.max(1) * stride;
        if difference(rounded) == Some(0) { rounded } else { low }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_solved_for_a_size() {
        let f = |text: &'static str, n: i64| move |x: i64| Some((Size::parse(text).at(x)?, n));
        assert_eq!(solve(&mut f("floor(h/16)*floor(h/16)+1", 197), 16), Some(224));
        assert_eq!(solve(&mut f("256*floor((h-1)/32)+256", 256 * 7), 32), Some(224));
        assert_eq!(solve(&mut f("h", 77), 1), Some(77));
        assert_eq!(solve(&mut f("floor((t-1)/2)+1", 1500), 1), Some(2999));
        assert_eq!(solve(&mut f("floor((t-1)/2)+1", 1500), 100), Some(3000));
        assert_eq!(solve(&mut f("floor((t-400)/160)+1", 2998), 1), Some(479_920));
        assert_eq!(solve(&mut f("2*h", 7), 1), None);
        let skip = |x: i64| Some((Size::parse("16*floor(h/16)").at(x)?, x));
        assert_eq!(solve(&mut { skip }, 16), None);
    }
}
