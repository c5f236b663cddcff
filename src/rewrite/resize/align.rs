//! Which number of a reshape's target stands for a size of its input.

/// The place in the target that holds the size on `axis` of the input, by the order of elements in memory: what comes before
/// the size must stay before it, and what comes behind it behind. The place may hold more than that size (a batch merged with
/// heads). `None` where no place does, or two could (a size of 1 between two others).
pub(super) fn aligned(input: &[u64], axis: usize, target: &[u64]) -> Option<usize> {
    let size = *input.get(axis)?;
    let product = |dims: &[u64]| dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let before = product(input.get(..axis)?)?;
    let until = before.checked_mul(size)?;
    if product(input)? != product(target)? || product(input)? == 0 {
        return None;
    }
    let mut at = 1u64;
    let mut whole = Vec::new();
    let mut part = Vec::new();
    for (place, dim) in target.iter().enumerate() {
        let end = at.checked_mul(*dim)?;
        if at == before && end == until {
            whole.push(place);
        } else if at <= before && until <= end && before.is_multiple_of(at) && end.is_multiple_of(until) {
            part.push(place);
        }
        at = end;
    }
    match (whole.as_slice(), part.as_slice()) {
        ([one], _) => Some(*one),
        // Of several sizes of 1 side by side, the one on the same axis is meant.
        (several @ [_, _, ..], _) => several.iter().copied().find(|p| *p == axis),
        ([], [one]) => Some(*one),
        // Nothing is in front of the first axis, so that a size of 1 there belongs to what comes first.
        ([], [first, ..]) if before == 1 && *first == 0 => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn the_place_follows_the_order_of_elements() {
        // A batch kept, flattened behind, merged with heads, of one.
        assert_eq!(aligned(&[4, 64, 3, 3], 0, &[4, 576]), Some(0));
        assert_eq!(aligned(&[4, 12, 64], 0, &[48, 64]), Some(0));
        assert_eq!(
            aligned(&[48, 7, 64], 0, &[4, 12, 7, 64]),
            None,
            "a part of a merged size is not that size"
        );
        assert_eq!(aligned(&[1, 64, 3, 3], 0, &[1, 576]), Some(0));
        assert_eq!(aligned(&[1, 12, 7, 64], 0, &[12, 7, 64]), Some(0));
        // A batch in the middle, as recurrent layers have it.
        assert_eq!(aligned(&[7, 4, 32], 1, &[7, 4, 2, 16]), Some(1));
        assert_eq!(aligned(&[7, 4, 32], 1, &[28, 32]), Some(0));
        // A size of 1 between two others may belong to either.
        assert_eq!(aligned(&[7, 1, 32], 1, &[7, 32]), None);
        assert_eq!(aligned(&[1, 1, 576], 1, &[1, 1, 24, 24]), Some(1));
        assert_eq!(aligned(&[4, 6], 0, &[5, 5]), None);
    }
}
