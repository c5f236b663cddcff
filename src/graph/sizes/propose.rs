//! From evidence to sizes.

use super::evaluate::{At, Conflict, Point};
use super::kind::{self, Described, Kind, Role};
use super::metadata::{self, Metadata};
use super::purpose::{Purpose, purpose};
use super::search::{Chosen, Search, Variable};
use super::symbols::{Evidence, Symbolic};
use super::usual::{self, Around, Asked, Candidate};
use super::{Hint, InputSize, Sizes, Source};
use crate::graph::Graph;
use crate::graph::infer::demand::Relation;
use crate::graph::infer::size::Size;
use crate::model::DataType;
use std::collections::{BTreeMap, BTreeSet};

/// No sizes were found at which the model works.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsolved {
    /// Nothing says how many dimensions an input has.
    #[error(
        "the model does not say how many dimensions input {input:?} has, and its operators do not tell; give its shape, as \
         in --shape {input}:1x3x224x224"
    )]
    Rank {
        /// The input.
        input: String,
    },
    /// The graph refuses every size that was tried.
    #[error("{}", .text)]
    Refused {
        /// The last node that refused.
        conflict: Box<Conflict>,
        /// The sizes that were tried, the first few.
        tried: Vec<String>,
        /// All of it in words.
        text: String,
    },
    /// Sizes that were given and do not fit the model's declaration.
    #[error("{0}")]
    Given(String),
}

/// A concrete shape, and a value where it matters, for every input, by the strongest evidence that there is: hints (what
/// the user gave, profiles, data), the model's own words, what its operators force, what such inputs usually have, names.
/// The graph works at what is proposed: every candidate is walked to the end.
///
/// # Errors
/// An input of unknown rank that no operator tells; sizes that contradict the model or each other; no size that works,
/// with the constraint that fails and what was tried.
pub fn propose(graph: &Graph, hints: &[Hint]) -> Result<Sizes, Unsolved> {
    let ranks: BTreeMap<&str, usize> = hints.iter().map(|h| (h.input.as_str(), h.shape.len())).collect();
    let mut model = Symbolic::new(graph, &ranks).map_err(|input| Unsolved::Rank { input })?;
    let fixed = fix(&mut model, hints)?;
    model.unite(&|symbol| fixed.get(symbol).map(|c| c.value));
    let fixed: Chosen = fixed.into_iter().map(|(name, c)| (model.leader(&name), c)).collect();
    let solver = Solver {
        described: kind::describe(&model),
        metadata: metadata::read(graph),
        fixed,
        hints,
        model: &model,
    };
    solver.solve()
}

/// Numbers that hints give to symbols; what they give to expressions becomes a demand.
fn fix(model: &mut Symbolic<'_>, hints: &[Hint]) -> Result<Chosen, Unsolved> {
    let mut fixed = Chosen::new();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    let mut more = Vec::new();
    let mut sorted: Vec<&Hint> = hints.iter().collect();
    sorted.sort_by_key(|h| h.source);
    for hint in sorted {
        let Some(input) = model.inputs.iter().find(|i| *i.info.name == hint.input) else {
            continue;
        };
        let name = &hint.input;
        // Of a shape tensor, values.
        let elements: Vec<Size> = input.values.iter().map(|v| Size::symbol(v)).collect();
        let is_value = !elements.is_empty() && hint.value.is_some();
        let numbers: Vec<(Size, i64)> = if is_value {
            elements.into_iter().zip(hint.value.iter().flatten().copied()).collect()
        } else {
            let sizes = hint.shape.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX));
            input.shape.iter().cloned().zip(sizes).collect()
        };
        for (size, n) in numbers {
            if let Some(symbol) = size.as_symbol() {
                if let Some(before) = fixed.get(symbol) {
                    if before.value != n && hint.source <= Source::Profile {
                        let other = of.get(symbol).cloned().unwrap_or_default();
                        return Err(Unsolved::Given(format!(
                            "the dimension {symbol:?} is {} in input {other:?} and {n} in input {name:?}; it must be one size",
                            before.value
                        )));
                    }
                    continue;
                }
                of.insert(symbol.to_owned(), name.clone());
                fixed.insert(symbol.to_owned(), Candidate::new(n, hint.source, hint.reason.clone()));
            } else if matches!(size, Size::Expr(_)) {
                more.push(Evidence {
                    symbols: size.symbols().into_iter().collect(),
                    relation: Relation::Equal(size, Size::Known(n)),
                    node: None,
                    tensor: None,
                });
            }
        }
    }
    model.demands.extend(more);
    Ok(fixed)
}

