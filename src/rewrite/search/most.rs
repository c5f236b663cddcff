//! Which layers to keep so that a limit holds and the most work stays lowered.

use super::TrialKind;
use std::collections::BTreeSet;

/// A layer that may be kept.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Choice {
    /// What is lost while it is lowered, as [`super::loss`] says; infinite when that is not known.
    pub loss: f64,
    /// Multiply-accumulates that are given up when it is kept; 0 where there is no count.
    pub macs: u64,
}

/// A layer without multiply-accumulates is not free to keep (values are converted around it): beside its own, every layer
/// counts this share of the mean layer's.
const OWN: f64 = 0.1;

/// Looks for the layers to keep, as indices into `layers` (worst first) in order, so that `holds`, which runs a combination,
/// says yes and the most multiply-accumulates stay lowered; of equals the one with fewer layers kept. None when the limit
/// does not hold even with all kept.
///
/// Two orders are followed. The first keeps what loses most per multiply-accumulate given up: its loss over the sum of its
/// multiply-accumulates and a tenth of the mean layer's. The second keeps what loses most. In each the first 0, 1, 2, 4, 8,
/// ... are kept until the limit holds, bisection finds the least number, and then each kept layer is lowered again, from the
/// end of the order, and stays lowered where the limit still holds. The second order stops where it cannot beat the first
/// any more. Errors of layers do not add up, so every step is run: at most 2 (2 log2(k) + k) runs for k kept layers, and half
/// of that where the orders agree (all layers of one size). Where lowering more never mends anything, none of the result can
/// be lowered again; the best of all subsets it need not be.
///
/// # Errors
/// What `holds` says.
pub fn most_lowered<E>(
    layers: &[Choice],
    mut holds: impl FnMut(&[usize], TrialKind) -> Result<bool, E>,
) -> Result<Option<Vec<usize>>, E> {
    if holds(&[], TrialKind::Limit)? {
        return Ok(Some(Vec::new()));
    }
    let by_loss: Vec<usize> = (0..layers.len()).collect();
    let by_work = by_loss_per_work(layers);
    let mut best: Option<BTreeSet<usize>> = None;
    for order in [&by_work, &by_loss] {
        if best.is_some() && by_work == by_loss {
            break;
        }
        let Some(count) = least(order, &mut holds)? else {
            // All kept is the same set in any order.
            return Ok(None);
        };
        let first = order.get(..count).unwrap_or_default();
        let found = give_back(layers, first, best.as_ref(), &mut holds)?;
        if best
            .as_ref()
            .is_none_or(|b| given_up(layers, &found) < given_up(layers, b))
        {
            best = Some(found);
        }
    }
    Ok(best.map(|kept| kept.into_iter().collect()))
}

/// Layers by loss per multiply-accumulate given up, most first; equals as they were.
fn by_loss_per_work(layers: &[Choice]) -> Vec<usize> {
    let sum: f64 = layers.iter().map(|l| l.macs as f64).sum();
    let own = if sum > 0.0 {
        OWN * sum / layers.len() as f64
    } else {
        1.0
    };
    let each: Vec<f64> = layers.iter().map(|l| l.loss / (l.macs as f64 + own)).collect();
    let of = |i: &usize| each.get(*i).copied().unwrap_or(0.0);
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by(|a, b| of(b).total_cmp(&of(a)));
    order
}

/// What keeping these gives up: multiply-accumulates, then layers; less is better.
fn given_up(layers: &[Choice], kept: &BTreeSet<usize>) -> (u64, usize) {
    let macs = kept.iter().filter_map(|i| layers.get(*i)).map(|l| l.macs);
    (macs.fold(0, u64::saturating_add), kept.len())
}

/// The least number of layers to keep, in this order, so that the limit holds. That nothing kept fails is known.
fn least<E>(
    order: &[usize],
    holds: &mut impl FnMut(&[usize], TrialKind) -> Result<bool, E>,
) -> Result<Option<usize>, E> {
    let mut first = |count: usize| {
        let mut kept = order.get(..count).unwrap_or(order).to_vec();
        kept.sort_unstable();
        holds(&kept, TrialKind::Limit)
    };
    let (mut fails, mut enough) = (0, order.len().min(1));
    while !(enough > fails && first(enough)?) {
        if enough == order.len() {
            return Ok(None);
        }
        fails = enough;
        enough = (enough * 2).min(order.len());
    }
    while enough - fails > 1 {
        let middle = fails + (enough - fails) / 2;
        if first(middle)? {
            enough = middle;
        } else {
            fails = middle;
        }
    }
    Ok(Some(enough))
}

