//! Adjacency lists in two flat arrays: one allocation for any number of vertices.

/// For each key `0..count` the list of its items, in the order they were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Csr {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Csr {
    /// Groups `(key, item)` pairs by key. Every key must be below `count`.
    pub(super) fn group(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; count + 1];
        for (key, _) in pairs.clone() {
            starts[key as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[count] as usize];
        for (key, item) in pairs {
            let slot = &mut next[key as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Self { starts, items }
    }

    /// The items of `key`.
    pub(super) fn of(&self, key: u32) -> &[u32] {
        &self.items[self.starts[key as usize] as usize..self.starts[key as usize + 1] as usize]
    }

    /// How many items `key` has.
    pub(super) fn degree(&self, key: u32) -> usize {
        self.of(key).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_given_order() {
        let csr = Csr::group(4, [(2, 7), (0, 1), (2, 3)].into_iter());
        assert_eq!(csr.of(0), [1]);
        assert!(csr.of(1).is_empty());
        assert_eq!(csr.of(2), [7, 3]);
        assert_eq!(csr.degree(3), 0);
    }
}
