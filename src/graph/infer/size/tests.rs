//! Symbolic sizes against plain numbers.

use super::*;
use proptest::prelude::*;

fn s(text: &str) -> Size {
    Size::parse(text)
}

fn text(size: &Size) -> String {
    Dim::from(size).to_string()
}

#[test]
fn expressions_are_canonical_and_readable() {
    let h = s("h");
    let conv = |x: &Size| x.sub(&1.into()).div_floor(&2.into()).add(&1.into());
    assert_eq!(text(&conv(&h)), "floor((h-1)/2)+1");
    assert_eq!(text(&conv(&conv(&h))), "floor((h-1)/4)+1");
    assert_eq!(text(&s("batch").mul(&s("seq")).mul(&2.into())), "2*batch*seq");
    assert_eq!(s("seq").mul(&s("batch")), s("batch").mul(&s("seq")));
    assert_eq!(s("a").add(&s("b")).sub(&s("a")), s("b"));
    assert_eq!(s("h").sub(&s("h")), Size::Known(0));
    assert_eq!(text(&s("4*h+3").div_floor(&2.into())), "2*h+1");
    assert_eq!(text(&s("batch").mul(&12.into()).div_exact(&s("batch"))), "12");
    assert_eq!(s("batch").div_exact(&s("seq")), Size::Unknown);
    assert_eq!(s("2*a+2*b").div_exact(&s("a+b")), Size::Known(2));
    assert_eq!(text(&s("seq+1").max(&s("seq"))), "seq+1");
}

#[test]
fn odd_names_are_names() {
    for name in ["batch size", "a-", "?", "é", "((((", "1", "x/y", "unk__12"] {
        assert_eq!(text(&s(name)), name);
    }
    assert_eq!(text(&s("batch size").add(&1.into())), "'batch size'+1");
    assert_eq!(s("'batch size'+1"), s("batch size").add(&1.into()));
}

#[test]
fn broadcast_and_comparison() {
    assert_eq!(s("min(512,seq)").broadcast(&s("seq")), Some(s("seq")));
    assert_eq!(Size::Known(3).broadcast(&Size::Known(2)), None);
    assert_eq!(Size::Known(3).broadcast(&s("n")), Some(Size::Known(3)));
    assert_eq!(s("n").is_equal(&Size::Known(-1)), Some(false));
    assert_eq!(s("n").is_equal(&Size::Known(1)), None);
    assert_eq!(s("n+1").is_equal(&Size::Known(0)), Some(false));
}

#[test]
fn overflow_is_unknown() {
    assert_eq!(Size::Known(i64::MAX).add(&1.into()), Size::Unknown);
    assert_eq!(Size::Known(i64::MAX).mul(&s("n")).mul(&2.into()), Size::Unknown);
    assert_eq!(Size::Known(5).div_floor(&0.into()), Size::Unknown);
    assert_eq!(Size::Known(i64::MIN).sub(&1.into()), Size::Unknown);
}

fn expression() -> impl Strategy<Value = Size> {
    let leaf = prop_oneof![
        (-20i64..20).prop_map(Size::Known),
        prop_oneof![Just("a"), Just("b"), Just("c d")].prop_map(Size::symbol),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), inner, 0..5usize).prop_map(|(a, b, op)| match op {
            0 => a.add(&b),
            1 => a.sub(&b),
            2 => a.mul(&b),
            3 => a.div_floor(&Size::Known(3)),
            _ => a.max(&b).min(&Size::Known(40)),
        })
    })
}

proptest! {
    #[test]
    fn printing_and_reading_keep_the_value(e in expression(), a in 1i64..50, b in 1i64..50, c in 1i64..50) {
        let bind = |name: &str| match name { "a" => Some(a), "b" => Some(b), "c d" => Some(c), _ => None };
        if let Size::Expr(_) = e {
            let again = Size::parse(&text(&e));
            prop_assert_eq!(again.eval(&bind), e.eval(&bind));
        }
    }

    #[test]
    fn arithmetic_agrees_with_numbers(x in expression(), y in expression(), a in 1i64..50, b in 1i64..50, c in 1i64..50) {
        let bind = |name: &str| match name { "a" => Some(a), "b" => Some(b), "c d" => Some(c), _ => None };
        let (Some(nx), Some(ny)) = (x.eval(&bind), y.eval(&bind)) else { return Ok(()) };
        for (symbolic, number) in [
            (x.add(&y), nx + ny),
            (x.sub(&y), nx - ny),
            (x.mul(&y), nx.saturating_mul(ny)),
            (x.div_floor(&Size::Known(4)), nx.div_euclid(4)),
            (x.max(&y), nx.max(ny)),
            (x.min(&y), nx.min(ny)),
        ] {
            if let Some(value) = symbolic.eval(&bind) {
                prop_assert_eq!(value, number, "{} of {} and {}", text(&symbolic), text(&x), text(&y));
            }
        }
        if let Some(equal) = x.is_equal(&y) {
            prop_assert_eq!(equal, nx == ny);
        }
    }

    #[test]
    fn any_text_is_read(text in ".{0,120}") {
        let _ = Size::parse(&text);
    }
}