struct Solver<'m, 'g> {
    model: &'m Symbolic<'g>,
    described: Vec<Described>,
    metadata: Metadata,
    /// By variable, what hints say.
    fixed: Chosen,
    hints: &'m [Hint],
}

/// Where a variable stands first.
#[derive(Clone, Copy)]
struct Place {
    input: usize,
    axis: usize,
    is_value: bool,
}

impl Solver<'_, '_> {
    fn solve(&self) -> Result<Sizes, Unsolved> {
        let variables = self.variables();
        let point = |chosen: &Chosen| self.point(chosen);
        let chosen = if variables.is_empty() {
            Chosen::new()
        } else {
            Search::run(self.model, &variables, &point).map_err(|failure| refused(failure, self.hints))?
        };
        let point = self.point(&chosen).map_err(|names| {
            let names: Vec<String> = names.into_iter().collect();
            Unsolved::Given(format!("the sizes {} are negative", names.join(", ")))
        })?;
        let described = self.model.inputs.iter().enumerate().filter_map(|(index, input)| {
            let name = input.info.name.to_string();
            let at = point.get(&name)?;
            let (source, reason) = self.why(index, &chosen, at);
            let size = InputSize {
                shape: at.shape.clone(),
                value: at.value.clone(),
                source,
                reason,
                is_open: input.info.ty.shape.as_ref().is_none_or(crate::graph::Shape::is_dynamic)
                    || !input.values.is_empty(),
            };
            Some((name, size))
        });
        Ok(Sizes {
            inputs: described.collect(),
        })
    }

    /// Variables in the order of the search: what much depends on first, masks last.
    fn variables(&self) -> Vec<Variable> {
        let has_cache = self
            .described
            .iter()
            .any(|d| d.kind == Kind::Cache && d.roles.contains(&Role::Past));
        let has_state = self.described.iter().any(|d| d.kind == Kind::State);
        let mut out: Vec<(bool, Variable)> = Vec::new();
        for name in self.model.variables() {
            let Some((place, role)) = self.place(&name) else {
                continue;
            };
            let input = &self.model.inputs[place.input];
            let described = &self.described[place.input];
            let is_mask = input.info.name.to_lowercase().contains("mask");
            let picture = (described.kind == Kind::Picture)
                .then(|| self.sides(place.input))
                .flatten();
            let channels = self.size_of(place.input, Role::Channels).and_then(|s| s.known());
            let aim = picture.as_ref().map(|(h, w)| purpose(self.model, channels, h, w));
            let (other, square_with) = match (&picture, role) {
                (Some((h, _)), Role::Width) => (h.known(), h.as_symbol().map(|s| self.model.leader(s))),
                (Some((_, w)), Role::Height) => (w.known(), None),
                _ => (None, None),
            };
            let is_line = matches!(aim, Some(Purpose::ReadLine | Purpose::ClassifyLine));
            let is_side = matches!(role, Role::Height | Role::Width);
            let stride = if is_side && described.kind == Kind::Picture {
                self.model.stride(&name).max(self.metadata.stride.unwrap_or(1))
            } else {
                1
            };
            let asked = Asked {
                role,
                kind: described.kind,
                purpose: aim,
                stride,
                other_side: other,
                by_name: described.by_name,
                metadata: &self.metadata,
                has_cache,
                has_state,
                channels,
            };
            let mut candidates = usual::usual(&asked);
            if place.is_value {
                let mut first = self.of_picture(place);
                first.extend(candidates);
                candidates = first;
            }
            let fixed = self.fixed.get(&name);
            out.push((
                is_mask,
                Variable {
                    role,
                    candidates: fixed.map_or(candidates, |c| vec![c.clone()]),
                    is_fixed: fixed.is_some(),
                    square_with: square_with.filter(|h| !is_line && *h != name),
                    stride: match role {
                        Role::Frames | Role::Samples => 100,
                        _ => stride,
                    },
                    name,
                },
            ));
        }
        out.sort_by_key(|(is_mask, v)| (!v.is_fixed, *is_mask, v.role));
        out.into_iter().map(|(_, v)| v).collect()
    }

