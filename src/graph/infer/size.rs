//! Sizes that may be symbolic: integers, sums of products of named dimensions, rounded quotients, or unknown.
//!
//! A sum is kept in one canonical form, so equal sizes are equal values and print alike: `batch`, `2*batch+1`,
//! `floor((h-1)/4)+1`. Arithmetic never overflows: what does not fit is unknown.

use crate::graph::Dim;
use std::sync::Arc;

/// Longest text of an expression; longer ones help nobody and become unknown.
const MAX_TEXT: usize = 96;
/// Most terms of a sum and most factors of a term.
const MAX_PARTS: usize = 8;

/// A size, or any integer that shape arithmetic computes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Size {
    /// A number.
    Known(i64),
    /// An expression with at least one named dimension.
    Expr(Arc<Sum>),
    /// Nothing is known.
    Unknown,
}

/// `constant + coefficient * atom * atom + ...`, terms sorted, coefficients not zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Sum {
    terms: Vec<(Vec<Atom>, i64)>,
    constant: i64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Atom {
    Symbol(Arc<str>),
    /// Rounded down, by a divisor above 1.
    Floor(Arc<Sum>, i64),
    Max(Arc<Sum>, Arc<Sum>),
    Min(Arc<Sum>, Arc<Sum>),
}

impl From<i64> for Size {
    fn from(n: i64) -> Self {
        Self::Known(n)
    }
}

impl From<&Dim> for Size {
    fn from(dim: &Dim) -> Self {
        match dim {
            Dim::Known(n) => i64::try_from(*n).map_or(Self::Unknown, Self::Known),
            Dim::Symbol(text) => Self::parse(text),
            Dim::Unknown => Self::Unknown,
        }
    }
}

impl From<&Size> for Dim {
    fn from(size: &Size) -> Self {
        match size {
            Size::Known(n) => u64::try_from(*n).map_or(Self::Unknown, Self::Known),
            Size::Expr(sum) => Self::Symbol(sum.to_string().into()),
            Size::Unknown => Self::Unknown,
        }
    }
}

impl Size {
    /// A named dimension.
    pub fn symbol(name: &str) -> Self {
        Self::from_sum(Sum {
            terms: vec![(vec![Atom::Symbol(name.into())], 1)],
            constant: 0,
        })
    }

