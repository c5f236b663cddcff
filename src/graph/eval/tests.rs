//! Values against those of the ONNX operator documentation and of NumPy.

use super::*;
use crate::graph::sample::{graph, int, ints, model, node, proto, with};
use crate::model::onnx::AttributeProto;
use proptest::prelude::*;

fn run(node: &NodeProto, inputs: &[Option<&Tensor>], opset: i64) -> Outcome {
    let model = model(&proto(graph(&[], &[], vec![], vec![]), vec![]));
    let operation = Operation {
        model: &model,
        node,
        opset,
        limit: 1 << 20,
    };
    evaluate(operation, inputs)
}

fn one(node: &NodeProto, inputs: &[&Tensor]) -> Tensor {
    let inputs: Vec<_> = inputs.iter().map(|t| Some(*t)).collect();
    run(node, &inputs, 21).unwrap().remove(0)
}

fn i(dims: &[u64], values: &[i64]) -> Tensor {
    Tensor::from_i64(dims, values).unwrap()
}

fn f(dims: &[u64], values: &[f32]) -> Tensor {
    Tensor::from_f32(dims, values).unwrap()
}

fn op(name: &str) -> NodeProto {
    node(name, &[], &["y"])
}

#[test]
fn integer_division_truncates_and_modulo_follows_the_divisor() {
    let (a, b) = (i(&[4], &[7, -7, 7, -7]), i(&[4], &[2, 2, -2, -2]));
    assert_eq!(one(&op("Div"), &[&a, &b]), i(&[4], &[3, -3, -3, 3]));
    assert_eq!(one(&op("Mod"), &[&a, &b]), i(&[4], &[1, 1, -1, -1]));
    assert_eq!(
        one(&with(op("Mod"), int("fmod", 1)), &[&a, &b]),
        i(&[4], &[1, -1, 1, -1])
    );
    let zero = i(&[], &[0]);
    assert!(matches!(
        run(&op("Div"), &[Some(&a), Some(&zero)], 21),
        Err(Refusal::Case(_))
    ));
}

#[test]
fn operands_broadcast() {
    let out = one(&op("Add"), &[&i(&[2, 1], &[10, 20]), &i(&[3], &[1, 2, 3])]);
    assert_eq!(out, i(&[2, 3], &[11, 12, 13, 21, 22, 23]));
    assert!(run(&op("Add"), &[Some(&i(&[2], &[1, 2])), Some(&i(&[3], &[1, 2, 3]))], 21).is_err());
    let chosen = one(
        &op("Where"),
        &[
            &Tensor::from_bool(&[2, 1], &[true, false]).unwrap(),
            &i(&[2], &[1, 2]),
            &i(&[], &[9]),
        ],
    );
    assert_eq!(chosen, i(&[2, 2], &[1, 2, 9, 9]));
}

#[test]
fn float32_arithmetic_rounds_once() {
    let (a, b) = (0.1f32, 0.2f32);
    for (name, want) in [("Add", a + b), ("Mul", a * b), ("Div", a / b), ("Sub", a - b)] {
        assert_eq!(one(&op(name), &[&f(&[], &[a]), &f(&[], &[b])]), f(&[], &[want]));
    }
    let small = Tensor::from_i32(&[1], &[i32::MAX]).unwrap();
    let two = Tensor::from_i32(&[], &[2]).unwrap();
    assert_eq!(one(&op("Mul"), &[&small, &two]).to_i64().unwrap(), [-2], "int32 wraps");
}

