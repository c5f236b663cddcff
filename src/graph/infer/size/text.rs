//! Sizes as text: how they are printed, and read again.

use super::{Atom, Size, Sum};

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

/// Reads what [`Sum`] prints, and the spellings of exporters (spaces, `//`, `ceiling`).
pub(super) struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, depth: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.trim().is_empty()
    }

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

    pub(super) fn sum(&mut self) -> Option<Size> {
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