/// Lowers kept layers again, from the end of the order, where the limit still holds; gives up where that cannot give up less
/// than `best` any more.
fn give_back<E>(
    layers: &[Choice],
    order: &[usize],
    best: Option<&BTreeSet<usize>>,
    holds: &mut impl FnMut(&[usize], TrialKind) -> Result<bool, E>,
) -> Result<BTreeSet<usize>, E> {
    let mut kept: BTreeSet<usize> = order.iter().copied().collect();
    // Without the last one the limit does not hold: that was run.
    let mut must: BTreeSet<usize> = order.last().copied().into_iter().collect();
    for index in order.iter().rev().skip(1) {
        if best.is_some_and(|best| given_up(layers, best) <= given_up(layers, &must)) {
            break;
        }
        kept.remove(index);
        let rest: Vec<usize> = kept.iter().copied().collect();
        if !holds(&rest, TrialKind::GiveBack)? {
            kept.insert(*index);
            must.insert(*index);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// The rule before: the fewest layers in the order of their loss, the mildest lowered again first, work not looked at.
    fn fewest(n: usize, mut holds: impl FnMut(&[usize], TrialKind) -> Result<bool, ()>) -> Option<BTreeSet<usize>> {
        let order: Vec<usize> = (0..n).collect();
        if holds(&[], TrialKind::Limit).unwrap() {
            return Some(BTreeSet::new());
        }
        let count = least(&order, &mut holds).unwrap()?;
        let mut kept: BTreeSet<usize> = (0..count).collect();
        for index in (0..count.saturating_sub(1)).rev() {
            kept.remove(&index);
            let rest: Vec<usize> = kept.iter().copied().collect();
            if !holds(&rest, TrialKind::GiveBack).unwrap() {
                kept.insert(index);
            }
        }
        Some(kept)
    }

    /// Layers that lose this much, each with that many multiply-accumulates, worst first.
    fn choices(of: &[(u32, u64)]) -> Vec<Choice> {
        let mut of: Vec<Choice> = of
            .iter()
            .map(|(loss, macs)| Choice {
                loss: f64::from(*loss),
                macs: *macs,
            })
            .collect();
        of.sort_by(|a, b| b.loss.total_cmp(&a.loss));
        of
    }

    /// Searches where every lowered layer costs its loss; what is kept, and the number of different combinations run.
    fn search(layers: &[Choice], limit: f64) -> (Option<Vec<usize>>, usize) {
        let mut ran = HashSet::new();
        let found = most_lowered(layers, |kept, _| {
            ran.insert(kept.to_vec());
            Ok::<_, ()>(lost(layers, kept) <= limit)
        });
        (found.unwrap(), ran.len())
    }

    fn lost(layers: &[Choice], kept: &[usize]) -> f64 {
        let lowered = layers.iter().enumerate().filter(|(i, _)| !kept.contains(i));
        lowered.map(|(_, l)| l.loss).sum()
    }

    #[test]
    fn layers_of_one_size_are_the_fewest() {
        let search = |losses: &[u32], limit: f64| {
            let layers: Vec<Choice> = losses
                .iter()
                .map(|loss| Choice {
                    loss: f64::from(*loss),
                    macs: 7,
                })
                .collect();
            super::tests::search(&layers, limit).0
        };
        assert_eq!(search(&[9, 3, 1], 13.0), Some(vec![]));
        assert_eq!(search(&[9, 3, 1], 4.0), Some(vec![0]));
        assert_eq!(search(&[9, 3, 1], 1.0), Some(vec![0, 1]));
        assert_eq!(search(&[9, 3, 1], 0.0), Some(vec![0, 1, 2]));
        assert_eq!(search(&[], 0.0), Some(vec![]));
    }

    #[test]
    fn a_layer_ranked_wrongly_is_found_and_what_was_kept_before_it_is_given_back() {
        // The ranking says nothing of the culprit, the sixth.
        let layers = choices(&[(1, 5); 7]);
        let found = most_lowered(&layers, |kept, _| Ok::<_, ()>(kept.contains(&5)));
        assert_eq!(found, Ok(Some(vec![5])));
    }

    #[test]
    fn small_layers_are_kept_rather_than_a_large_one() {
        // Either the large layer is kept or the two small ones.
        let layers = choices(&[(10, 1000), (6, 10), (5, 10)]);
        assert_eq!(search(&layers, 10.0).0, Some(vec![1, 2]));
        let old = fewest(3, |kept, _| Ok(lost(&layers, kept) <= 10.0)).unwrap();
        assert_eq!(old, BTreeSet::from([0, 1]), "as it was: the largest loss first");
        // What has no multiply-accumulates is still not kept for nothing.
        let layers = choices(&[(10, 1000), (1, 0), (1, 0), (1, 0)]);
        assert_eq!(search(&layers, 3.0).0, Some(vec![0]));
    }

    #[test]
    fn a_limit_that_never_holds_ends() {
        for n in 0..9 {
            let mut most = 0;
            let layers = choices(&vec![(1, 1); n]);
            let found = most_lowered(&layers, |kept, _| {
                most = most.max(kept.len());
                Ok::<_, ()>(false)
            });
            assert_eq!((found, most), (Ok(None), n), "all kept was tried");
        }
        let layers = choices(&[(1, 1); 4]);
        let found = most_lowered(&layers, |kept, _| if kept.is_empty() { Ok(false) } else { Err("lost") });
        assert_eq!(found, Err("lost"));
    }

    #[test]
    fn few_of_many_take_few_runs() {
        let mut layers = vec![(1, 1); 500];
        layers[..3].fill((1000, 1));
        let (found, runs) = search(&choices(&layers), 600.0);
        assert_eq!(found.unwrap(), [0, 1, 2]);
        assert!(runs <= 8, "{runs}");
    }

    proptest! {
        #[test]
        fn the_result_holds_nothing_of_it_can_go_and_no_less_is_lowered_than_before(
            layers in proptest::collection::vec((0u32..50, 0u64..1000), 0..20),
            limit in 0u32..200,
        ) {
            let layers = choices(&layers);
            let (found, runs) = search(&layers, f64::from(limit));
            // With all kept nothing is lost.
            let kept = found.unwrap();
            let lost_now = lost(&layers, &kept);
            prop_assert!(lost_now <= f64::from(limit));
            prop_assert!(kept.is_sorted());
            for index in &kept {
                prop_assert!(lost_now + layers[*index].loss > f64::from(limit), "{kept:?}");
            }
            prop_assert!(runs <= 2 * (layers.len() + 2 * 6 + 2));
            let old = fewest(layers.len(), |kept, _| Ok(lost(&layers, kept) <= f64::from(limit))).unwrap();
            let now: BTreeSet<usize> = kept.into_iter().collect();
            prop_assert!(given_up(&layers, &now) <= given_up(&layers, &old), "{now:?} {old:?}");
        }

        #[test]
        fn nor_where_losses_of_layers_strengthen_and_cancel_each_other(
            layers in proptest::collection::vec((0u32..50, 0u64..1000), 1..12),
            pairs in proptest::collection::vec((0usize..12, 0usize..12, -40i32..80), 0..12),
            limit in 0u32..200,
        ) {
            let layers = choices(&layers);
            // With all kept nothing is lost, as in a model: every pair is of layers that there are.
            let at = |i: &usize| i % layers.len();
            let holds = |kept: &[usize]| {
                let both = |(a, b, _): &&(usize, usize, i32)| !kept.contains(&at(a)) && !kept.contains(&at(b));
                let more: i32 = pairs.iter().filter(both).map(|p| p.2).sum();
                lost(&layers, kept) + f64::from(more) <= f64::from(limit)
            };
            let now = most_lowered(&layers, |kept, _| Ok::<_, ()>(holds(kept))).unwrap();
            let old = fewest(layers.len(), |kept, _| Ok(holds(kept)));
            prop_assert_eq!(now.is_some(), old.is_some());
            if let (Some(now), Some(old)) = (now, old) {
                prop_assert!(holds(&now));
                let now: BTreeSet<usize> = now.into_iter().collect();
                prop_assert!(given_up(&layers, &now) <= given_up(&layers, &old), "{:?} {:?}", now, old);
            }
        }
    }
}
