//! Points that no other point beats.

/// For every point (cost, error), less being better in both: true when no other point is at least as good in both and better
/// in one. Points that are not finite are never among them.
pub fn pareto(points: &[(f64, f64)]) -> Vec<bool> {
    let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
    let beats = |a: &(f64, f64), b: &(f64, f64)| finite(a) && a.0 <= b.0 && a.1 <= b.1 && (a.0 < b.0 || a.1 < b.1);
    points
        .iter()
        .map(|p| finite(p) && !points.iter().any(|other| beats(other, p)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::pareto;
    use crate::data::random::Random;

    #[test]
    fn what_is_beaten_is_out_and_equals_stay() {
        let points = [
            (1.0, 5.0),
            (2.0, 3.0),
            (2.0, 3.0),
            (2.0, 4.0),
            (3.0, 3.0),
            (4.0, 1.0),
            (0.0, f64::NAN),
        ];
        assert_eq!(pareto(&points), [true, true, true, false, false, true, false]);
        assert_eq!(pareto(&[]), Vec::<bool>::new());
    }

    #[test]
    fn every_point_is_beaten_by_one_that_is_not() {
        let mut random = Random::new(7);
        for _ in 0..200 {
            let points: Vec<(f64, f64)> = (0..random.below(20))
                .map(|_| (random.below(6) as f64, random.below(6) as f64))
                .collect();
            let best = pareto(&points);
            for (p, is_best) in points.iter().zip(&best) {
                let mut fronts = points.iter().zip(&best).filter(|(_, b)| **b).map(|(q, _)| q);
                assert!(fronts.any(|q| q.0 <= p.0 && q.1 <= p.1));
                let beaten = points.iter().any(|q| q != p && q.0 <= p.0 && q.1 <= p.1);
                assert_eq!(*is_best, !beaten);
            }
        }
    }
}
