//! Times per operator. rten has no other way to tell them than to print each operator as it ends, so the process's standard
//! output is taken for the length of a run and read.

use crate::bench::{EffectivePrecision, LayerTime, Profile, TypedLayer};
use std::collections::HashMap;

/// An operator that ran.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Step {
    /// Operator, after rten's fusions (`Conv`, `FusedMatMul`).
    pub op: String,
    /// Name of its node; may be empty.
    pub name: String,
    /// Its first output.
    pub output: Option<String>,
    /// Milliseconds, in steps of 0.001.
    pub ms: f64,
}

/// Operators whose time contains that of operators printed on their own: they run a body.
const WITH_BODY: [&str; 3] = ["If", "Loop", "Scan"];

/// The operators of one run, as rten prints them with `verbose`.
pub fn read(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut now: Option<Step> = None;
    for line in text.lines() {
        if let Some(head) = line.strip_prefix('#') {
            now = head_of(head);
        } else if let Some(step) = &mut now {
            if let Some(output) = line.strip_prefix("  output 0: ") {
                // `name ([1, 64])`; the name itself may hold brackets.
                step.output = output.rfind(" ([").and_then(|end| output.get(..end)).map(String::from);
            } else if let Some(time) = line.strip_prefix("  time: ") {
                let ms = time.strip_suffix("ms").and_then(|ms| ms.parse::<f64>().ok());
                if let (Some(ms), Some(mut step)) = (ms.filter(|ms| ms.is_finite()), now.take()) {
                    step.ms = ms;
                    steps.push(step);
                }
            }
        }
    }
    steps.retain(|s| !WITH_BODY.contains(&s.op.as_str()));
    steps
}

/// `12 Conv (/layer1/conv)`.
fn head_of(text: &str) -> Option<Step> {
    let (index, rest) = text.split_once(' ')?;
    index.parse::<u64>().ok()?;
    let (op, name) = rest.split_once(" (")?;
    Some(Step {
        op: op.into(),
        name: name.strip_suffix(')').unwrap_or(name).into(),
        ..Step::default()
    })
}

/// Operators of rten that move or describe data.
const MOVING: [&str; 30] = [
    "Cast",
    "CastLike",
    "Concat",
    "ConstantOfShape",
    "DepthToSpace",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "EyeLike",
    "Expand",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Identity",
    "NonZero",
    "OneHot",
    "Pad",
    "QuantizeLinear",
    "Range",
    "Reshape",
    "ScatterElements",
    "ScatterND",
    "Shape",
    "Size",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
];

/// What these operators computed in: rten has no half-precision operators (it widens such weights when it loads them), and
/// 8-bit integers are multiplied by operators with that in their name. None when nothing was computed.
pub fn effective(steps: &[Step]) -> Option<EffectivePrecision> {
    let layers: Vec<TypedLayer> = steps
        .iter()
        .filter(|s| !MOVING.contains(&s.op.as_str()))
        .map(|s| TypedLayer {
            dtype: if s.op.contains("Integer") { "int8" } else { "fp32" }.into(),
            macs: None,
        })
        .collect();
    EffectivePrecision::of("the operators that rten executed", &layers)
}

/// A profile of these runs: their operators, and milliseconds of each run as a whole.
pub fn profile(runs: &[(Vec<Step>, f64)]) -> Profile {
    let mut order: Vec<&Step> = Vec::new();
    let mut times: HashMap<(&str, &str, Option<&str>), Vec<f64>> = HashMap::new();
    for (run, (steps, _)) in runs.iter().enumerate() {
        for step in steps {
            let key = (step.op.as_str(), step.name.as_str(), step.output.as_deref());
            let of_runs = times.entry(key).or_insert_with(|| {
                order.push(step);
                vec![0.0; runs.len()]
            });
            // An operator of a loop's body runs several times.
            if let Some(ms) = of_runs.get_mut(run) {
                *ms += step.ms;
            }
        }
    }
    let layers = order.into_iter().map(|step| {
        let key = (step.op.as_str(), step.name.as_str(), step.output.as_deref());
        let name = match (step.name.as_str(), &step.output) {
            ("", Some(output)) => output.clone(),
            ("", None) => step.op.clone(),
            (name, _) => name.into(),
        };
        LayerTime {
            op: Some(step.op.clone()),
            output: step.output.clone(),
            ..LayerTime::of(name, times.get(&key).map(Vec::as_slice).unwrap_or_default())
        }
    });
    let whole: Vec<f64> = runs.iter().map(|r| r.1).collect();
    let mut profile = Profile {
        runs: runs.len() as u64,
        layers: layers.collect(),
        run_ms: LayerTime::of(String::new(), &whole).median_ms,
        notes: vec![
            "Times are those that rten prints, in steps of 0.001 ms; the run as a whole contains the printing.".into(),
        ],
    };
    profile.share();
    profile
}

