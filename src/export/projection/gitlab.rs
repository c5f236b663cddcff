//! The recipe as a GitLab CI job that compares and gates.

use super::{literal, shell};
use crate::bench::Gates;
use crate::recipe::Recipe;

/// What a job needs to know besides the recipe.
#[derive(Clone, Debug, Default)]
pub struct GitlabJob {
    /// The recipe's path in the repository.
    pub recipe_path: String,
    /// Container image that has `enginesmith`.
    pub image: String,
    /// Comparison (JSON) in the repository that must not get worse, with what is allowed.
    pub baseline: Option<(String, Gates)>,
}

/// The job as YAML. Strings are JSON literals, which are YAML.
pub fn gitlab_job(recipe: &Recipe, job: &GitlabJob) -> String {
    let mut command = format!("enginesmith compare {} --json", shell(&job.recipe_path));
    if let Some((baseline, gates)) = &job.baseline {
        command.push_str(&format!(" --baseline {}", shell(baseline)));
        let flags = [
            ("--fail-slower", gates.slower_percent, "%"),
            ("--fail-p99-slower", gates.p99_slower_percent, "%"),
            ("--fail-throughput", gates.throughput_percent, "%"),
            ("--fail-top1", gates.top1_points, ""),
            ("--fail-error", gates.error_percent, "%"),
        ];
        for (flag, value, unit) in flags {
            if let Some(value) = value {
                command.push_str(&format!(" {flag} {value}{unit}"));
            }
        }
    }
    command.push_str(" > comparison.json");
    let mut out = String::from("enginesmith-compare:\n  stage: test\n");
    out.push_str(&format!(
        "  image:\n    name: {}\n    entrypoint: [\"\"]\n",
        literal(&job.image)
    ));
    if matches!(
        recipe.target.name.as_str(),
        "tensorrt" | "tensorrt-rtx" | "onnxruntime-cuda"
    ) {
        out.push_str("  tags:\n    - gpu\n");
    }
    out.push_str(&format!("  script:\n    - {}\n", literal(&command)));
    out.push_str("  artifacts:\n    when: always\n    paths:\n      - comparison.json\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_job_gates_on_the_baseline() {
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        let mut job = GitlabJob {
            recipe_path: "my recipe.toml".into(),
            image: "registry/enginesmith:1".into(),
            baseline: None,
        };
        let text = gitlab_job(&recipe, &job);
        assert!(
            text.contains("    - \"enginesmith compare 'my recipe.toml' --json > comparison.json\"\n"),
            "{text}"
        );
        assert!(!text.contains("tags:"));
        let gates = Gates {
            slower_percent: Some(5.0),
            top1_points: Some(0.5),
            ..Gates::default()
        };
        job.baseline = Some(("base.json".into(), gates));
        recipe.target.name = "tensorrt".into();
        let text = gitlab_job(&recipe, &job);
        assert!(
            text.contains("--baseline base.json --fail-slower 5% --fail-top1 0.5 >"),
            "{text}"
        );
        assert!(text.contains("  tags:\n    - gpu\n"));
        // Two spaces a level, a key or an item on every line.
        for line in text.lines() {
            let inner = line.trim_start();
            assert_eq!((line.len() - inner.len()) % 2, 0);
            assert!(inner.starts_with("- ") || inner.contains(':'), "{line}");
        }
    }
}
