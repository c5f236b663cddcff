//! Ordering layers by what they lose.

use super::{Errors, Measured, Way};

/// Indices of the layers, worst first. `lowered` is the error with all of them lowered, needed when one was kept at a time.
///
/// One lowered: by the largest relative L2 error of an output. One kept: by how much smaller that error becomes. What could
/// not be measured comes first, as nothing is known in its favour; equals keep the graph's order.
pub fn rank(layers: &[Measured], way: Way, lowered: Option<&Errors>) -> Vec<usize> {
    let weight = |measured| weight(measured, way, lowered);
    let mut order: Vec<(usize, (u8, f64))> = layers.iter().map(weight).enumerate().collect();
    order.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    order.into_iter().map(|(i, _)| i).collect()
}

/// What a layer loses as one number, at least 0 and the larger the worse: infinite where nothing is known in its favour, or
/// where it alone leaves numbers that are not finite. `lowered` as [`rank`] takes it.
pub fn loss(measured: &Measured, way: Way, lowered: Option<&Errors>) -> f64 {
    match weight(measured, way, lowered) {
        (0, loss) => loss.max(0.0),
        _ => f64::INFINITY,
    }
}

/// First whether there is a figure at all, then the figure.
fn weight(measured: &Measured, way: Way, lowered: Option<&Errors>) -> (u8, f64) {
    let Some(errors) = &measured.errors else {
        return (2, 0.0);
    };
    let error = errors.relative_l2();
    match (way, lowered.map(Errors::relative_l2)) {
        (Way::OneLowered, _) if error.is_infinite() => (2, 0.0),
        (Way::OneLowered, _) => (0, error),
        // Where all lowered leave no numbers, a layer that mends it is worth most, one that does not nothing.
        (Way::OneKept, Some(all)) if all.is_infinite() && error.is_finite() => (1, -error),
        (Way::OneKept, Some(all)) if all.is_finite() => (0, all - error),
        (Way::OneKept, _) => (0, -error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layer, OutputError};
    use super::*;

    fn errors(relative_l2: f64, nan: u64) -> Errors {
        Errors {
            samples: 1,
            outputs: vec![OutputError {
                relative_l2: Some(relative_l2),
                nan,
                ..OutputError::default()
            }],
            top1: None,
        }
    }

    fn measured(errors: Option<Errors>) -> Measured {
        Measured {
            layer: Layer::default(),
            failure: errors.is_none().then(|| "no".to_owned()),
            errors,
        }
    }

    #[test]
    fn the_largest_error_of_its_own_comes_first() {
        let layers = [0.1, 0.3, 0.1, 0.0].map(|e| measured(Some(errors(e, 0))));
        assert_eq!(rank(&layers, Way::OneLowered, None), [1, 0, 2, 3]);
        let mut layers = layers.to_vec();
        layers.push(measured(Some(errors(0.01, 3))));
        layers.push(measured(None));
        assert_eq!(rank(&layers, Way::OneLowered, None), [4, 5, 1, 0, 2, 3]);
        let losses: Vec<f64> = layers.iter().map(|m| loss(m, Way::OneLowered, None)).collect();
        assert_eq!(losses, [0.1, 0.3, 0.1, 0.0, f64::INFINITY, f64::INFINITY]);
    }

    #[test]
    fn what_wins_most_back_comes_first() {
        let layers = [0.5, 0.2, 0.6].map(|e| measured(Some(errors(e, 0))));
        assert_eq!(rank(&layers, Way::OneKept, Some(&errors(0.5, 0))), [1, 0, 2]);
        let layers = [errors(0.5, 1), errors(0.2, 0), errors(0.1, 4), errors(0.1, 0)].map(|e| measured(Some(e)));
        let order = rank(&layers, Way::OneKept, Some(&errors(0.5, 9)));
        assert_eq!(order[..2], [3, 1]);
        let all = errors(0.5, 0);
        let won = [0.2, 0.6].map(|e| loss(&measured(Some(errors(e, 0))), Way::OneKept, Some(&all)));
        assert_eq!(won, [0.5 - 0.2, 0.0], "what is worse when it is kept loses nothing");
    }
}