/// Runs `run` and returns what the process printed to its standard output meanwhile, from any thread.
///
/// # Errors
/// The system's reason when descriptor 1 cannot be redirected.
#[cfg(unix)]
pub fn printed<T>(run: impl FnOnce() -> T) -> std::io::Result<(T, String)> {
    use std::fs::File;
    use std::io::{Read, Seek, Write};
    use std::os::fd::{AsRawFd, FromRawFd};

    /// Gives descriptor 1 back what it was, also when `run` panics.
    struct Restore(File);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = std::io::stdout().flush();
            // SAFETY: both descriptors are open; dup2 touches no memory.
            unsafe { libc::dup2(self.0.as_raw_fd(), libc::STDOUT_FILENO) };
        }
    }
    let mut file = tempfile::tempfile()?;
    std::io::stdout().flush()?;
    // SAFETY: fcntl with F_DUPFD_CLOEXEC reads no memory; a bad descriptor is reported as -1.
    let copy = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: `copy` was just made, is open and owned by nobody else.
    let restore = Restore(unsafe { File::from_raw_fd(copy) });
    // SAFETY: both descriptors are open; dup2 touches no memory. Rust's own handle for 1 does not cache it.
    if unsafe { libc::dup2(file.as_raw_fd(), libc::STDOUT_FILENO) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let value = run();
    drop(restore);
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok((value, String::from_utf8_lossy(&bytes).into_owned()))
}

/// As on other systems; here the output cannot be taken.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn printed<T>(_: impl FnOnce() -> T) -> std::io::Result<(T, String)> {
    let why = "rten prints its times, and this system's standard output cannot be taken";
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As rten 0.27 prints it, shortened.
    const TEXT: &str = "#0 Conv (/conv1/Conv)\n  input 0: input (f32 [1, 1, 8, 8])\n  output 0: /conv1/Conv_output_0 ([1, 32, 8, 8])\n  \
                        time: 0.250ms\n#1 Add ()\n  output 0: a ([b) ([1])\n  time: 0.050ms\n#2 If (branch)\n  time: 9.000ms\n\
                        Graph run of 3 ops finished in 0.300ms\n";

    #[test]
    fn operators_are_read_with_their_outputs_and_times() {
        let steps = read(TEXT);
        assert_eq!(steps.len(), 2, "what runs a body is left out: {steps:?}");
        assert_eq!((steps[0].op.as_str(), steps[0].name.as_str()), ("Conv", "/conv1/Conv"));
        assert_eq!(
            (steps[0].output.as_deref(), steps[0].ms),
            (Some("/conv1/Conv_output_0"), 0.25)
        );
        assert_eq!(
            (steps[1].name.as_str(), steps[1].output.as_deref()),
            ("", Some("a ([b)"))
        );
    }

    #[test]
    fn runs_make_a_profile() {
        let twice = |ms: f64| {
            let step = |name: &str, ms| Step {
                op: "Conv".into(),
                name: name.into(),
                output: None,
                ms,
            };
            vec![step("a", ms), step("b", 1.0), step("a", ms)]
        };
        let p = profile(&[(twice(1.0), 4.0), (twice(2.0), 6.0)]);
        assert_eq!((p.runs, p.run_ms, p.layers.len()), (2, 5.0, 2));
        assert_eq!((p.layers[0].name.as_str(), p.layers[0].mean_ms), ("a", 3.0));
        assert_eq!(p.layers[1].share, 0.25);
        assert_eq!(profile(&[]).layers, []);
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "(#[0-9]{0,2} ?[a-z( )]{0,9}\n|  output 0: .{0,9}\n|  time: .{0,9}ms\n){0,9}") {
            profile(&[(read(&text), 0.0)]);
        }
    }
}
