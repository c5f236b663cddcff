//! Step 3: ends long lines in small labelled stubs instead of drawing them.
//!
//! Three kinds of line become a stub pair (one below the producer, one above each consumer concerned):
//! - a tensor with many consumers that are far away (masks, rotary tables: shared by every block of a transformer);
//! - lines beyond what may run beside each other or be drawn at all, shortest kept first (very many long skips);
//! - lines that would run against the flow between frames, whose ports are at the wrong side for that.

use super::{Cancel, Cancelled, LayoutOptions, cycles::Wire};
use std::collections::HashMap;

/// Which end of a tensor a stub stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StubEnd {
    /// Below the producer: the tensor leaves here.
    Producer,
    /// Above a consumer: the tensor comes in here.
    Consumer,
}

/// A stub before it has a place. Its vertex follows the nodes: number of nodes + index.
#[derive(Debug, Clone, Copy)]
pub(super) struct StubVertex {
    pub tensor: u32,
    /// The node it hangs on.
    pub node: u32,
    pub end: StubEnd,
    pub rank: i32,
}

/// The wires that remain, with those from and to stubs, and the stubs.
#[derive(Debug, Default)]
pub(super) struct Stubbed {
    pub wires: Vec<Wire>,
    pub stubs: Vec<StubVertex>,
}

/// Replaces the wires that should not be drawn in full. `keep_reversed(edge)` says whether a reversed edge may be drawn.
pub(super) fn replace_long_wires(
    node_count: usize,
    wires: Vec<Wire>,
    rank: &[i32],
    options: &LayoutOptions,
    keep_reversed: impl Fn(u32) -> bool,
    cancel: Cancel,
) -> Result<Stubbed, Cancelled> {
    let span = |w: &Wire| rank[w.lower as usize] - rank[w.upper as usize];
    let mut cut: Vec<bool> = wires.iter().map(|w| w.reversed && !keep_reversed(w.edge)).collect();
    cut_shared(&wires, &span, options, &mut cut);
    cancel.check()?;
    cut_crowded(&wires, rank, &span, node_count, options, &mut cut);
    cancel.check()?;
    Ok(build(node_count, wires, rank, &cut))
}

/// Tensors with fan-out of at least `stub_fan_out`: their wires longer than `stub_span` ranks.
fn cut_shared(wires: &[Wire], span: &impl Fn(&Wire) -> i32, options: &LayoutOptions, cut: &mut [bool]) {
    let mut fan_out: HashMap<(u32, u32), usize> = HashMap::new();
    for wire in wires {
        *fan_out.entry((wire.upper, wire.tensor)).or_default() += 1;
    }
    for (wire, cut) in wires.iter().zip(cut) {
        let shared = fan_out
            .get(&(wire.upper, wire.tensor))
            .is_some_and(|&n| n >= options.stub_fan_out);
        *cut |= shared && span(wire) > options.stub_span;
    }
}

/// Wires that pass ranks, shortest first, are kept as long as all together pass no more ranks than the graph can afford
/// (every pass is a bend, so this bounds time and memory) and no rank is passed by more than `long_lines` wires that are
/// longer than `stub_span`.
fn cut_crowded(
    wires: &[Wire],
    rank: &[i32],
    span: &impl Fn(&Wire) -> i32,
    node_count: usize,
    options: &LayoutOptions,
    cut: &mut [bool],
) {
    let mut passing: Vec<usize> = (0..wires.len()).filter(|&i| !cut[i] && span(&wires[i]) > 1).collect();
    passing.sort_by_key(|&i| (span(&wires[i]), wires[i].upper, wires[i].tensor));
    let ranks = rank.iter().max().map_or(0, |&m| m.max(0) as usize + 1);
    let mut long_lines = vec![0usize; ranks];
    let mut bends = 20_000 + 6 * (node_count + wires.len());
    let mut looks = 50_000_000usize;
    // A tensor's wires share a trunk: a longer one only adds what lies below the last one's end.
    let mut trunk_end: HashMap<(u32, u32), usize> = HashMap::new();
    for i in passing {
        let wire = &wires[i];
        let top = rank[wire.upper as usize].max(0) as usize + 1;
        let bottom = rank[wire.lower as usize].max(0) as usize;
        let from = trunk_end
            .get(&(wire.upper, wire.tensor))
            .map_or(top, |&end| end.max(top))
            .min(bottom);
        if bottom - from > bends {
            cut[i] = true;
            continue;
        }
        if span(wire) > options.stub_span {
            let passed = &mut long_lines[from..bottom];
            looks = looks.saturating_sub(passed.len());
            if looks == 0 || passed.iter().any(|&n| n >= options.long_lines) {
                cut[i] = true;
                continue;
            }
            passed.iter_mut().for_each(|n| *n += 1);
        }
        bends -= bottom - from;
        trunk_end.insert((wire.upper, wire.tensor), bottom);
    }
}

