//! The fewest layers to keep so that a limit holds.

use super::TrialKind;
use std::collections::BTreeSet;

/// Looks for the fewest of `n` layers to keep, given as ranks: 0 is the worst layer. `holds` runs a combination and says
/// whether the limit holds in it.
///
/// The worst 0, 1, 2, 4, 8, ... are kept until the limit holds, then bisection finds the least number; then each kept layer
/// is lowered again, the mildest first, and stays lowered where the limit still holds. Errors of layers do not add up, so
/// every step is run. About 2 log2(k) + k runs for k kept layers. Where lowering more never mends anything, none of the
/// result can be lowered again; the least number of all subsets it need not be.
///
/// Returns the ranks kept, in order, or none when the limit does not hold even with all kept.
///
/// # Errors
/// What `holds` says.
pub fn fewest<E>(
    n: usize,
    mut holds: impl FnMut(&[usize], TrialKind) -> Result<bool, E>,
) -> Result<Option<Vec<usize>>, E> {
    let worst = |count: usize| (0..count).collect::<Vec<_>>();
    if holds(&[], TrialKind::Limit)? {
        return Ok(Some(Vec::new()));
    }
    let (mut fails, mut enough) = (0, n.min(1));
    while !(enough > fails && holds(&worst(enough), TrialKind::Limit)?) {
        if enough == n {
            return Ok(None);
        }
        fails = enough;
        enough = (enough * 2).min(n);
    }
    while enough - fails > 1 {
        let middle = fails + (enough - fails) / 2;
        if holds(&worst(middle), TrialKind::Limit)? {
            enough = middle;
        } else {
            fails = middle;
        }
    }
    let mut kept: BTreeSet<usize> = (0..enough).collect();
    // Without the last one the limit does not hold: that was run.
    for rank in (0..enough.saturating_sub(1)).rev() {
        kept.remove(&rank);
        let rest: Vec<usize> = kept.iter().copied().collect();
        if !holds(&rest, TrialKind::GiveBack)? {
            kept.insert(rank);
        }
    }
    Ok(Some(kept.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs the search where every lowered layer costs its weight; the ranks kept and the number of runs.
    fn search(weights: &[u32], limit: u32) -> (Option<Vec<usize>>, usize) {
        let mut runs = 0;
        let found = fewest(weights.len(), |kept, _| {
            runs += 1;
            let lost = weights.iter().enumerate().filter(|(i, _)| !kept.contains(i));
            Ok::<_, ()>(lost.map(|(_, w)| w).sum::<u32>() <= limit)
        });
        (found.unwrap(), runs)
    }

    #[test]
    fn examples() {
        assert_eq!(search(&[9, 3, 1], 13).0, Some(vec![]));
        assert_eq!(search(&[9, 3, 1], 4).0, Some(vec![0]));
        assert_eq!(search(&[9, 3, 1], 1).0, Some(vec![0, 1]));
        assert_eq!(search(&[9, 3, 1], 0).0, Some(vec![0, 1, 2]));
        // Ranked wrongly: the culprit is found, and what was kept before it is given back.
        assert_eq!(search(&[1, 1, 1, 1, 1, 9, 1], 6).0, Some(vec![5]));
        assert_eq!(search(&[], 0).0, Some(vec![]));
    }

    #[test]
    fn a_limit_that_never_holds_ends() {
        for n in 0..9 {
            let mut most = 0;
            let found = fewest(n, |kept, _| {
                most = most.max(kept.len());
                Ok::<_, ()>(false)
            });
            assert_eq!((found, most), (Ok(None), n), "all kept was tried");
        }
        assert_eq!(
            fewest(4, |kept, _| if kept.is_empty() { Ok(false) } else { Err("lost") }),
            Err("lost")
        );
    }

    #[test]
    fn few_of_many_take_few_runs() {
        let mut weights = vec![1; 500];
        weights[..3].fill(1000);
        let (found, runs) = search(&weights, 600);
        assert_eq!(found.unwrap(), [0, 1, 2]);
        assert!(runs <= 8, "{runs}");
    }

    proptest! {
        #[test]
        fn the_result_holds_and_nothing_of_it_can_go(
            weights in proptest::collection::vec(0u32..50, 0..20),
            limit in 0u32..200,
        ) {
            let (found, runs) = search(&weights, limit);
            // With all kept nothing is lost.
            let kept = found.unwrap();
            let lost: u32 = weights.iter().enumerate().filter(|(i, _)| !kept.contains(i)).map(|(_, w)| w).sum();
            prop_assert!(lost <= limit);
            prop_assert!(kept.is_sorted());
            for rank in &kept {
                prop_assert!(lost + weights[*rank] > limit, "{kept:?}");
            }
            prop_assert!(runs <= weights.len() + 2 * 6 + 2);
        }
    }
}