    /// The place of a variable that tells most, and its role there.
    fn place(&self, variable: &str) -> Option<(Place, Role)> {
        let mut found: Option<(bool, Place, Role)> = None;
        for (index, (input, described)) in self.model.inputs.iter().zip(&self.described).enumerate() {
            for (axis, size) in input.shape.iter().enumerate() {
                if !self.model.depends(size, variable) {
                    continue;
                }
                let role = described.roles.get(axis).copied().unwrap_or(Role::Steps);
                let role = match size.as_symbol() {
                    Some(_) => role,
                    // In `past+1` the name says more than the axis.
                    None => kind::label(variable).unwrap_or(role),
                };
                // An operator says more than a name, and a size of its own more than an expression.
                let weak = described.by_name || size.as_symbol().is_none();
                if found.is_none() || found.is_some_and(|(w, ..)| w && !weak) {
                    let place = Place {
                        input: index,
                        axis,
                        is_value: false,
                    };
                    found = Some((weak, place, role));
                }
            }
            for (axis, symbol) in input.values.iter().enumerate() {
                if found.is_none() && self.model.leader(symbol) == variable {
                    let place = Place {
                        input: index,
                        axis,
                        is_value: true,
                    };
                    found = Some((true, place, Role::Value));
                }
            }
        }
        found.map(|(_, place, role)| (place, role))
    }

    fn size_of(&self, input: usize, role: Role) -> Option<Size> {
        let at = self.described.get(input)?.roles.iter().position(|r| *r == role)?;
        self.model.inputs.get(input)?.shape.get(at).cloned()
    }

    fn sides(&self, input: usize) -> Option<(Size, Size)> {
        Some((self.size_of(input, Role::Height)?, self.size_of(input, Role::Width)?))
    }

    /// For an element of a shape tensor: the sides of a picture, by where it stands.
    fn of_picture(&self, place: Place) -> Vec<Candidate> {
        let Some(input) = self.model.inputs.get(place.input) else {
            return Vec::new();
        };
        let picture = (0..self.described.len()).find(|i| self.described[*i].kind == Kind::Picture);
        let Some((at, (height, width))) = picture.and_then(|i| Some((i, self.sides(i)?))) else {
            return Vec::new();
        };
        let size = match (input.values.len(), place.axis) {
            (1, _) | (2, 0) | (3, 1) | (4, 2) => height,
            (2, 1) | (3, 2) | (4, 3) => width,
            (4, 0) => return vec![Candidate::new(1, Source::Kind, "one sample at a time")],
            _ => {
                return self
                    .size_of(at, Role::Channels)
                    .and_then(|s| s.known())
                    .map_or_else(Vec::new, |n| {
                        vec![Candidate::new(n, Source::Kind, "the channels of the picture")]
                    });
            }
        };
        let value = size.known().or_else(|| {
            let channels = self.size_of(at, Role::Channels).and_then(|s| s.known());
            let (h, w) = self.sides(at)?;
            let fixed = self.fixed.get(&self.model.leader(size.as_symbol()?));
            fixed
                .map(|c| c.value)
                .or_else(|| Some(purpose(self.model, channels, &h, &w).usual().0))
        });
        value.map_or_else(Vec::new, |n| {
            vec![Candidate::new(n, Source::Kind, "the size of the picture")]
        })
    }

    /// # Errors
    /// The variables that make a size negative, or nothing of what must be something.
    fn point(&self, chosen: &Chosen) -> Result<Point, BTreeSet<String>> {
        let bind = |name: &str| chosen.get(&self.model.leader(name)).map(|c| c.value);
        let mut point = Point::new();
        for (input, described) in self.model.inputs.iter().zip(&self.described) {
            let mut shape = Vec::with_capacity(input.shape.len());
            for (axis, size) in input.shape.iter().enumerate() {
                let may_be_empty = described.roles.get(axis) == Some(&Role::Past) || size.known() == Some(0);
                let n = size.eval(&bind).unwrap_or(1);
                let given = size
                    .as_symbol()
                    .is_some_and(|s| self.fixed.contains_key(&self.model.leader(s)));
                if n < 0 || n == 0 && !may_be_empty && !given {
                    return Err(size.symbols().iter().map(|s| self.model.leader(s)).collect());
                }
                shape.push(u64::try_from(n).unwrap_or(0));
            }
            let value = input.values.iter().map(|v| bind(v)).collect::<Option<Vec<i64>>>();
            let at = At {
                shape,
                value: value.filter(|v| !v.is_empty()),
            };
            point.insert(input.info.name.to_string(), at);
        }
        let around = self.around(&point);
        for (input, described) in self.model.inputs.iter().zip(&self.described) {
            if let Some(at) = point.get_mut(&*input.info.name)
                && at.value.is_none()
            {
                at.value = self.hinted(&input.info.name).or_else(|| {
                    let is_bool = input.info.ty.dtype == Some(DataType::Bool);
                    let name = &input.info.name;
                    Some(usual::belonging(name, &at.shape, is_bool, described, &around, &self.metadata)?.0)
                });
            }
        }
        Ok(point)
    }