fn build(node_count: usize, wires: Vec<Wire>, rank: &[i32], cut: &[bool]) -> Stubbed {
    let mut result = Stubbed {
        wires: Vec::with_capacity(wires.len()),
        stubs: Vec::new(),
    };
    let mut at_producer: HashMap<(u32, u32), ()> = HashMap::new();
    for (wire, &cut) in wires.iter().zip(cut) {
        if !cut {
            result.wires.push(*wire);
            continue;
        }
        let (producer, consumer) = if wire.reversed {
            (wire.lower, wire.upper)
        } else {
            (wire.upper, wire.lower)
        };
        if at_producer.insert((producer, wire.tensor), ()).is_none() {
            let lower = (node_count + result.stubs.len()) as u32;
            let rank = rank[producer as usize] + 1;
            result.stubs.push(StubVertex {
                tensor: wire.tensor,
                node: producer,
                end: StubEnd::Producer,
                rank,
            });
            result.wires.push(Wire {
                upper: producer,
                lower,
                reversed: false,
                ..*wire
            });
        }
        let upper = (node_count + result.stubs.len()) as u32;
        let rank = rank[consumer as usize] - 1;
        result.stubs.push(StubVertex {
            tensor: wire.tensor,
            node: consumer,
            end: StubEnd::Consumer,
            rank,
        });
        result.wires.push(Wire {
            upper,
            lower: consumer,
            reversed: false,
            ..*wire
        });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::testing::{never, wire};
    use super::*;

    fn chain(length: i32) -> Vec<i32> {
        (0..length).collect()
    }

    fn run(rank: &[i32], wires: Vec<Wire>) -> Stubbed {
        replace_long_wires(rank.len(), wires, rank, &LayoutOptions::default(), |_| true, never()).unwrap()
    }

    #[test]
    fn a_shared_far_tensor_ends_in_stubs_and_its_near_consumer_keeps_its_line() {
        let rank = chain(200);
        let wires = vec![wire(0, 2), wire(0, 80), wire(0, 120), wire(0, 160)];
        let result = run(&rank, wires);
        let ends: Vec<StubEnd> = result.stubs.iter().map(|s| s.end).collect();
        assert_eq!(
            ends,
            [
                StubEnd::Producer,
                StubEnd::Consumer,
                StubEnd::Consumer,
                StubEnd::Consumer
            ]
        );
        assert_eq!(result.stubs[1].rank, 79);
        assert!(result.wires.contains(&wire(0, 2)));
        assert!(
            result
                .wires
                .iter()
                .all(|w| (w.upper as usize) < 200 || w.lower == result.stubs[w.upper as usize - 200].node)
        );
    }

    #[test]
    fn fan_out_three_keeps_its_lines() {
        let rank = chain(200);
        assert!(
            run(&rank, vec![wire(0, 80), wire(0, 120), wire(0, 160)])
                .stubs
                .is_empty()
        );
    }

    #[test]
    fn very_many_long_skips_are_limited_at_every_rank() {
        // nested skips i -> 999 - i, like a UNet with 400 levels
        let rank = chain(1000);
        let wires: Vec<Wire> = (0..400).map(|i| wire(i, 999 - i)).collect();
        let result = run(&rank, wires);
        let limit = LayoutOptions::default().long_lines;
        for middle in 0..1000u32 {
            let crossing = result
                .wires
                .iter()
                .filter(|w| w.lower < 1000 && w.upper < middle && middle < w.lower)
                .count();
            assert!(crossing <= limit, "{crossing} lines cross rank {middle}");
        }
        assert_eq!(result.stubs.len(), 2 * (400 - limit));
    }

    #[test]
    fn bends_stay_linear_in_the_size_of_the_graph() {
        // every node also feeds the one 50 ranks further down
        let rank = chain(20_000);
        let near = (0..19_999).map(|i| wire(i, i + 1));
        let far = (0..19_950).map(|i| wire(i, i + 50));
        let wires: Vec<Wire> = near.chain(far).collect();
        let size = rank.len() + wires.len();
        let kept = run(&rank, wires).wires;
        let bends: usize = kept
            .iter()
            .filter(|w| w.upper < 20_000 && w.lower < 20_000)
            .map(|w| (w.lower - w.upper - 1) as usize)
            .sum();
        assert!(bends < 20_000 + 6 * size, "{bends}");
    }

    #[test]
    fn a_unet_of_usual_depth_keeps_its_skips() {
        let rank = chain(1000);
        let wires: Vec<Wire> = (0..16).map(|i| wire(i * 10, 999 - i * 10)).collect();
        assert!(run(&rank, wires).stubs.is_empty());
    }
}