#[test]
fn slices_clamp_and_step_backwards() {
    let a = i(&[5], &[0, 1, 2, 3, 4]);
    let slice = |start: i64, end: i64, step: i64| {
        let parts = [i(&[1], &[start]), i(&[1], &[end]), i(&[1], &[0]), i(&[1], &[step])];
        one(&op("Slice"), &[&a, &parts[0], &parts[1], &parts[2], &parts[3]])
            .to_i64()
            .unwrap()
    };
    assert_eq!(slice(1, i64::MAX, 2), [1, 3]);
    assert_eq!(slice(-1, i64::MIN, -1), [4, 3, 2, 1, 0]);
    assert_eq!(slice(3, 1, 1), Vec::<i64>::new());
    assert_eq!(slice(-2, -1, 1), [3]);
    assert_eq!(slice(10, -10, -2), [4, 2, 0]);
    let (empty, ends) = (i(&[0], &[]), i(&[1], &[-9]));
    assert_eq!(
        one(
            &op("Slice"),
            &[&empty, &i(&[1], &[5]), &ends, &i(&[1], &[0]), &i(&[1], &[-1])]
        )
        .dims,
        [0]
    );
    let old = with(with(op("Slice"), ints("starts", &[1])), ints("ends", &[-1]));
    assert_eq!(run(&old, &[Some(&a)], 9).unwrap()[0].to_i64().unwrap(), [1, 2, 3]);
}

