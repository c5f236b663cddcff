//! What operators demand of the sizes of their inputs: sizes that must be equal, meet by broadcasting, divide, or be large
//! enough. From the operators' own text (ONNX Operators.md). With numbers a demand holds or is a conflict that every
//! runtime refuses; with symbols it says what the graph forces.

use super::call::{Call, axes, axis};
use super::size::Size;
use super::{fact::Item, rules};

/// One demand of one node.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Demand {
    /// What must hold.
    pub relation: Relation,
    /// Index of the input that it is about.
    pub input: usize,
    /// What the two sizes are, for messages: `rows and columns of the product`.
    pub what: &'static str,
}

/// How two sizes must relate.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Relation {
    /// One size.
    Equal(Size, Size),
    /// Equal, or one of them 1.
    Broadcast(Size, Size),
    /// The first is not below the second.
    AtLeast(Size, Size),
    /// The second divides the first.
    Multiple(Size, Size),
}

impl Relation {
    /// Both sides.
    pub fn sides(&self) -> (&Size, &Size) {
        match self {
            Self::Equal(a, b) | Self::Broadcast(a, b) | Self::AtLeast(a, b) | Self::Multiple(a, b) => (a, b),
        }
    }

    /// The same relation of other sizes.
    pub fn with(&self, a: Size, b: Size) -> Self {
        match self {
            Self::Equal(..) => Self::Equal(a, b),
            Self::Broadcast(..) => Self::Broadcast(a, b),
            Self::AtLeast(..) => Self::AtLeast(a, b),
            Self::Multiple(..) => Self::Multiple(a, b),
        }
    }

    /// Whether two numbers relate so.
    pub fn holds(&self, a: i64, b: i64) -> bool {
        match self {
            Self::Equal(..) => a == b,
            Self::Broadcast(..) => a == b || a == 1 || b == 1,
            Self::AtLeast(..) => a >= b,
            Self::Multiple(..) => b != 0 && a % b == 0,
        }
    }

    /// `None` while a side is not a number; two equal expressions hold, and 1 is stretched to anything.
    pub fn state(&self) -> Option<bool> {
        let (a, b) = self.sides();
        let is_one = |size: &Size| *size == Size::Known(1);
        if a == b && !a.is_unknown() || matches!(self, Self::Broadcast(..)) && (is_one(a) || is_one(b)) {
            return Some(true);
        }
        Some(self.holds(a.known()?, b.known()?))
    }

    /// What fails, in words with both numbers.
    pub fn words(&self) -> String {
        let text = |size: &Size| crate::graph::Dim::from(size).to_string();
        let number = |size: &Size| size.known().map_or_else(|| text(size), |n| n.to_string());
        let (a, b) = self.sides();
        let (a, b) = (number(a), number(b));
        match self {
            Self::Equal(..) => format!("{a} and {b} must be equal"),
            Self::Broadcast(..) => format!("{a} and {b} do not meet"),
            Self::AtLeast(..) => format!("{a} is below {b}"),
            Self::Multiple(..) => format!("{a} is no multiple of {b}"),
        }
    }
}

/// Collects the demands of one node.
struct Demands(Vec<Demand>);

impl Demands {
    fn ask(&mut self, relation: Relation, input: usize, what: &'static str) {
        let (a, b) = relation.sides();
        if !a.is_unknown() && !b.is_unknown() && relation.state() != Some(true) {
            self.0.push(Demand { relation, input, what });
        }
    }

    fn equal(&mut self, a: &Size, b: &Size, input: usize, what: &'static str) {
        self.ask(Relation::Equal(a.clone(), b.clone()), input, what);
    }

    fn at_least(&mut self, a: &Size, b: &Size, input: usize, what: &'static str) {
        self.ask(Relation::AtLeast(a.clone(), b.clone()), input, what);
    }

    fn multiple(&mut self, a: &Size, b: i64, input: usize, what: &'static str) {
        self.ask(Relation::Multiple(a.clone(), Size::Known(b)), input, what);
    }

    fn rank(&mut self, found: usize, wanted: usize, input: usize, what: &'static str) {
        let size = |n: usize| Size::Known(i64::try_from(n).unwrap_or(i64::MAX));
        self.equal(&size(found), &size(wanted), input, what);
    }

