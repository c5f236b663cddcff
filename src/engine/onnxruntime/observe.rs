//! Looking at inner tensors where the runtime makes them: an operator of our own reads each as soon as it is there. So
//! nothing is handed out, memory is used again at once as in any inference, and the values are still in the caches.

use super::run::values;
use super::session::{Files, Setup, commit};
use super::weights::Weights;
use super::words::{located, run_error, session_error};
use crate::bench::measure::Timed;
use crate::data::NamedTensors;
use crate::engine::bind::specs;
use crate::engine::{BuildRecord, Engine, EngineError, ObserverRequest, Progress, See, TensorSpec};
use crate::graph::Graph;
use crate::model::Model;
use crate::model::attribute::int;
use crate::model::onnx::{ModelProto, NodeProto, OperatorSetIdProto, ValueInfoProto};
use crate::recipe::ProfileSpec;
use buffa::Message;
use ort::operator::{ComputeContext, Kernel, KernelContext, Operator, OperatorDomain, OperatorInput, OperatorOutput};
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorElementType;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The operator's domain and name, and its attribute: which of the tensors it looks at.
const DOMAIN: &str = "enginesmith";
const OPERATOR: &str = "Look";
const INDEX: &str = "index";
/// Tensors looked at by one output each; more are joined into outputs of so many.
const MOST_OUTPUTS: usize = 1000;

/// What all operators of a session share.
struct Watch {
    names: Vec<String>,
    /// Who looks, while an inference runs.
    see: Mutex<Option<Arc<dyn See>>>,
}

impl Watch {
    fn set(&self, see: Option<Arc<dyn See>>) {
        *self.see.lock().unwrap_or_else(PoisonError::into_inner) = see;
    }
}

/// The operator: takes a float32 tensor, gives one byte that says nothing.
struct Look(Arc<Watch>);

struct LookKernel {
    watch: Arc<Watch>,
    index: usize,
}

impl Operator for Look {
    type Kernel<'attr> = LookKernel;

    fn name(&self) -> &str {
        OPERATOR
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [OperatorInput::required(TensorElementType::Float32)]
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Uint8)]
    }

    fn create_kernel<'attr>(&self, context: &KernelContext<'attr>) -> ort::Result<LookKernel> {
        let index: Option<i64> = context.get(INDEX);
        let index = index.and_then(|i| usize::try_from(i).ok());
        Ok(LookKernel {
            watch: Arc::clone(&self.0),
            index: index.ok_or_else(|| ort::Error::new("a tensor without a number"))?,
        })
    }
}

impl Kernel for LookKernel {
    fn compute(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let missing = || ort::Error::new("nothing to look at");
        let value = context.input(0)?.ok_or_else(missing)?;
        let (_, values) = value.try_extract_tensor::<f32>()?;
        let see = self.watch.see.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(see), Some(name)) = (see, self.watch.names.get(self.index))
            && !values.is_empty()
        {
            // The runtime's own threads, which nobody else needs now.
            see.see(name, values, &|count, part| {
                if count < 2 || context.par_for(count, 0, part).is_err() {
                    (0..count).for_each(part);
                }
            });
        }
        let mut mark = context.output(0, [1i64])?.ok_or_else(missing)?;
        mark.try_extract_tensor_mut::<u8>()?.1.fill(0);
        Ok(())
    }
}

/// A session that shows inner tensors and gives no results.
pub struct Observing {
    session: Session,
    /// Dropped after the session, which reads them.
    _weights: Option<Weights>,
    watch: Arc<Watch>,
    model: Arc<Model>,
    inputs: Vec<TensorSpec>,
    outputs: Vec<TensorSpec>,
    profiles: Vec<ProfileSpec>,
    record: BuildRecord,
}

impl Observing {
    /// Of `graph`'s model, which is `request`'s.
    ///
    /// # Errors
    /// ONNX Runtime's reason; [`EngineError::Unsupported`] for inputs or outputs that are no tensors.
    pub fn new(
        mut setup: Setup,
        graph: &Graph,
        request: &ObserverRequest,
        scratch: &Path,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let (inputs, outputs) = specs(graph)?;
        let names = in_order(graph, &request.tensors)?;
        let mut proto = watched(&graph.model, &names);
        let see = Mutex::new(None);
        let watch = Arc::new(Watch { names, see });
        let domain = OperatorDomain::new(DOMAIN).and_then(|d| d.add(Look(Arc::clone(&watch))));
        let domain = domain.map_err(|e| session_error(&e))?;
        // Threads that turn around while they wait take the processor from whoever reads the next samples: with them a
        // sample of a ResNet-50 took 1.53 times a plain loop's time, without 1.41 (two processors).
        setup.options.spinning = false;
        let (session, weights) = if request.brief {
            // Optimizing takes longer than what it would save.
            setup.options.level = GraphOptimizationLevel::Disable;
            setup.options.prepacking = false;
            let weights = Weights::take(graph, &mut proto)?;
            let builder = setup
                .builder(&Files::default())
                .and_then(|b| Ok(b.with_operators(domain)?));
            let builder = weights.add_to(builder.map_err(|e| session_error(&e))?, &graph.model)?;
            let bytes = proto.encode_to_vec();
            let session = commit(builder, Some(progress), |b| b.commit_from_memory(&bytes));
            let session = session.map_err(|e| located(e, &graph.model))?;
            (session, Some(weights))
        } else {
            let path = scratch.join("observed.onnx");
            let saved = graph.model.with_proto(proto).save_scratch(&path);
            saved.map_err(|e| EngineError::Failed(e.to_string()))?;
            let builder = setup
                .builder(&Files::default())
                .and_then(|b| Ok(b.with_operators(domain)?));
            let builder = builder.map_err(|e| session_error(&e))?;
            let session = commit(builder, Some(progress), |b| b.commit_from_file(&path));
            (session.map_err(|e| located(e, &graph.model))?, None)
        };
        graph
            .model
            .check_intact()
            .map_err(|e| EngineError::Failed(e.to_string()))?;
        Ok(Self {
            session,
            model: Arc::clone(&graph.model),
            _weights: weights,
            watch,
            inputs,
            outputs,
            profiles: request.recipe.profiles.clone(),
            record: BuildRecord::default(),
        })
    }

