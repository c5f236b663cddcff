//! Rounding weights so that the errors of what is summed together cancel.
//!
//! Rounded to nearest, each weight is right by itself, but the errors of the many weights that one output sums up add to a
//! shift of it wherever the inputs have a mean other than zero, as behind a ReLU. SQuant (C. Guo et al., *SQuant: On-the-Fly
//! Data-Free Quantization via Diagonal Hessian Approximation*, ICLR 2022) rounds a few of them the other way, those that lie
//! nearest to the middle of two codes, until the sum of the errors of each kernel, then of each output channel, is within
//! half a code. It needs no data.

/// Sums of errors this near to none, in codes, stay: half a code, and what rounding of the sum itself may add.
const WITHIN: f64 = 0.501;

/// Moves codes of one output channel by one, where that makes the errors cancel; `values` are in units of a code, `kernel` of
/// them in a row belong to one kernel (1: none do). No code ends up a whole code or more away from its value, and none beyond
/// `largest`.
pub(super) fn balance(values: &[f32], codes: &mut [i8], kernel: usize, largest: i8) {
    let mut order = Vec::new();
    if kernel > 1 && kernel < values.len() {
        for (values, codes) in values.chunks(kernel).zip(codes.chunks_mut(kernel)) {
            turn(values, codes, largest, &mut order);
        }
    }
    turn(values, codes, largest, &mut order);
}

fn error(code: i8, value: f32) -> f32 {
    f32::from(code) - value
}

/// Brings the sum of the errors to within half a code. `order` is room to work in.
fn turn(values: &[f32], codes: &mut [i8], largest: i8, order: &mut Vec<(f32, usize)>) {
    let pairs = codes.iter().zip(values);
    let sum: f64 = pairs.map(|(code, value)| f64::from(error(*code, *value))).sum();
    let count = (sum.abs() - WITHIN).ceil().max(0.0) as usize;
    if count == 0 {
        return;
    }
    let (sign, step) = if sum > 0.0 { (1.0, -1) } else { (-1.0, 1) };
    order.clear();
    for (at, (code, value)) in codes.iter().zip(values).enumerate() {
        let off = sign * error(*code, *value);
        // What is exact stays so; zeros above all.
        if off > 0.0 && (i16::from(*code) + i16::from(step)).abs() <= i16::from(largest) {
            order.push((off, at));
        }
    }
    if count < order.len() {
        order.select_nth_unstable_by(count - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    for (_, at) in order.iter().take(count) {
        codes[*at] += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nearest(values: &[f32]) -> Vec<i8> {
        values.iter().map(|v| v.round_ties_even() as i8).collect()
    }

    #[test]
    fn what_lies_nearest_to_the_middle_is_turned() {
        let values = [0.4, 0.3, 0.45, 0.0];
        let mut codes = nearest(&values);
        balance(&values, &mut codes, 1, 127);
        assert_eq!(codes, [0, 0, 1, 0]);
        // A sum within half a code is left alone.
        let values = [0.2, 0.1, 5.1];
        let mut codes = nearest(&values);
        balance(&values, &mut codes, 1, 127);
        assert_eq!(codes, [0, 0, 5]);
    }

    #[test]
    fn kernels_come_before_the_channel() {
        // Each kernel's sum is 0.9 below: each gets one; then the channel's is 0.2 above, within half a code.
        let values = [0.45, 0.45, 0.0, 0.45, 0.45, 0.0];
        let mut codes = nearest(&values);
        balance(&values, &mut codes, 3, 127);
        assert_eq!((codes[..3].iter().sum::<i8>(), codes[3..].iter().sum::<i8>()), (1, 1));
        // Nothing passes the largest code.
        for sign in [1.0, -1.0] {
            let values = [127.45, 0.3, 0.4, 0.45].map(|v| sign * v);
            let mut codes = nearest(&values);
            balance(&values, &mut codes, 1, 127);
            assert_eq!(codes, [127.0, 0.0, 1.0, 1.0].map(|c| (sign * c) as i8));
        }
    }

    proptest! {
        #[test]
        fn sums_are_right_and_no_value_is_off_by_a_code(
            values in prop::collection::vec(-120f32..120.0, 1..80),
            kernel in 1usize..10,
        ) {
            let mut codes = nearest(&values);
            balance(&values, &mut codes, kernel, 127);
            let errors: Vec<f32> = codes.iter().zip(&values).map(|(c, v)| error(*c, *v)).collect();
            prop_assert!(errors.iter().all(|e| e.abs() < 1.0), "{errors:?}");
            prop_assert!(errors.iter().sum::<f32>().abs() < 0.502, "{errors:?}");
        }
    }
}