    /// Shapes that are stretched to each other, with the index of the input each belongs to.
    fn broadcast<'s>(&mut self, shapes: impl IntoIterator<Item = (usize, &'s [Size])>) {
        let mut out: Vec<Size> = Vec::new();
        for (input, shape) in shapes {
            while out.len() < shape.len() {
                out.insert(0, Size::Known(1));
            }
            let offset = out.len() - shape.len();
            for (slot, size) in out.iter_mut().skip(offset).zip(shape) {
                self.ask(
                    Relation::Broadcast(slot.clone(), size.clone()),
                    input,
                    "sizes of the inputs",
                );
                *slot = slot.broadcast(size).unwrap_or(Size::Unknown);
            }
        }
    }

    fn matmul(&mut self, a: &[Size], b: &[Size], second: usize) {
        if let (Some(columns), Some(rows)) = (a.last(), b.len().checked_sub(2).map_or(b.first(), |i| b.get(i))) {
            self.equal(columns, rows, second, "columns and rows of the product");
        }
        let batch = |s: &'_ [Size]| s.get(..s.len().saturating_sub(2)).unwrap_or_default().to_vec();
        let (a, b) = (batch(a), batch(b));
        self.broadcast([(0, a.as_slice()), (second, b.as_slice())]);
    }
}

/// The demands of the node that do not hold for certain; a failing one first where there is one.
pub(super) fn of(call: &Call<'_>) -> Vec<Demand> {
    let mut demands = Demands(Vec::new());
    match &*call.node.domain {
        "" => standard(call, &mut demands),
        "com.microsoft" => contrib(call, &mut demands),
        "ai.onnx.ml" => machine_learning(call, &mut demands),
        _ => None,
    };
    demands.0.sort_by_key(|d| d.relation.state() != Some(false));
    demands.0
}

/// `None` where a shape that the demand needs is not known: nothing is asked then.
fn standard(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    match &*call.node.op_type {
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "And" | "Or" | "Xor" | "BitShift" | "BitwiseAnd"
        | "BitwiseOr" | "BitwiseXor" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual"
            if call.opset >= 7 =>
        {
            to.broadcast([(0, call.shape(0)?), (1, call.shape(1)?)]);
        }
        "Max" | "Min" | "Sum" | "Mean" | "Where" => {
            to.broadcast((0..call.inputs.len()).filter_map(|i| Some((i, call.shape(i)?))));
        }
        "Concat" => concat(call, to)?,
        "MatMul" | "MatMulInteger" => to.matmul(call.shape(0)?, call.shape(1)?, 1),
        "QLinearMatMul" => to.matmul(call.shape(0)?, call.shape(3)?, 3),
        "Gemm" => gemm(call, to)?,
        "Einsum" => einsum(call, to)?,
        "Conv" | "ConvInteger" => convolution(call, 1, to)?,
        "QLinearConv" => convolution(call, 3, to)?,
        "ConvTranspose" => {
            let (x, w) = (call.shape(0)?, call.shape(1)?);
            to.rank(x.len(), w.len(), 0, "dimensions of input and weights");
            to.equal(x.get(1)?, w.first()?, 0, "channels of input and weights");
            positive_outputs(call, to);
        }
        "AveragePool" | "MaxPool" | "LpPool" => {
            rules::rooms(call, None)?.iter().for_each(|room| window_fits(room, to));
        }
        "Resize" | "Upsample" => positive_outputs(call, to),
        "BatchNormalization" | "InstanceNormalization" | "GroupNormalization" if call.rank(0)? >= 2 => {
            let channels = call.shape(0)?.get(1)?;
            let per_group = &*call.node.op_type == "GroupNormalization" && call.opset < 21;
            if !per_group {
                to.equal(channels, call.shape(1)?.first()?, 0, "channels of input and scale");
            }
            if let Some(groups) = call.int("num_groups") {
                to.multiple(channels, groups, 0, "channels and groups");
            }
        }
        "LayerNormalization" | "RMSNormalization" | "PRelu" => stretches(call, to)?,
        "Reshape" => reshape(call, to)?,
        "Expand" => {
            let target = call.sizes(1)?;
            to.broadcast([(0, call.shape(0)?), (1, target.as_slice())]);
        }
        "Squeeze" => {
            let x = call.shape(0)?;
            for at in axes(&call.ints_of(1, "axes")??, x.len())? {
                to.equal(x.get(at)?, &Size::Known(1), 0, "the squeezed size and 1");
            }
        }
        "Split" => split(call, to)?,
        "Gather" => gather(call, to)?,
        "GatherElements" => to.rank(call.rank(1)?, call.rank(0)?, 1, "dimensions of indices and data"),
        "ScatterND" => scatter_nd(call, to)?,
        "TopK" => {
            let at = axis(call.int("axis").unwrap_or(-1), call.rank(0)?)?;
            let k = call.int("k").map(Size::Known).or_else(|| call.scalar(1))?;
            to.at_least(call.shape(0)?.get(at)?, &k, 0, "the size and K");
        }
        "DepthToSpace" => to.multiple(
            call.shape(0)?.get(1)?,
            call.int("blocksize")?.checked_pow(2)?,
            0,
            "channels and the squared block size",
        ),
        "SpaceToDepth" => {
            for size in call.shape(0)?.get(2..)? {
                to.multiple(size, call.int("blocksize")?, 0, "the size and the block size");
            }
        }
        "Pad" if call.text("mode") == Some("reflect") => {
            let x = call.shape(0)?;
            let pads = if call.has(1) {
                call.known(1)?
            } else {
                call.ints("pads")?.to_vec()
            };
            if pads.len() == 2 * x.len() {
                for (i, size) in x.iter().enumerate() {
                    let most = *pads.get(i)?.max(pads.get(i + x.len())?);
                    if most > 0 {
                        to.at_least(size, &Size::Known(most + 1), 0, "the reflected size and its padding");
                    }
                }
            }
        }
        "RNN" | "GRU" | "LSTM" => recurrent(call, to)?,
        "Attention" => attention(call, to)?,
        "STFT" => {
            let length = match call.scalar(3) {
                Some(length) => length,
                None => call.shape(2)?.first()?.clone(),
            };
            to.at_least(call.shape(0)?.get(1)?, &length, 0, "samples and the frame's length");
        }
        "GridSample" => {
            let (x, grid) = (call.shape(0)?, call.shape(1)?);
            to.equal(x.first()?, grid.first()?, 1, "batches of input and grid");
        }
        _ => {}
    }
    Some(())
}