#[test]
fn gather_takes_negative_indices_and_scalars() {
    let a = i(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    assert_eq!(
        one(&with(op("Gather"), int("axis", 1)), &[&a, &i(&[], &[-1])]),
        i(&[2], &[3, 6])
    );
    assert_eq!(
        one(&op("Gather"), &[&a, &i(&[1, 2], &[1, 0])]),
        i(&[1, 2, 3], &[4, 5, 6, 1, 2, 3])
    );
    assert!(run(&op("Gather"), &[Some(&a), Some(&i(&[], &[2]))], 21).is_err());
}

#[test]
fn dims_change_without_data() {
    let a = i(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    assert_eq!(one(&op("Reshape"), &[&a, &i(&[3], &[0, -1, 1])]).dims, [2, 3, 1]);
    assert!(run(&op("Reshape"), &[Some(&a), Some(&i(&[2], &[4, -1]))], 21).is_err());
    assert_eq!(one(&op("Unsqueeze"), &[&a, &i(&[2], &[0, -1])]).dims, [1, 2, 3, 1]);
    assert_eq!(one(&op("Squeeze"), &[&i(&[1, 2, 1], &[1, 2])]).dims, [2]);
    assert_eq!(
        one(&with(op("Squeeze"), ints("axes", &[-1])), &[&i(&[1, 2, 1], &[1, 2])]).dims,
        [1, 2]
    );
    assert_eq!(one(&op("Flatten"), &[&i(&[2, 1, 3], &[0; 6])]).dims, [2, 3]);
    assert_eq!(
        one(&with(with(op("Shape"), int("start", -2)), int("end", 9)), &[&a]),
        i(&[2], &[2, 3])
    );
    assert_eq!(one(&op("Size"), &[&a]), i(&[], &[6]));
}

#[test]
fn elements_are_moved() {
    let a = i(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    assert_eq!(one(&op("Transpose"), &[&a]), i(&[3, 2], &[1, 4, 2, 5, 3, 6]));
    assert_eq!(
        one(&op("Tile"), &[&i(&[1, 2], &[1, 2]), &i(&[2], &[2, 2])]),
        i(&[2, 4], &[1, 2, 1, 2, 1, 2, 1, 2])
    );
    assert_eq!(
        one(&op("Expand"), &[&i(&[2, 1], &[1, 2]), &i(&[3], &[1, 1, 2])]),
        i(&[1, 2, 2], &[1, 1, 2, 2])
    );
    assert_eq!(
        one(&with(op("Concat"), int("axis", -1)), &[&a, &i(&[2, 1], &[7, 8])]),
        i(&[2, 4], &[1, 2, 3, 7, 4, 5, 6, 8])
    );
    let three = node("Split", &[], &["a", "b"]);
    let parts = run(&with(three, int("axis", 1)), &[Some(&a)], 21).unwrap();
    assert_eq!(parts, [i(&[2, 2], &[1, 2, 4, 5]), i(&[2, 1], &[3, 6])]);
    let pads = i(&[2], &[2, 1]);
    let v = i(&[3], &[1, 2, 3]);
    let mode = |name: &str| {
        let mut n = op("Pad");
        n.attribute.push(crate::model::onnx::AttributeProto {
            name: Some("mode".into()),
            s: Some(bytes::Bytes::copy_from_slice(name.as_bytes())),
            ..Default::default()
        });
        one(&n, &[&v, &pads]).to_i64().unwrap()
    };
    assert_eq!(mode("constant"), [0, 0, 1, 2, 3, 0]);
    assert_eq!(mode("edge"), [1, 1, 1, 2, 3, 3]);
    assert_eq!(mode("reflect"), [3, 2, 1, 2, 3, 2]);
    assert_eq!(mode("wrap"), [2, 3, 1, 2, 3, 1]);
}

#[test]
fn reductions_and_ranges() {
    let a = i(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    assert_eq!(one(&op("ReduceSum"), &[&a, &i(&[1], &[-1])]), i(&[2, 1], &[6, 15]));
    assert_eq!(one(&with(op("ReduceProd"), int("keepdims", 0)), &[&a]), i(&[], &[720]));
    assert_eq!(
        one(&with(op("ReduceMax"), ints("axes", &[0])), &[&a]),
        i(&[1, 3], &[4, 5, 6])
    );
    assert_eq!(one(&op("ReduceMean"), &[&f(&[2], &[1.0, 2.0])]), f(&[1], &[1.5]));
    assert_eq!(
        one(&op("Range"), &[&i(&[], &[5]), &i(&[], &[0]), &i(&[], &[-2])]),
        i(&[3], &[5, 3, 1])
    );
    assert_eq!(
        one(&op("Range"), &[&i(&[], &[5]), &i(&[], &[0]), &i(&[], &[2])]),
        i(&[0], &[])
    );
    assert_eq!(
        one(&op("Range"), &[&f(&[], &[0.0]), &f(&[], &[1.0]), &f(&[], &[0.4])]).dims,
        [3]
    );
    assert_eq!(
        one(&op("NonZero"), &[&i(&[2, 2], &[1, 0, 1, 1])]),
        i(&[2, 3], &[0, 1, 1, 0, 0, 1])
    );
    assert_eq!(one(&op("ConstantOfShape"), &[&i(&[1], &[2])]), f(&[2], &[0.0, 0.0]));
}

#[test]
fn casts_only_where_runtimes_agree() {
    let to = |n: i64| with(op("Cast"), int("to", n));
    assert_eq!(one(&to(7), &[&f(&[3], &[1.9, -1.9, 0.0])]), i(&[3], &[1, -1, 0]));
    assert_eq!(one(&to(6), &[&i(&[1], &[1 << 32 | 5])]).to_i64().unwrap(), [5]);
    assert_eq!(
        one(&to(9), &[&f(&[2], &[0.5, 0.0])]),
        Tensor::from_bool(&[2], &[true, false]).unwrap()
    );
    assert!(run(&to(7), &[Some(&f(&[1], &[f32::NAN]))], 21).is_err());
    assert!(run(&to(2), &[Some(&f(&[1], &[300.0]))], 21).is_err());
    assert!(
        run(&to(17), &[Some(&f(&[1], &[1.0]))], 21).is_err(),
        "no rounding to 8-bit floats"
    );
}

#[test]
fn results_beyond_the_limit_are_refused_before_they_are_made() {
    let big = i(&[2], &[1 << 30, 1 << 30]);
    assert!(matches!(
        run(&op("ConstantOfShape"), &[Some(&big)], 21),
        Err(Refusal::TooLarge(_))
    ));
    assert!(matches!(
        run(&op("Expand"), &[Some(&f(&[], &[0.0])), Some(&big)], 21),
        Err(Refusal::TooLarge(_))
    ));
    let range = [i(&[], &[0]), i(&[], &[i64::MAX]), i(&[], &[1])];
    assert!(matches!(
        run(&op("Range"), &[Some(&range[0]), Some(&range[1]), Some(&range[2])], 21),
        Err(Refusal::TooLarge(_))
    ));
    let empty = i(&[2], &[0, i64::MAX]);
    assert_eq!(one(&op("ConstantOfShape"), &[&empty]).elements(), 0);
    assert_eq!(run(&op("RandomNormal"), &[], 21), Err(Refusal::Unsupported));
}

const OPERATORS: &[&str] = &[
    "Add",
    "Div",
    "Mod",
    "Pow",
    "Min",
    "Sum",
    "Neg",
    "Sqrt",
    "Clip",
    "Equal",
    "And",
    "Not",
    "Where",
    "Cast",
    "CastLike",
    "Shape",
    "Size",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Expand",
    "Tile",
    "Slice",
    "Split",
    "Concat",
    "Gather",
    "Pad",
    "Range",
    "ConstantOfShape",
    "NonZero",
    "ReduceSum",
    "ReduceMax",
];

prop_compose! {
    fn any_tensor()(dims in prop::collection::vec(0u64..4, 0..4), seed in any::<i64>(), kind in 0..5) -> Tensor {
        let n = dims.iter().product::<u64>() as i64;
        let value = |i: i64| if i % 3 == 0 { seed.rotate_left(i as u32) } else { i % 7 - 3 };
        let values: Vec<i64> = (0..n).map(value).collect();
        let made = match kind {
            0 => Tensor::from_f32(&dims, &values.iter().map(|v| *v as f32 / 3.0).collect::<Vec<_>>()),
            1 => Tensor::from_bool(&dims, &values.iter().map(|v| v % 2 == 0).collect::<Vec<_>>()),
            2 => Tensor::from_i32(&dims, &values.iter().map(|v| *v as i32).collect::<Vec<_>>()),
            3 => Tensor::from_u8(&dims, &values.iter().map(|v| *v as u8).collect::<Vec<_>>()),
            _ => Tensor::from_i64(&dims, &values),
        };
        made.unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Whatever the inputs, an operator gives a refusal or a tensor within the limit.
    #[test]
    fn no_input_breaks_an_operator(
        name in prop::sample::select(OPERATORS),
        tensors in prop::collection::vec(prop::option::weighted(0.9, any_tensor()), 0..5),
        axis in any::<Option<i8>>(),
        axes in prop::option::of(prop::collection::vec(-3i64..4, 0..4)),
        to in 0i64..30,
        opset in 1i64..24,
    ) {
        let mut n = node(name, &[], &["y", "z"]);
        if let Some(axis) = axis {
            n.attribute.push(int("axis", axis.into()));
        }
        for name in ["axes", "starts", "ends", "pads", "perm", "split"] {
            if let Some(axes) = &axes {
                n.attribute.push(ints(name, axes));
            }
        }
        n.attribute.push(int("to", to));
        let inputs: Vec<_> = tensors.iter().map(Option::as_ref).collect();
        if let Ok(out) = run(&n, &inputs, opset) {
            for t in out {
                prop_assert!(t.bytes.len() <= 1 << 20);
                prop_assert_eq!(t.dtype.packed_bytes(t.elements()), Some(t.bytes.len() as u64));
            }
        }
    }
}

#[test]
fn what_runtimes_do_in_two_ways_is_refused() {
    let a = i(&[6], &[0, 1, 2, 3, 4, 5]);
    let one = |value: i64| i(&[1], &[value]);
    let (start, end, axis, step) = (one(5), one(i64::MAX), one(0), one(-1));
    let backwards = [Some(&a), Some(&start), Some(&end), Some(&axis), Some(&step)];
    assert!(matches!(run(&op("Slice"), &backwards, 21), Err(Refusal::Case(_))));
    let wrap = AttributeProto {
        name: Some("mode".into()),
        s: Some(b"wrap".to_vec().into()),
        ..Default::default()
    };
    let padded = |pads: &[i64]| run(&with(op("Pad"), wrap.clone()), &[Some(&a), Some(&i(&[2], pads))], 19);
    assert_eq!(
        padded(&[1, 2]).unwrap()[0].to_i64().unwrap(),
        [5, 0, 1, 2, 3, 4, 5, 0, 1]
    );
    assert!(matches!(padded(&[-1, 2]), Err(Refusal::Case(_))));
    let constant = run(&op("Pad"), &[Some(&a), Some(&i(&[2], &[-1, 2]))], 19);
    assert_eq!(constant.unwrap()[0].to_i64().unwrap(), [1, 2, 3, 4, 5, 0, 0]);
}
