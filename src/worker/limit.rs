//! The limit on the main memory that a worker takes. A worker that exceeds it ends with words and [`EXIT`]; the program that
//! started it, and the next variant, go on.
//!
//! What is counted is memory that the process wrote to and that no file backs (`RssAnon`), looked at twenty times a second. A
//! limit of the system's was not taken: `RLIMIT_AS` and `RLIMIT_DATA` count addresses, of which CUDA, TensorRT's builder and
//! every thread's stack reserve many times what they use, and a refused allocation ends most libraries without a word; a
//! control group needs rights that users do not have. Where there is one, its limit counts as the machine's memory. Should the
//! system run out first, the worker is what it is asked to end.
//!
//! Before anything runs on the processor, [`largest`] says from inferred shapes whether one tensor alone exceeds the limit.

use super::host::kibibytes;
use super::stdio;
use crate::data::shapes::run_sizes;
use crate::engine::EngineError;
use crate::format;
use crate::graph::sized::sized;
use crate::graph::sizes::Point;
use crate::graph::{Dim, Graph, Producer};
use crate::recipe::Recipe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Exit code of a worker that took more than its limit.
pub const EXIT: i32 = 86;
/// Share of the machine's memory that is the limit where a recipe has none: three of four parts.
const SHARE: (u64, u64) = (3, 4);
/// Time between two looks: what a processor writes to meanwhile is some hundred megabytes.
const LOOK: Duration = Duration::from_millis(50);
/// When less than one part in so many is left on the machine, a worker that has a quarter of it ends.
const LEFT: u64 = 50;

/// The recipe's limit; 0 for the default.
static LIMIT: AtomicU64 = AtomicU64::new(0);

/// Takes the limit of the recipe that is worked on from now on.
pub fn set(recipe: &Recipe) {
    LIMIT.store(recipe.build.memory.unwrap_or(0), Ordering::Relaxed);
}

/// The limit in bytes; none where nothing says how much memory there is.
pub fn current() -> Option<u64> {
    match LIMIT.load(Ordering::Relaxed) {
        0 => total().map(|total| total / SHARE.1 * SHARE.0),
        limit => Some(limit),
    }
}

/// Bytes of memory of this machine, or what its control group may have where that is less.
pub fn total() -> Option<u64> {
    let physical = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
    Some(group_limits().into_iter().fold(physical, u64::min))
}

/// Limits of the control group of this process and of those above it (versions 2 and 1).
fn group_limits() -> Vec<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|c| c == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let own = PathBuf::from(root).join(path.trim_start_matches('/'));
        // "max" where there is none; a container sees its own group as the root.
        let above = own.ancestors().take_while(|at| at.starts_with(root));
        limits.extend(above.chain([Path::new(root)]).filter_map(|at| {
            let text = std::fs::read_to_string(at.join(file)).ok()?;
            text.trim().parse::<u64>().ok()
        }));
    }
    limits
}

/// Looks after this process from now on, on a thread of its own. On systems without /proc there is no limit.
///
/// # Errors
/// The system's reason.
pub fn watch() -> std::io::Result<()> {
    // The kernel ends the process with the most points when memory runs out: rather this one than who started it.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    let look = || {
        loop {
            thread::sleep(LOOK);
            if let Some(why) = exceeded() {
                eprintln!("{why}");
                stdio::exit_now(EXIT);
            }
        }
    };
    thread::Builder::new().name("memory".into()).spawn(look).map(drop)
}

/// Why this process must end, if it must.
fn exceeded() -> Option<String> {
    let used = kibibytes(&std::fs::read_to_string("/proc/self/status").ok()?, "RssAnon:")?;
    let limit = current()?;
    if used > limit {
        return Some(words(used, limit));
    }
    let total = total_if_above(used)?;
    let left = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    (left < total / LEFT).then(|| {
        format!(
            "the machine runs out of memory: {} are left of {}, and this worker has {}",
            format::bytes(left),
            format::bytes(total),
            format::bytes(used)
        )
    })
}

/// The machine's memory where this process has a quarter of it: nothing else is asked of the system otherwise.
fn total_if_above(used: u64) -> Option<u64> {
    if used < 1 << 30 {
        return None;
    }
    total().filter(|total| used > total / 4)
}