fn concat(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let shapes: Vec<(usize, &[Size])> = (0..call.inputs.len())
        .filter_map(|i| Some((i, call.shape(i)?)))
        .collect();
    let (_, first) = shapes.first()?;
    let at = axis(call.int("axis").unwrap_or(i64::from(call.opset < 4)), first.len())?;
    for (input, shape) in shapes.iter().skip(1) {
        to.rank(shape.len(), first.len(), *input, "dimensions of the inputs");
        for (_, (a, b)) in first.iter().zip(*shape).enumerate().filter(|(j, _)| *j != at) {
            to.equal(a, b, *input, "sizes of the inputs outside the axis");
        }
    }
    Some(())
}

fn gemm(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let side = |input: usize, attribute: &str, outer: usize| -> Option<&Size> {
        let transposed = call.int(attribute).unwrap_or(0) != 0;
        let shape = call.shape(input).filter(|s| s.len() == 2)?;
        shape.get(if transposed { 1 - outer } else { outer })
    };
    to.rank(call.rank(0)?, 2, 0, "dimensions of the first matrix and 2");
    to.equal(
        side(0, "transA", 1)?,
        side(1, "transB", 0)?,
        0,
        "columns and rows of the product",
    );
    Some(())
}

fn einsum(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let equation = rules::equation(call.text("equation")?)?;
    let mut sizes: Vec<(char, Size)> = Vec::new();
    for (i, labels) in equation.inputs.iter().enumerate() {
        if labels.iter().any(Option::is_none) {
            continue;
        }
        for (label, size) in labels.iter().flatten().zip(call.shape(i)?) {
            match sizes.iter_mut().find(|(c, _)| c == label) {
                Some((_, known)) => {
                    to.ask(
                        Relation::Broadcast(known.clone(), size.clone()),
                        i,
                        "sizes with one label",
                    );
                    *known = known.equal(size);
                }
                None => sizes.push((*label, size.clone())),
            }
        }
    }
    Some(())
}

fn convolution(call: &Call<'_>, weights: usize, to: &mut Demands) -> Option<()> {
    let (x, w) = (call.shape(0)?, call.shape(weights)?);
    to.rank(x.len(), w.len(), 0, "dimensions of input and weights");
    let group = Size::Known(call.int("group").unwrap_or(1));
    to.equal(x.get(1)?, &w.get(1)?.mul(&group), 0, "channels of input and weights");
    rules::rooms(call, Some(w))?
        .iter()
        .for_each(|room| window_fits(room, to));
    Some(())
}