    fn hinted(&self, input: &str) -> Option<Vec<i64>> {
        self.hints.iter().find(|h| h.input == input)?.value.clone()
    }

    fn around(&self, point: &Point) -> Around {
        let mut around = Around::default();
        for (input, described) in self.model.inputs.iter().zip(&self.described) {
            let Some(at) = point.get(&*input.info.name) else {
                continue;
            };
            let of = |role: Role| {
                let axis = described.roles.iter().position(|r| *r == role)?;
                i64::try_from(*at.shape.get(axis)?).ok()
            };
            if described.kind == Kind::Picture {
                around.picture = around.picture.or(of(Role::Height).zip(of(Role::Width)));
            }
            let length = [Role::Samples, Role::Frames, Role::Tokens, Role::Steps]
                .into_iter()
                .find_map(of);
            around.length = around.length.or(length);
            around.past = around.past.or(of(Role::Past));
        }
        around
    }

    /// Where the sizes of an input come from: what is said of its sides and lengths, before what is said of its batch.
    fn why(&self, index: usize, chosen: &Chosen, at: &At) -> (Source, String) {
        let input = &self.model.inputs[index];
        let described = &self.described[index];
        let mut main: Vec<&Candidate> = Vec::new();
        let mut batch: Vec<&Candidate> = Vec::new();
        let symbols = |size: &Size| {
            size.symbols()
                .into_iter()
                .map(|s| self.model.leader(&s))
                .collect::<Vec<_>>()
        };
        for (size, role) in input.shape.iter().zip(&described.roles) {
            let of = symbols(size)
                .into_iter()
                .filter_map(|s| chosen.get(&s))
                .collect::<Vec<_>>();
            if *role == Role::Batch {
                batch.extend(of)
            } else {
                main.extend(of)
            }
        }
        main.extend(input.values.iter().filter_map(|v| chosen.get(&self.model.leader(v))));
        let all = if main.is_empty() { batch } else { main };
        // The weakest evidence is how sure the whole is.
        if let Some(weakest) = all.iter().max_by_key(|c| c.source) {
            let mut reasons: Vec<&str> = Vec::new();
            for candidate in &all {
                if !reasons.contains(&candidate.reason.as_str()) {
                    reasons.push(&candidate.reason);
                }
            }
            return (weakest.source, reasons.join("; "));
        }
        if at.value.is_some() {
            let name = &input.info.name;
            let is_bool = input.info.ty.dtype == Some(DataType::Bool);
            let around = self.point(chosen).map(|p| self.around(&p)).unwrap_or_default();
            if let Some((_, source, reason)) =
                usual::belonging(name, &at.shape, is_bool, described, &around, &self.metadata)
            {
                return (source, reason);
            }
        }
        (Source::Graph, "the model leaves nothing open".into())
    }
}

fn refused(failure: super::search::Failure, hints: &[Hint]) -> Unsolved {
    let given = hints.iter().any(|h| h.source <= Source::Data);
    let Some(conflict) = failure.conflict else {
        return Unsolved::Given("no size works for the inputs of this model; give their shapes with --shape".into());
    };
    let tried = failure.tried.join("; ");
    let text = if given && failure.tried.len() == 1 {
        format!("the model does not work at the sizes given: {conflict}")
    } else {
        format!("no sizes were found at which the model works: {conflict}; tried {tried}; give shapes with --shape")
    };
    Unsolved::Refused {
        conflict,
        tried: failure.tried,
        text,
    }
}