    pub fn known(&self) -> Option<i64> {
        if let Self::Known(n) = self { Some(*n) } else { None }
    }

    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }

    fn from_sum(sum: Sum) -> Self {
        if sum.terms.is_empty() {
            return Self::Known(sum.constant);
        }
        let too_large = sum.terms.len() > MAX_PARTS || sum.terms.iter().any(|t| t.0.len() > MAX_PARTS);
        if too_large || sum.text_len() > MAX_TEXT {
            Self::Unknown
        } else {
            Self::Expr(Arc::new(sum))
        }
    }

    fn sum(&self) -> Option<Sum> {
        match self {
            Self::Known(n) => Some(Sum {
                terms: Vec::new(),
                constant: *n,
            }),
            Self::Expr(sum) => Some((**sum).clone()),
            Self::Unknown => None,
        }
    }

    fn from_option(sum: Option<Sum>) -> Self {
        sum.map_or(Self::Unknown, Self::from_sum)
    }

    pub fn add(&self, other: &Self) -> Self {
        if let (Self::Known(a), Self::Known(b)) = (self, other) {
            return a.checked_add(*b).map_or(Self::Unknown, Self::Known);
        }
        Self::from_option(self.sum().zip(other.sum()).and_then(|(a, b)| a.add(&b)))
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.mul(&Self::Known(-1)))
    }

    pub fn mul(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => a.checked_mul(*b).map_or(Self::Unknown, Self::Known),
            // Nothing times an unknown size is still nothing.
            (Self::Known(0), _) | (_, Self::Known(0)) => Self::Known(0),
            _ => Self::from_option(self.sum().zip(other.sum()).and_then(|(a, b)| a.mul(&b))),
        }
    }

    /// Rounded down; unknown by zero, by a negative number, and by a symbol unless it divides exactly.
    pub fn div_floor(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) if *b > 0 => Self::Known(a.div_euclid(*b)),
            (_, Self::Known(1)) => self.clone(),
            (Self::Expr(sum), Self::Known(d)) if *d > 1 => Self::from_option(sum.div_floor(*d)),
            (_, Self::Expr(_)) => self.div_exact(other),
            _ => Self::Unknown,
        }
    }

    /// Rounded up.
    pub fn div_ceil(&self, other: i64) -> Self {
        if other < 1 {
            Self::Unknown
        } else {
            self.add(&Self::Known(other - 1)).div_floor(&Self::Known(other))
        }
    }

    /// The quotient where the division leaves no rest for any value of the symbols, else unknown.
    pub fn div_exact(&self, other: &Self) -> Self {
        if self == other && !self.is_unknown() && *self != Self::Known(0) {
            return Self::Known(1);
        }
        Self::from_option(self.sum().zip(other.sum()).and_then(|(a, b)| a.div_exact(&b)))
    }

    pub fn max(&self, other: &Self) -> Self {
        self.choose(other, std::cmp::max, Atom::Max)
    }

    pub fn min(&self, other: &Self) -> Self {
        self.choose(other, std::cmp::min, Atom::Min)
    }

    fn choose(&self, other: &Self, known: fn(i64, i64) -> i64, atom: fn(Arc<Sum>, Arc<Sum>) -> Atom) -> Self {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => Self::Known(known(*a, *b)),
            (a, b) if a == b => a.clone(),
            _ => Self::from_option(self.sum().zip(other.sum()).map(|(a, b)| {
                // Where the difference is a number, one of the two is always the larger.
                let difference = b.mul(&Sum::constant(-1)).and_then(|b| a.add(&b));
                if let Some(Sum { terms, constant }) = &difference
                    && terms.is_empty()
                {
                    return if known(*constant, 0) == *constant { a } else { b };
                }
                let (a, b) = if a <= b { (a, b) } else { (b, a) };
                Sum {
                    terms: vec![(vec![atom(Arc::new(a), Arc::new(b))], 1)],
                    constant: 0,
                }
            })),
        }
    }

    /// The size that two sizes have when they are broadcast together; `None` when they cannot be.
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (Self::Known(1), b) => Some(b.clone()),
            (a, Self::Known(1)) => Some(a.clone()),
            (Self::Known(_), Self::Known(_)) => None,
            // A known size above 1 can only meet itself or 1.
            (Self::Known(n), _) | (_, Self::Known(n)) => Some(Self::Known(*n)),
            // min(512, seq) can only meet seq when both are equal, or one is 1: seq either way.
            (Self::Expr(a), Self::Expr(b)) if a.is_min_of(b) => Some(other.clone()),
            (Self::Expr(a), Self::Expr(b)) if b.is_min_of(a) => Some(self.clone()),
            _ => Some(Self::Unknown),
        }
    }

    /// What two sizes that must be equal are; the better known one.
    pub fn equal(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Known(_), _) | (_, Self::Unknown) => self.clone(),
            (_, Self::Known(_)) | (Self::Unknown, _) => other.clone(),
            _ => self.clone(),
        }
    }

    /// Whether two integers are equal, when that is certain for every size the symbols can have (none is negative).
    pub fn is_equal(&self, other: &Self) -> Option<bool> {
        let (a, b) = (self.sum()?, other.sum()?);
        let difference = a.add(&b.mul(&Sum::constant(-1))?)?;
        if difference.terms.is_empty() {
            return Some(difference.constant == 0);
        }
        let never_zero =
            |sum: &Sum| sum.constant > 0 && sum.terms.iter().all(|t| t.1 > 0 && t.0.iter().all(Atom::is_size));
        let negated = difference.mul(&Sum::constant(-1))?;
        (never_zero(&difference) || never_zero(&negated)).then_some(false)
    }

    /// The value when every symbol has one.
    pub fn eval(&self, bind: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
        match self {
            Self::Known(n) => Some(*n),
            Self::Expr(sum) => sum.eval(bind),
            Self::Unknown => None,
        }
    }

    /// Reads an expression as this type prints it; any other text is the name of a symbol.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Unknown;
        }
        if text.len() <= MAX_TEXT {
            let mut parser = Parser { rest: text, depth: 0 };
            if let Some(size) = parser.sum()
                && parser.rest.trim().is_empty()
                && !matches!(size, Self::Unknown | Self::Known(_))
            {
                return size;
            }
        }
        Self::Expr(Arc::new(Sum {
            terms: vec![(vec![Atom::Symbol(text.into())], 1)],
            constant: 0,
        }))
    }
}

impl Atom {
    /// True when it cannot be negative.
    fn is_size(&self) -> bool {
        let sum_is = |s: &Sum| s.constant >= 0 && s.terms.iter().all(|t| t.1 > 0 && t.0.iter().all(Self::is_size));
        match self {
            Self::Symbol(_) => true,
            Self::Floor(sum, _) => sum_is(sum),
            Self::Max(a, b) => sum_is(a) || sum_is(b),
            Self::Min(a, b) => sum_is(a) && sum_is(b),
        }
    }
}

impl Sum {
    fn constant(constant: i64) -> Self {
        Self {
            terms: Vec::new(),
            constant,
        }
    }

