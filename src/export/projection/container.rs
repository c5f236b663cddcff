//! The recipe in a container.

use super::shell;
use crate::recipe::Recipe;

/// True when the target needs a GPU.
fn needs_gpu(recipe: &Recipe) -> bool {
    matches!(
        recipe.target.name.as_str(),
        "tensorrt" | "tensorrt-rtx" | "onnxruntime-cuda"
    )
}

/// The line that runs a recipe in a container image that has the program as its entry point; the current folder is mounted,
/// so the recipe and its model must lie in it.
pub fn docker_line(recipe: &Recipe, recipe_path: &str, image: &str) -> String {
    let gpus = if needs_gpu(recipe) { "--gpus all " } else { "" };
    format!(
        "docker run --rm {gpus}-v \"$PWD\":/work -w /work {} run {}",
        shell(image),
        shell(recipe_path)
    )
}

/// A Dockerfile that builds such an image from the program's source tree, with the recipe's target installed in it.
pub fn dockerfile(recipe: &Recipe) -> String {
    let base = if needs_gpu(recipe) {
        "nvidia/cuda:12.8.1-runtime-ubuntu24.04"
    } else {
        "debian:trixie-slim"
    };
    let mut out = format!(
        "FROM rust:1.95-bookworm AS build\nWORKDIR /src\nCOPY . .\nRUN cargo build --release --locked --bin enginesmith\n\n\
         FROM {base}\n"
    );
    if recipe.target.name != "embedded" {
        // The libraries come as Python wheels; pip is all that is needed of Python.
        out.push_str(
            "RUN apt-get update \\\n && apt-get install -y --no-install-recommends python3 python3-pip python3-venv \\\n \
             && rm -rf /var/lib/apt/lists/*\n",
        );
    }
    out.push_str("COPY --from=build /src/target/release/enginesmith /usr/local/bin/enginesmith\n");
    if recipe.target.name != "embedded" {
        let version = recipe
            .target
            .version
            .as_deref()
            .map_or(String::new(), |v| format!("@{v}"));
        let target = shell(&format!("{}{version}", recipe.target.name));
        out.push_str(&format!("RUN enginesmith targets install {target}\n"));
    }
    out.push_str("WORKDIR /work\nENTRYPOINT [\"enginesmith\"]\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_gpu_is_asked_for_where_it_is_needed() {
        let mut recipe = Recipe::for_model(Path::new("m.onnx"));
        let line = docker_line(&recipe, "my recipe.toml", "enginesmith:latest");
        assert_eq!(
            line,
            "docker run --rm -v \"$PWD\":/work -w /work enginesmith:latest run 'my recipe.toml'"
        );
        assert!(!dockerfile(&recipe).contains("targets install"));
        recipe.target.name = "tensorrt".into();
        recipe.target.version = Some("10.16".into());
        assert!(docker_line(&recipe, "r.toml", "x").contains("--gpus all"));
        let file = dockerfile(&recipe);
        assert!(
            file.contains("RUN enginesmith targets install tensorrt@10.16\n"),
            "{file}"
        );
        // Every line is an instruction, a continuation or empty.
        let mut continued = false;
        for line in file.lines() {
            let known = ["FROM ", "RUN ", "COPY ", "WORKDIR ", "ENTRYPOINT "]
                .iter()
                .any(|i| line.starts_with(i));
            assert!(continued || known || line.is_empty(), "{line}");
            continued = line.ends_with('\\');
        }
        assert!(!continued);
    }
}