/// `room`: how far a window can move; below 0 it does not fit.
fn window_fits(room: &Size, to: &mut Demands) {
    to.at_least(room, &Size::Known(0), 0, "the padded size less the window and 0");
}

fn positive_outputs(call: &Call<'_>, to: &mut Demands) {
    let outputs = rules::outputs(call).unwrap_or_default();
    let empty_input = call.shape(0).is_some_and(|s| s.contains(&Size::Known(0)));
    for size in outputs.first().and_then(|f| f.shape.as_deref()).unwrap_or_default() {
        if !empty_input && size.known().is_some() {
            to.at_least(size, &Size::Known(1), 0, "the output's size and 1");
        }
    }
}

/// The scale or slope is stretched to the input, never the other way.
fn stretches(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let (x, other) = (call.shape(0)?, call.shape(1)?);
    for (size, own) in x.iter().rev().zip(other.iter().rev()) {
        if *own != Size::Known(1) {
            to.equal(size, own, 1, "sizes of the input and its scale");
        }
    }
    Some(())
}

fn reshape(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let x = call.shape(0)?;
    let target = match call.ints("shape") {
        Some(list) if call.opset < 5 => list.iter().map(|n| Size::Known(*n)).collect(),
        _ => call.sizes(1)?,
    };
    let copies = call.int("allowzero") != Some(1);
    // What stands on both sides cancels; a copied size always does.
    let mut left: Vec<&Size> = Vec::new();
    let mut right: Vec<&Size> = Vec::new();
    let mut open = false;
    for (i, size) in target.iter().enumerate() {
        match size {
            Size::Known(0) if copies => {}
            Size::Known(-1) => open = true,
            size => right.push(size),
        }
        if copies && *size == Size::Known(0) {
            x.get(i)?;
        }
    }
    for (i, size) in x.iter().enumerate() {
        if !(copies && target.get(i) == Some(&Size::Known(0))) {
            left.push(size);
        }
    }
    right.retain(|size| match left.iter().position(|l| l == size && !l.is_unknown()) {
        Some(at) => {
            left.remove(at);
            false
        }
        None => true,
    });
    let product = |sizes: &[&Size]| sizes.iter().fold(Size::Known(1), |n, size| n.mul(size));
    let (left, right) = (product(&left), product(&right));
    let what = "elements of input and target shape";
    if open {
        // An empty tensor has any shape with a 0.
        if right != Size::Known(0) {
            to.ask(Relation::Multiple(left, right), 0, what);
        }
    } else {
        to.equal(&left, &right, 0, what);
    }
    Some(())
}

fn split(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let x = call.shape(0)?;
    let whole = x.get(axis(call.int("axis").unwrap_or(0), x.len())?)?;
    match call.ints_of(1, "split") {
        Some(parts) => {
            let sum = parts?.iter().try_fold(0i64, |n, p| n.checked_add(*p))?;
            to.equal(whole, &Size::Known(sum), 0, "the size and the sum of its parts");
        }
        None if call.opset < 18 => {
            let count = i64::try_from(call.node.outputs.len()).ok()?;
            to.multiple(whole, count, 0, "the size and the number of equal parts");
        }
        None => {}
    }
    Some(())
}

/// Known indices must be inside: positions 0, 1, 2, … of a table of learned positions, for one.
fn gather(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let x = call.shape(0)?;
    let rows = x.get(axis(call.int("axis").unwrap_or(0), x.len())?)?;
    let known = |item: &Item| match item {
        Item::Int(size) => size.known(),
        Item::Float(_) => None,
    };
    let largest = call.items(1)?.iter().filter_map(known).max()?;
    to.at_least(
        rows,
        &Size::Known(largest.checked_add(1)?),
        0,
        "rows and the largest index + 1",
    );
    Some(())
}

fn scatter_nd(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let (x, indices, updates) = (call.shape(0)?, call.shape(1)?, call.shape(2)?);
    let depth = usize::try_from(indices.last()?.known()?).ok()?;
    let wanted = [indices.get(..indices.len() - 1)?, x.get(depth..)?].concat();
    to.rank(updates.len(), wanted.len(), 2, "dimensions of the updates");
    for (a, b) in updates.iter().zip(&wanted) {
        to.equal(a, b, 2, "sizes of the updates and of what they replace");
    }
    Some(())
}

