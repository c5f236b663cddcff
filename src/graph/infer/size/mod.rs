//! Sizes that may be symbolic: integers, sums of products of named dimensions, rounded quotients, or unknown.
//!
//! A sum is kept in one canonical form, so equal sizes are equal values and print alike: `batch`, `2*batch+1`,
//! `floor((h-1)/4)+1`. Arithmetic never overflows: what does not fit is unknown.

mod text;

use crate::graph::Dim;
use std::sync::Arc;

/// Longest text of an expression; longer ones help nobody and become unknown.
const MAX_TEXT: usize = 96;
/// Most terms of a sum and most factors of a term.
const MAX_PARTS: usize = 8;

/// A size, or any integer that shape arithmetic computes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Size {
    /// A number.
    Known(i64),
    /// An expression with at least one named dimension.
    Expr(Arc<Sum>),
    /// Nothing is known.
    Unknown,
}

/// `constant + coefficient * atom * atom + ...`, terms sorted, coefficients not zero.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Sum {
    terms: Vec<(Vec<Atom>, i64)>,
    constant: i64,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
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

    /// True for a name that onnx's shape inference and tf2onnx make up for a size they do not know: `unk__3`.
    pub fn is_made_up(&self) -> bool {
        let digits = self.as_symbol().and_then(|name| name.strip_prefix("unk__"));
        digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The name, when the size is a named dimension and nothing else.
    pub fn as_symbol(&self) -> Option<&str> {
        let Self::Expr(sum) = self else { return None };
        match (sum.constant, sum.terms.as_slice()) {
            (0, [(atoms, 1)]) => match atoms.as_slice() {
                [Atom::Symbol(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The names in it, each once.
    pub fn symbols(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Self::Expr(sum) = self {
            sum.visit(&mut |atom| {
                if let Atom::Symbol(name) = atom
                    && !out.iter().any(|o: &String| **o == **name)
                {
                    out.push(name.to_string());
                }
            });
        }
        out
    }

    /// The largest divisor by which something with one of these names is rounded down.
    pub fn divisor_of(&self, is_wanted: &dyn Fn(&str) -> bool) -> i64 {
        let mut largest = 1;
        if let Self::Expr(sum) = self {
            sum.visit(&mut |atom| {
                if let Atom::Floor(inner, divisor) = atom {
                    let mut has = false;
                    inner.visit(&mut |a| has |= matches!(a, Atom::Symbol(name) if is_wanted(name)));
                    if has {
                        largest = largest.max(*divisor);
                    }
                }
            });
        }
        largest
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

    /// The same, or nothing where it is negative: how often something is done so many times.
    pub fn at_least_zero(&self) -> Self {
        match self {
            Self::Expr(sum) if sum.is_size() => self.clone(),
            _ => self.max(&Self::Known(0)),
        }
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

    /// The value when every symbol is this number.
    #[cfg(test)]
    pub fn at(&self, n: i64) -> Option<i64> {
        self.eval(&|_| Some(n))
    }

    /// Reads an expression as this type prints it; any other text is the name of a symbol.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::Unknown;
        }
        if text.len() <= MAX_TEXT {
            let mut parser = text::Parser::new(text);
            if let Some(size) = parser.sum()
                && parser.is_at_end()
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
        match self {
            Self::Symbol(_) => true,
            Self::Floor(sum, _) => sum.is_size(),
            Self::Max(a, b) => a.is_size() || b.is_size(),
            Self::Min(a, b) => a.is_size() && b.is_size(),
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

    /// Calls `see` for every atom, those inside others too.
    fn visit(&self, see: &mut dyn FnMut(&Atom)) {
        for atom in self.terms.iter().flat_map(|t| &t.0) {
            see(atom);
            match atom {
                Atom::Symbol(_) => {}
                Atom::Floor(sum, _) => sum.visit(see),
                Atom::Max(a, b) | Atom::Min(a, b) => {
                    a.visit(see);
                    b.visit(see);
                }
            }
        }
    }

    /// True when it cannot be negative.
    fn is_size(&self) -> bool {
        self.constant >= 0 && self.terms.iter().all(|t| t.1 > 0 && t.0.iter().all(Atom::is_size))
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

#[cfg(test)]
mod tests;
