//! The open sizes of a model as variables, and what the graph says of them when it is walked with their symbols.

use super::uses;
use crate::graph::declared::tensor_type;
use crate::graph::infer::demand::Relation;
use crate::graph::infer::fact::Fact;
use crate::graph::infer::size::Size;
use crate::graph::infer::{self, At};
use crate::graph::shape_tensors::read_as_size;
use crate::graph::{Dim, Graph, NodeId, TensorId, TensorInfo, TensorKind};
use crate::model::DataType;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Longest shape tensor whose elements are followed one by one.
const VALUES: usize = 8;

/// An input of the top level with its sizes as symbols.
pub(super) struct Input<'g> {
    pub id: TensorId,
    pub info: &'g TensorInfo,
    /// A number, a symbol or an expression of symbols (`past+1`) for every axis.
    pub shape: Vec<Size>,
    /// Symbols of the elements, for those of small integer inputs that decide sizes.
    pub values: Vec<String>,
}

/// Something the graph says of symbols.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub relation: Relation,
    /// The node that demands it; `None` where a declared shape of an inner tensor says so.
    pub node: Option<NodeId>,
    /// The tensor that it is about.
    pub tensor: Option<TensorId>,
    pub symbols: BTreeSet<String>,
}

/// The model with symbols for its open sizes.
pub(super) struct Symbolic<'g> {
    pub graph: &'g Graph,
    pub inputs: Vec<Input<'g>>,
    /// What must hold.
    pub demands: Vec<Evidence>,
    /// What the model declares of inner tensors, which may be left over from another size.
    pub stated: Vec<Evidence>,
    /// By tensor, with symbols.
    pub shapes: Vec<Option<Vec<Size>>>,
    /// A symbol and the one it moves together with; what is not here stands for itself.
    same: HashMap<String, String>,
}

impl<'g> Symbolic<'g> {
    /// `ranks`: of inputs for which a shape was given.
    ///
    /// # Errors
    /// The name of an input whose number of dimensions nothing tells.
    pub fn new(graph: &'g Graph, ranks: &BTreeMap<&str, usize>) -> Result<Self, String> {
        let mut inputs = inputs(graph, ranks)?;
        let mut at = walk(graph, &inputs);
        // Elements of an input that no size depends on are no matter of sizes, unless an operator reads them as such.
        let mentioned = mentioned(&at);
        let mut changed = false;
        for input in &mut inputs {
            let is_size = input.values.iter().any(|v| mentioned.contains(v)) || read_as_size(graph, input.id).is_some();
            if !input.values.is_empty() && !is_size {
                input.values.clear();
                changed = true;
            }
        }
        if changed {
            at = walk(graph, &inputs);
        }
        let mut out = Self {
            graph,
            inputs,
            demands: demands(&at),
            stated: Vec::new(),
            shapes: Vec::new(),
            same: HashMap::new(),
        };
        out.stated = stated(graph, &at);
        out.shapes = at
            .types
            .iter()
            .map(|t| Some(t.shape.as_ref()?.0.iter().map(Size::from).collect()))
            .collect();
        Ok(out)
    }

    /// Makes sizes that must be equal one variable, unless `fixed` gives them different numbers.
    pub fn unite(&mut self, fixed: &dyn Fn(&str) -> Option<i64>) {
        let mut numbers: HashMap<String, i64> = HashMap::new();
        let pairs: Vec<(String, String)> = self
            .demands
            .iter()
            .filter(|e| matches!(e.relation, Relation::Equal(..) | Relation::Broadcast(..)))
            .filter_map(|e| {
                let (a, b) = e.relation.sides();
                Some((a.as_symbol()?.to_owned(), b.as_symbol()?.to_owned()))
            })
            .collect();
        for (a, b) in pairs {
            let (a, b) = (self.leader(&a), self.leader(&b));
            let number = |name: &String| numbers.get(name).copied().or_else(|| fixed(name));
            let (x, y) = (number(&a), number(&b));
            if a == b || matches!((x, y), (Some(x), Some(y)) if x != y) {
                continue;
            }
            if let Some(n) = x.or(y) {
                numbers.insert(a.clone(), n);
            }
            self.same.insert(b, a);
        }
    }

    /// The symbol that stands for all that move together with this one.
    pub fn leader(&self, symbol: &str) -> String {
        let mut at = symbol;
        while let Some(next) = self.same.get(at) {
            at = next;
        }
        at.to_owned()
    }

    /// All variables, in the order of the inputs.
    pub fn variables(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for input in &self.inputs {
            let of_shape = input.shape.iter().flat_map(Size::symbols);
            for symbol in of_shape.chain(input.values.iter().cloned()) {
                let leader = self.leader(&symbol);
                if seen.insert(leader.clone()) {
                    out.push(leader);
                }
            }
        }
        out
    }

    /// Rounded-down divisors that sizes of inner tensors have of this symbol: products of strides. The largest is that
    /// of the longest path.
    pub fn stride(&self, symbol: &str) -> i64 {
        let of = |size: &Size| size.divisor_of(&|name| self.leader(name) == symbol);
        self.shapes.iter().flatten().flatten().map(of).max().unwrap_or(1).max(1)
    }

