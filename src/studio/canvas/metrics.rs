//! Sizes of boxes at zoom 1, on the 8-point grid. They depend on the operator and on how many lines a box has rather
//! than on names, so that identical blocks have identical layouts.

use super::NodeKind;

/// Average width of a character of a title and of a monospaced line, in points.
const TITLE: f32 = 7.5;
const MONO: f32 = 6.75;

/// Width and height of the box of an operator, input or output.
pub fn node_size(kind: NodeKind, title: &str, name: &str, detail: &str) -> (f32, f32) {
    let wanted = |text: &str, character: f32| text.chars().take(64).count() as f32 * character;
    let lines = [name, detail].iter().filter(|l| !l.is_empty()).count() as f32;
    match kind {
        NodeKind::Operator => {
            let content = wanted(title, TITLE).max(wanted(detail, MONO));
            let body = if lines > 0.0 { 8.0 + 16.0 * lines } else { 0.0 };
            (on_grid(content + 16.0).clamp(144.0, 240.0), 24.0 + body)
        }
        NodeKind::Input | NodeKind::Output => {
            let content = wanted(title, TITLE).max(wanted(detail, MONO));
            (
                on_grid(content + 32.0).clamp(96.0, 224.0),
                if detail.is_empty() { 32.0 } else { 40.0 },
            )
        }
        NodeKind::Scope { .. } => scope_size(title),
    }
}

/// Width and height of the box of a collapsed scope.
pub fn scope_size(title: &str) -> (f32, f32) {
    let content = title.chars().take(64).count() as f32 * TITLE;
    (on_grid(content + 48.0).clamp(160.0, 256.0), 48.0)
}

fn on_grid(width: f32) -> f32 {
    (width / 16.0).ceil() * 16.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_on_the_grid_and_bounded() {
        for title in ["Add", "GlobalAveragePool", &"x".repeat(10_000)] {
            let (width, height) = node_size(NodeKind::Operator, title, "name", "f32 1x64x56x56");
            assert_eq!((width % 8.0, height % 8.0), (0.0, 0.0));
            assert!(width <= 240.0);
        }
    }

    #[test]
    fn the_name_does_not_change_the_size() {
        let size = |name| node_size(NodeKind::Operator, "MatMul", name, "");
        assert_eq!(size("/layers.9/attn/MatMul"), size("/layers.10/attn/MatMul_1"));
    }
}