    fn is_min_of(&self, other: &Self) -> bool {
        self.constant == 0
            && matches!(self.terms.as_slice(), [(atoms, 1)]
                if matches!(atoms.as_slice(), [Atom::Min(a, b)] if **a == *other || **b == *other))
    }

    fn add(&self, other: &Self) -> Option<Self> {
        let mut terms = self.terms.clone();
        for (atoms, coefficient) in &other.terms {
            match terms.binary_search_by(|t| t.0.cmp(atoms)) {
                Ok(i) => {
                    let slot = terms.get_mut(i)?;
                    slot.1 = slot.1.checked_add(*coefficient)?;
                    if slot.1 == 0 {
                        terms.remove(i);
                    }
                }
                Err(i) => terms.insert(i, (atoms.clone(), *coefficient)),
            }
        }
        (terms.len() <= 4 * MAX_PARTS).then_some(())?;
        Some(Self {
            terms,
            constant: self.constant.checked_add(other.constant)?,
        })
    }

    fn mul(&self, other: &Self) -> Option<Self> {
        (self.terms.len().saturating_mul(other.terms.len()) <= 4 * MAX_PARTS).then_some(())?;
        let mut out = Self::constant(0);
        let with_constant = |sum: &Self| {
            let mut all = sum.terms.clone();
            if sum.constant != 0 {
                all.push((Vec::new(), sum.constant));
            }
            all
        };
        for (a, x) in with_constant(self) {
            for (b, y) in with_constant(other) {
                let coefficient = x.checked_mul(y)?;
                if coefficient == 0 {
                    continue;
                }
                let mut atoms = a.clone();
                atoms.extend(b.iter().cloned());
                atoms.sort();
                let term = if atoms.is_empty() {
                    Self::constant(coefficient)
                } else {
                    Self {
                        terms: vec![(atoms, coefficient)],
                        constant: 0,
                    }
                };
                out = out.add(&term)?;
            }
        }
        Some(out)
    }

    fn div_floor(&self, divisor: i64) -> Option<Self> {
        // floor((d*q + r) / d) = q + floor(r / d)
        let mut whole = Self::constant(self.constant.div_euclid(divisor));
        let mut rest = Self::constant(self.constant.rem_euclid(divisor));
        for (atoms, coefficient) in &self.terms {
            if coefficient % divisor == 0 {
                whole.terms.push((atoms.clone(), coefficient / divisor));
            } else {
                rest.terms.push((atoms.clone(), *coefficient));
            }
        }
        if rest.terms.is_empty() {
            return Some(whole);
        }
        // Keep (h-1)/2 rather than (h+1)/2-1: what the reader finds in the formula of a convolution.
        if self.constant < 0 && whole.terms.is_empty() {
            (whole.constant, rest.constant) = (0, self.constant);
        }
        // floor((floor(x/a) + c) / b) = floor((x + a*c) / (a*b))
        if let [(atoms, 1)] = rest.terms.as_slice()
            && let [Atom::Floor(inner, a)] = atoms.as_slice()
        {
            let numerator = inner.add(&Self::constant(a.checked_mul(rest.constant)?))?;
            return whole.add(&numerator.div_floor(a.checked_mul(divisor)?)?);
        }
        let atom = Atom::Floor(Arc::new(rest), divisor);
        whole.add(&Self {
            terms: vec![(vec![atom], 1)],
            constant: 0,
        })
    }

    fn div_exact(&self, other: &Self) -> Option<Self> {
        let (atoms, coefficient) = match (other.terms.as_slice(), other.constant) {
            ([], constant) => (&[][..], constant),
            ([(atoms, coefficient)], 0) => (atoms.as_slice(), *coefficient),
            _ => {
                // A multiple of the divisor as a whole.
                let factor = self.terms.first()?.1.checked_div(other.terms.first()?.1)?;
                return (other.mul(&Self::constant(factor))? == *self).then(|| Self::constant(factor));
            }
        };
        if coefficient == 0 || (self.constant != 0 && !atoms.is_empty()) || self.constant.checked_rem(coefficient)? != 0
        {
            return None;
        }
        let mut out = Self::constant(self.constant / coefficient);
        for (mine, c) in &self.terms {
            let mut mine = mine.clone();
            for atom in atoms {
                let i = mine.iter().position(|a| a == atom)?;
                mine.remove(i);
            }
            if c.checked_rem(coefficient)? != 0 {
                return None;
            }
            let c = c / coefficient;
            let term = if mine.is_empty() {
                Self::constant(c)
            } else {
                Self {
                    terms: vec![(mine, c)],
                    constant: 0,
                }
            };
            out = out.add(&term)?;
        }
        Some(out)
    }