    /// True where the size depends on the variable.
    pub fn depends(&self, size: &Size, variable: &str) -> bool {
        size.symbols().iter().any(|s| self.leader(s) == variable)
    }
}

fn inputs<'g>(graph: &'g Graph, ranks: &BTreeMap<&str, usize>) -> Result<Vec<Input<'g>>, String> {
    let mut next = 0usize;
    let mut fresh = || {
        next += 1;
        format!("_{next}")
    };
    let top = graph.bodies.first().map_or(&[][..], |b| b.inputs.as_slice());
    let mut out = Vec::new();
    for id in top {
        let info = graph.tensor(*id);
        let shape = match (&info.ty.shape, ranks.get(&*info.name)) {
            (Some(shape), _) => shape.0.clone(),
            (None, Some(rank)) => vec![Dim::Unknown; *rank],
            (None, None) => vec![Dim::Unknown; uses::rank_of(graph, *id).ok_or_else(|| info.name.to_string())?],
        };
        let shape: Vec<Size> = shape
            .iter()
            .map(|dim| match Size::from(dim) {
                Size::Unknown => Size::symbol(&fresh()),
                size => size,
            })
            .collect();
        let whole = matches!(
            info.ty.dtype,
            Some(DataType::Int64 | DataType::Int32 | DataType::UInt64 | DataType::UInt32)
        );
        let count = match shape.as_slice() {
            [] => Some(1),
            [Size::Known(n)] => usize::try_from(*n).ok(),
            _ => None,
        };
        let count = count.filter(|n| whole && *n <= VALUES).unwrap_or(0);
        out.push(Input {
            id: *id,
            info,
            shape,
            values: (0..count).map(|_| fresh()).collect(),
        });
    }
    Ok(out)
}

fn walk(graph: &Graph, inputs: &[Input<'_>]) -> At {
    let facts = inputs.iter().map(|input| {
        let fact = Fact::new(input.info.ty.dtype, Some(input.shape.clone()));
        let values = (!input.values.is_empty()).then(|| uses::symbols(&input.values));
        (input.id, fact.with_items(values))
    });
    infer::infer_at(graph, &facts.collect())
}

/// Symbols that some size or demand depends on.
fn mentioned(at: &At) -> HashSet<String> {
    let shapes = at.types.iter().filter_map(|t| t.shape.as_ref()).flat_map(|s| &s.0);
    let symbolic = shapes.filter(|d| matches!(d, Dim::Symbol(_)));
    let mut out: HashSet<String> = symbolic.flat_map(|d| Size::from(d).symbols()).collect();
    for (_, demand) in &at.demands {
        let (a, b) = demand.relation.sides();
        out.extend(a.symbols().into_iter().chain(b.symbols()));
    }
    out
}

fn demands(at: &At) -> Vec<Evidence> {
    let mut seen = HashSet::new();
    let symbols = |relation: &Relation| {
        let (a, b) = relation.sides();
        a.symbols().into_iter().chain(b.symbols()).collect::<BTreeSet<_>>()
    };
    at.demands
        .iter()
        .filter(|(_, d)| d.relation.state().is_none() && seen.insert(d.relation.clone()))
        .map(|(node, d)| Evidence {
            symbols: symbols(&d.relation),
            relation: d.relation.clone(),
            node: Some(*node),
            tensor: None,
        })
        .collect()
}

/// Numbers that the model declares of inner tensors and outputs, where the graph has an expression.
fn stated(graph: &Graph, at: &At) -> Vec<Evidence> {
    let top = graph.model.graph();
    let declared: HashMap<&str, crate::graph::Shape> = top
        .value_info
        .iter()
        .chain(&top.output)
        .filter_map(|info| Some((info.name.as_deref()?, tensor_type(info.r#type.as_option()?).shape?)))
        .collect();
    if declared.is_empty() {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for ((id, tensor), found) in (0u32..).map(TensorId).zip(&graph.tensors).zip(&at.types) {
        let is_inner = tensor.kind == TensorKind::Activation && tensor.body == 0;
        let (Some(declared), Some(found), true) = (declared.get(&*tensor.name), &found.shape, is_inner) else {
            continue;
        };
        if declared.0.len() != found.0.len() {
            continue;
        }
        for pair in declared.0.iter().zip(&found.0) {
            let (Dim::Known(n), Dim::Symbol(_)) = pair else {
                continue;
            };
            let size = Size::from(pair.1);
            let relation = Relation::Equal(size.clone(), i64::try_from(*n).map_or(Size::Unknown, Size::Known));
            if seen.insert(relation.clone()) {
                out.push(Evidence {
                    relation,
                    node: None,
                    tensor: Some(id),
                    symbols: size.symbols().into_iter().collect(),
                });
            }
        }
    }
    out
}

/// Numbers for variables.
pub(super) type Assigned = BTreeMap<String, i64>;
