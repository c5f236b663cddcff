//! Step 2: gives every node a rank, its layer from top to bottom.
//!
//! Longest path from the sources, then tightening: a node that has slack and would shorten more edges than it lengthens
//! moves down to its first consumer. Without it, all graph inputs and constants sit in the first layer and drag
//! lines through the whole picture.

use super::{Cancel, Cancelled, Role, csr::Csr, cycles::Wire};

/// Ranks of all nodes such that every wire leads to a higher rank. In-ports have rank 0 for themselves, out-ports the
/// highest one.
pub(super) fn assign(roles: &[Role], wires: &[Wire], cancel: Cancel) -> Result<Vec<i32>, Cancelled> {
    let down = Csr::group(roles.len(), wires.iter().map(|w| (w.upper, w.lower)));
    let up = Csr::group(roles.len(), wires.iter().map(|w| (w.lower, w.upper)));
    let order = topological_order(roles.len(), &down, &up);
    cancel.check()?;
    let mut rank = longest_path(roles, &order, &down);
    cancel.check()?;
    tighten(roles, &order, &down, &up, &mut rank);
    pin_out_ports(roles, &mut rank);
    Ok(rank)
}

/// Kahn's order: every node after all its producers.
fn topological_order(count: usize, down: &Csr, up: &Csr) -> Vec<u32> {
    let mut missing: Vec<u32> = (0..count as u32).map(|v| up.degree(v) as u32).collect();
    let mut order: Vec<u32> = (0..count as u32).filter(|&v| missing[v as usize] == 0).collect();
    let mut done = 0;
    while let Some(&vertex) = order.get(done) {
        done += 1;
        for &next in down.of(vertex) {
            missing[next as usize] -= 1;
            if missing[next as usize] == 0 {
                order.push(next);
            }
        }
    }
    order
}

fn longest_path(roles: &[Role], order: &[u32], down: &Csr) -> Vec<i32> {
    let first = i32::from(roles.contains(&Role::InPort));
    let mut rank: Vec<i32> = roles
        .iter()
        .map(|&r| if r == Role::InPort { 0 } else { first })
        .collect();
    for &vertex in order {
        let below = rank[vertex as usize] + 1;
        for &next in down.of(vertex) {
            rank[next as usize] = rank[next as usize].max(below);
        }
    }
    rank
}

/// Moves sources, and nodes with one producer and several consumers, down to just above their first consumer. Twice,
/// because a node that moved can free its producer.
fn tighten(roles: &[Role], order: &[u32], down: &Csr, up: &Csr, rank: &mut [i32]) {
    for _ in 0..2 {
        for &vertex in order.iter().rev() {
            if roles[vertex as usize] != Role::Node {
                continue;
            }
            let Some(first_consumer) = down.of(vertex).iter().map(|&v| rank[v as usize]).min() else {
                continue;
            };
            let gains = match up.degree(vertex) {
                0 => true,
                1 => down.degree(vertex) > 1,
                _ => false,
            };
            if gains {
                rank[vertex as usize] = rank[vertex as usize].max(first_consumer - 1);
            }
        }
    }
}

fn pin_out_ports(roles: &[Role], rank: &mut [i32]) {
    let nodes = roles
        .iter()
        .zip(rank.iter())
        .filter(|(r, _)| **r != Role::OutPort)
        .map(|(_, &k)| k)
        .max();
    let last = nodes.unwrap_or(-1) + 1;
    for (role, rank) in roles.iter().zip(rank) {
        if *role == Role::OutPort {
            *rank = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{never, wire};
    use super::*;

    fn ranks(roles: &[Role], wires: &[Wire]) -> Vec<i32> {
        assign(roles, wires, never()).unwrap()
    }

    #[test]
    fn a_diamond_has_three_ranks() {
        let wires = [wire(0, 1), wire(0, 2), wire(1, 3), wire(2, 3)];
        assert_eq!(ranks(&[Role::Node; 4], &wires), [0, 1, 1, 2]);
    }

    #[test]
    fn a_late_source_moves_down_to_its_consumer() {
        // 0 -> 1 -> 2 -> 3, and 4 -> 3
        let wires = [wire(0, 1), wire(1, 2), wire(2, 3), wire(4, 3)];
        assert_eq!(ranks(&[Role::Node; 5], &wires), [0, 1, 2, 3, 2]);
    }

    #[test]
    fn ports_are_first_and_last() {
        // in-port 0 -> 1 -> 2 -> out-port 3; in-port 4 -> 2; node 5 is alone; node 1 -> out-port 6
        let roles = [
            Role::InPort,
            Role::Node,
            Role::Node,
            Role::OutPort,
            Role::InPort,
            Role::Node,
            Role::OutPort,
        ];
        let wires = [wire(0, 1), wire(1, 2), wire(2, 3), wire(4, 2), wire(1, 6)];
        assert_eq!(ranks(&roles, &wires), [0, 1, 2, 3, 0, 1, 3]);
    }

    #[test]
    fn every_wire_leads_down() {
        let graph = super::super::generate::transformer(500);
        let wires: Vec<Wire> = graph.edges.iter().map(|e| wire(e.source, e.target)).collect();
        let rank = ranks(&vec![Role::Node; graph.nodes.len()], &wires);
        assert!(wires.iter().all(|w| rank[w.upper as usize] < rank[w.lower as usize]));
    }
}