    /// Sets how it was built.
    pub fn set_record(&mut self, record: BuildRecord) {
        self.record = record;
    }
}

/// The tensors and the float32 outputs of the model, in the order in which nodes make them.
fn in_order(graph: &Graph, tensors: &[String]) -> Result<Vec<String>, EngineError> {
    let mut wanted: HashSet<&str> = tensors.iter().map(String::as_str).collect();
    let mut names: Vec<String> = Vec::new();
    for output in graph
        .nodes
        .iter()
        .filter(|n| n.body == 0)
        .flat_map(|n| n.outputs.iter().flatten())
    {
        let tensor = graph.tensor(*output);
        let is_float = tensor.ty.dtype == Some(crate::model::DataType::Float32) && tensor.ty.container.is_none();
        if wanted.remove(&*tensor.name) || (tensor.is_output && is_float) {
            names.push(tensor.name.to_string());
        }
    }
    match wanted.iter().next() {
        Some(name) => Err(EngineError::Request(format!(
            "no node of the top-level graph makes a tensor {name:?}"
        ))),
        None => Ok(names),
    }
}

/// The model with an operator that looks at each of the tensors; the operators' outputs are its only ones.
fn watched(model: &Model, names: &[String]) -> ModelProto {
    let mut proto = model.proto().clone();
    proto.opset_import.push(OperatorSetIdProto {
        domain: Some(DOMAIN.into()),
        version: Some(1),
        ..Default::default()
    });
    let Some(graph) = proto.graph.as_option_mut() else {
        return proto;
    };
    let taken: HashSet<&str> = graph.node.iter().flat_map(|n| &n.output).map(String::as_str).collect();
    let mut prefix = String::from("looked at ");
    while (0..names.len()).any(|i| taken.contains(format!("{prefix}{i}").as_str())) {
        prefix.push('_');
    }
    graph.output.clear();
    let mut marks = Vec::new();
    // ONNX Runtime walks up from the last node without readers first: with the tensor that is made first at the end, each
    // is looked at as soon as it is made, and its memory is free for the next.
    for (index, name) in names.iter().enumerate().rev() {
        let output = format!("{prefix}{index}");
        marks.push(output.clone());
        graph.node.push(NodeProto {
            op_type: Some(OPERATOR.into()),
            domain: Some(DOMAIN.into()),
            input: vec![name.clone()],
            output: vec![output],
            attribute: vec![int(INDEX, i64::try_from(index).unwrap_or(i64::MAX))],
            ..Default::default()
        });
    }
    // ONNX Runtime compares every tensor with every output: with very many, what is looked at becomes few outputs.
    if marks.len() > MOST_OUTPUTS {
        let joined = marks.chunks(MOST_OUTPUTS).enumerate().map(|(index, part)| {
            let output = format!("{prefix}group {index}");
            graph.node.push(NodeProto {
                op_type: Some("Concat".into()),
                input: part.to_vec(),
                output: vec![output.clone()],
                attribute: vec![int("axis", 0)],
                ..Default::default()
            });
            output
        });
        marks = joined.collect();
    }
    graph.output.extend(marks.into_iter().map(|name| ValueInfoProto {
        name: Some(name),
        ..Default::default()
    }));
    proto
}

impl Engine for Observing {
    fn record(&self) -> &BuildRecord {
        &self.record
    }

    fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    fn outputs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    fn infer(&mut self, _: &NamedTensors) -> Result<NamedTensors, EngineError> {
        Err(only_looks())
    }

    fn observe(&mut self, inputs: &NamedTensors, see: &Arc<dyn See>) -> Result<(), EngineError> {
        let values = values(&self.inputs, &self.profiles, inputs)?;
        // A session without outputs cannot be run.
        if self.watch.names.is_empty() {
            return Ok(());
        }
        self.watch.set(Some(Arc::clone(see)));
        let ran = self.session.run(values).map(drop);
        let ran = ran.map_err(|e| located(run_error(&e), &self.model));
        self.watch.set(None);
        ran
    }

    fn timed(&mut self, _: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        Err(only_looks())
    }
}

fn only_looks() -> EngineError {
    EngineError::Request("this engine was made to look at inner tensors, nothing else".into())
}