    fn eval(&self, bind: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
        let mut total = self.constant;
        for (atoms, coefficient) in &self.terms {
            let mut product = *coefficient;
            for atom in atoms {
                let value = match atom {
                    Atom::Symbol(name) => bind(name)?,
                    Atom::Floor(sum, divisor) => sum.eval(bind)?.checked_div_euclid(*divisor)?,
                    Atom::Max(a, b) => a.eval(bind)?.max(b.eval(bind)?),
                    Atom::Min(a, b) => a.eval(bind)?.min(b.eval(bind)?),
                };
                product = product.checked_mul(value)?;
            }
            total = total.checked_add(product)?;
        }
        Some(total)
    }

    fn text_len(&self) -> usize {
        // Cheap upper estimate first: sizes are tiny in nearly all models.
        self.to_string().len()
    }
}

fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "_.:".contains(c))
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A name alone is printed as it is, whatever it contains; inside an expression (`{:#}`) it may need quotes.
        if !f.alternate()
            && let ([(atoms, 1)], 0) = (self.terms.as_slice(), self.constant)
            && let [Atom::Symbol(name)] = atoms.as_slice()
        {
            return f.write_str(name);
        }
        let mut first = true;
        // Positive terms first: `h-1`, not `-1+h`.
        let (positive, negative): (Vec<_>, Vec<_>) = self.terms.iter().partition(|t| t.1 > 0);
        for (atoms, coefficient) in positive.into_iter().chain(negative) {
            if *coefficient < 0 {
                f.write_str("-")?;
            } else if !first {
                f.write_str("+")?;
            }
            first = false;
            if coefficient.unsigned_abs() != 1 {
                write!(f, "{}*", coefficient.unsigned_abs())?;
            }
            for (i, atom) in atoms.iter().enumerate() {
                if i > 0 {
                    f.write_str("*")?;
                }
                write!(f, "{atom}")?;
            }
        }
        if self.constant != 0 || first {
            write!(
                f,
                "{}{}",
                if self.constant >= 0 && !first { "+" } else { "" },
                self.constant
            )?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Atom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Symbol(name) if is_plain(name) => f.write_str(name),
            Self::Symbol(name) => write!(f, "'{name}'"),
            Self::Floor(sum, divisor) if sum.terms.len() == 1 && sum.constant == 0 => {
                write!(f, "floor({sum:#}/{divisor})")
            }
            Self::Floor(sum, divisor) => write!(f, "floor(({sum:#})/{divisor})"),
            Self::Max(a, b) => write!(f, "max({a:#},{b:#})"),
            Self::Min(a, b) => write!(f, "min({a:#},{b:#})"),
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<Size> {
        self.depth += 1;
        (self.depth < 24).then_some(())?;
        let mut total = if self.eat("-") {
            Size::Known(0).sub(&self.product()?)
        } else {
            self.product()?
        };
        loop {
            if self.eat("+") {
                total = total.add(&self.product()?);
            } else if self.eat("-") {
                total = total.sub(&self.product()?);
            } else {
                self.depth -= 1;
                return Some(total);
            }
        }
    }

    fn product(&mut self) -> Option<Size> {
        let mut total = self.factor()?;
        loop {
            if self.eat("*") {
                total = total.mul(&self.factor()?);
            } else if self.eat("//") {
                total = total.div_floor(&self.factor()?);
            } else {
                return Some(total);
            }
        }
    }

    fn factor(&mut self) -> Option<Size> {
        if self.eat("(") {
            let inner = self.sum()?;
            return self.eat(")").then_some(inner);
        }
        if self.eat("'") {
            let (name, rest) = self.rest.split_once('\'')?;
            self.rest = rest;
            return Some(Size::symbol(name));
        }
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "_.:".contains(c)))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        if let Ok(number) = word.parse::<i64>() {
            return Some(Size::Known(number));
        }
        is_plain(word).then_some(())?;
        if !self.rest.starts_with('(') {
            return Some(Size::symbol(word));
        }
        self.eat("(");
        let size = match word.to_ascii_lowercase().as_str() {
            "floor" => {
                let numerator = self.sum()?;
                if self.eat("/") {
                    numerator.div_floor(&self.factor()?)
                } else {
                    numerator
                }
            }
            "ceil" | "ceiling" => {
                let numerator = self.sum()?;
                if self.eat("/") {
                    numerator.div_ceil(self.factor()?.known()?)
                } else {
                    numerator
                }
            }
            name @ ("max" | "min") => {
                let a = self.sum()?;
                self.eat(",").then_some(())?;
                let b = self.sum()?;
                if name == "max" { a.max(&b) } else { a.min(&b) }
            }
            _ => return None,
        };
        self.eat(")").then_some(size)
    }
}

#[cfg(test)]
mod tests {
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
}