fn words(used: u64, limit: u64) -> String {
    let whose = match LIMIT.load(Ordering::Relaxed) {
        0 => "three quarters of this machine's memory; `memory` in the recipe's [build], or --memory, sets another",
        _ => "the recipe's",
    };
    format!(
        "the job took {} of memory, and the limit is {} ({whose})",
        format::bytes(used),
        format::bytes(limit)
    )
}

/// Refuses a model of which one tensor alone exceeds the limit at these sizes of inputs (those of the recipe when not given),
/// on targets that compute in main memory.
///
/// # Errors
/// [`EngineError::Failed`] with node, tensor, shape and both sizes.
pub fn refuse_too_large(graph: &Graph, recipe: &Recipe, at: Option<&Point>) -> Result<(), EngineError> {
    let Some(limit) = current().filter(|_| matches!(recipe.target.name.as_str(), "embedded" | "onnxruntime-cpu"))
    else {
        return Ok(());
    };
    // Sizes that do not suit the model are refused where they are used.
    let own = || Some(run_sizes(graph, recipe).ok()?.point());
    let at = at.cloned().or_else(own).unwrap_or_default();
    match largest(graph, &at) {
        Some((what, bytes)) if bytes > limit => Err(EngineError::Failed(format!(
            "{what} takes {}, and the worker's memory limit is {}; smaller sizes, or `memory` in the recipe's [build], or \
             --memory, help where the machine has more",
            format::bytes(bytes),
            format::bytes(limit)
        ))),
        _ => Ok(()),
    }
}

/// The largest tensor that a node makes, in words, and its bytes, as far as shapes are known at these sizes of inputs.
fn largest(graph: &Graph, at: &Point) -> Option<(String, u64)> {
    let at = sized(graph, at);
    let made = at.tensors.iter().filter_map(|tensor| {
        let Producer::Node { node, .. } = tensor.producer else {
            return None;
        };
        let sizes = tensor.ty.shape.as_ref().filter(|_| tensor.ty.container.is_none())?;
        let known = |dim: &Dim| match dim {
            Dim::Known(size) => Some(*size),
            _ => None,
        };
        let sizes: Vec<u64> = sizes.0.iter().map(known).collect::<Option<_>>()?;
        let elements = sizes.iter().try_fold(1u64, |n, size| n.checked_mul(*size));
        // What no number holds exceeds every limit.
        let bytes = elements.map_or(Some(u64::MAX), |n| tensor.ty.dtype?.packed_bytes(n));
        Some((bytes.unwrap_or(u64::MAX), node, tensor))
    });
    let (bytes, node, tensor) = made.max_by_key(|found| found.0)?;
    let node = at.node(node);
    let what = format!(
        "{} {:?} (node {}): its output {:?} of type {}",
        node.op_type, node.name, node.path, tensor.name, tensor.ty
    );
    Some((what, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, model as opened, node, proto};
    use crate::model::Tensor;

    #[test]
    fn one_tensor_that_exceeds_the_limit_is_named_before_it_is_made() {
        let sizes = |n: i64| {
            let size = Tensor::from_i64(&[2], &[n, 1 << 20]).unwrap().to_proto("n");
            let model = proto(
                graph(
                    &[],
                    &["y"],
                    vec![size],
                    vec![
                        node("ConstantOfShape", &["n"], &["c"]),
                        node("ReduceSum", &["c"], &["y"]),
                    ],
                ),
                vec![],
            );
            Graph::new(opened(&model))
        };
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        recipe.build.memory = Some(1 << 30);
        set(&recipe);
        assert!(refuse_too_large(&sizes(16), &recipe, None).is_ok());
        for n in [1 << 12, i64::MAX] {
            let error = refuse_too_large(&sizes(n), &recipe, None).unwrap_err().to_string();
            assert!(
                error.contains("ConstantOfShape") && error.contains("\"c\"") && error.contains("1.00 GiB"),
                "{error}"
            );
        }
        recipe.target.name = "tensorrt".into();
        assert!(
            refuse_too_large(&sizes(1 << 12), &recipe, None).is_ok(),
            "that is the GPU's memory"
        );
        recipe.build.memory = None;
        set(&recipe);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_default_is_a_share_of_what_there_is() {
        let total = total().unwrap();
        assert!(
            total > 1 << 28 && kibibytes(&std::fs::read_to_string("/proc/self/status").unwrap(), "RssAnon:").is_some()
        );
    }
}