fn recurrent(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let x = call.shape(0)?;
    to.rank(x.len(), 3, 0, "dimensions of the sequence and 3");
    if let Some(w) = call.shape(1) {
        to.equal(x.get(2)?, w.get(2)?, 0, "features of the sequence and of the weights");
    }
    let batch_first = call.int("layout") == Some(1);
    let batch = x.get(usize::from(!batch_first))?;
    for state in [5, 6] {
        if let Some(of) = call.shape(state).and_then(|s| s.get(usize::from(!batch_first))) {
            to.equal(batch, of, state, "batches of the sequence and of the state");
        }
    }
    Some(())
}

fn attention(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let (q, k, v) = (call.shape(0)?, call.shape(1)?, call.shape(2)?);
    to.equal(q.first()?, k.first()?, 1, "batches of query and key");
    to.equal(
        k.get(k.len().checked_sub(2)?)?,
        v.get(v.len().checked_sub(2)?)?,
        2,
        "lengths of key and value",
    );
    if q.len() == 4 {
        to.equal(q.last()?, k.last()?, 1, "head sizes of query and key");
    }
    Some(())
}

fn contrib(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    match &*call.node.op_type {
        "FusedConv" => convolution(call, 1, to)?,
        "FusedGemm" => gemm(call, to)?,
        "SkipLayerNormalization" | "SkipSimplifiedLayerNormalization" => {
            to.broadcast([(0, call.shape(0)?), (1, call.shape(1)?)]);
        }
        "EmbedLayerNormalization" => {
            let (length, rows) = (call.shape(0)?.get(1)?, call.shape(3)?.first()?);
            to.at_least(rows, length, 3, "rows of the positions and tokens");
        }
        "Attention" => to.equal(
            call.shape(0)?.get(2)?,
            call.shape(1)?.first()?,
            1,
            "features of input and weights",
        ),
        "MatMulNBits" => to.equal(call.shape(0)?.last()?, &Size::Known(call.int("K")?), 0, "columns and K"),
        "DynamicQuantizeMatMul" | "MatMulIntegerToFloat" => to.matmul(call.shape(0)?, call.shape(1)?, 1),
        "QLinearAdd" | "QLinearMul" => to.broadcast([(0, call.shape(0)?), (3, call.shape(3)?)]),
        _ => {}
    }
    Some(())
}

/// How many features the classic models of ai.onnx.ml take.
fn machine_learning(call: &Call<'_>, to: &mut Demands) -> Option<()> {
    let features = call.shape(0)?.last()?;
    let length = |n: usize| Some(Size::Known(i64::try_from(n).ok()?));
    match &*call.node.op_type {
        "Scaler" => {
            let given = call.attr("offset").or_else(|| call.attr("scale"))?.floats.len();
            if given > 1 {
                to.equal(features, &length(given)?, 0, "features and offsets");
            }
        }
        "LinearRegressor" | "LinearClassifier" => {
            let all = call.attr("coefficients")?.floats.len();
            let rows = match &*call.node.op_type {
                "LinearRegressor" => usize::try_from(call.int("targets").unwrap_or(1)).ok()?,
                _ => call.attr("intercepts").map_or(1, |i| i.floats.len()),
            };
            to.equal(
                features,
                &length(all.checked_div(rows)?)?,
                0,
                "features and coefficients",
            );
        }
        "Imputer" => {
            let given = call.attr("imputed_value_floats").map_or(0, |a| a.floats.len());
            if given > 1 {
                to.equal(features, &length(given)?, 0, "features and imputed values");
            }
        }
        "ArrayFeatureExtractor" => {
            let largest = call.known(1)?.into_iter().max()?;
            to.at_least(
                features,
                &Size::Known(largest.checked_add(1)?),
                0,
                "features and the largest index + 1",
            );
        }
        "TreeEnsembleClassifier" | "TreeEnsembleRegressor" => {
            let largest = *call.ints("nodes_featureids")?.iter().max()?;
            to.at_least(
                features,
                &Size::Known(largest.checked_add(1)?),
                0,
                "features and the largest one of the trees",
            );
        }
        "SVMClassifier" | "SVMRegressor" => {
            let vectors = call
                .ints("vectors_per_class")
                .map_or(call.int("n_supports"), |v| Some(v.iter().sum()));
            let all = call.attr("support_vectors")?.floats.len();
            let each = all.checked_div(usize::try_from(vectors?).ok()?)?;
            to.equal(
                features,
                &length(each)?,
                0,
                "features and the length of a support vector",
            );
        }
        _ => {}
    }
    Some(())
}
