//! Rows of a table that sorts and filters: what is in them, in which order they are shown, which one is chosen.

use std::cmp::Ordering;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heading {
    /// Its title, with the unit.
    pub title: &'static str,
    /// True for numbers: to the right, largest first when sorted.
    pub is_number: bool,
    /// Width in points to start with.
    pub width: f32,
}

impl Heading {
    /// A column of words.
    pub const fn words(title: &'static str, width: f32) -> Self {
        Self {
            title,
            is_number: false,
            width,
        }
    }

    /// True when it takes part in the room that is left: long words, which are mostly names.
    pub fn grows(&self) -> bool {
        !self.is_number && self.width >= 150.0
    }

    /// A column of numbers.
    pub const fn number(title: &'static str, width: f32) -> Self {
        Self {
            title,
            is_number: true,
            width,
        }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// The name of a node, a tensor or a layer.
    Name(String),
    /// A number, and how it is written.
    Number(f64, String),
}

impl Cell {
    /// As it is written.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Name(text) | Self::Number(_, text) => text,
        }
    }
}

/// What the order depends on: filter, sorted column and whether it is turned around.
type Wish = (String, Option<(usize, bool)>);

/// Rows.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    headings: &'static [Heading],
    rows: Vec<Vec<Cell>>,
    /// Only rows that contain this are shown, in any case of letters.
    pub filter: String,
    sort: Option<(usize, bool)>,
    shown: Vec<usize>,
    shown_for: Option<Wish>,
    chosen: Option<usize>,
    /// Row to bring into view when the table is drawn next.
    reveal: Option<usize>,
}

impl Rows {
    /// Rows of as many cells as there are headings.
    pub fn new(headings: &'static [Heading], rows: Vec<Vec<Cell>>) -> Self {
        Self {
            headings,
            rows,
            ..Self::default()
        }
    }

    /// The columns.
    pub fn headings(&self) -> &'static [Heading] {
        self.headings
    }

    /// Number of rows, shown or not.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells of a row.
    pub fn row(&self, index: usize) -> &[Cell] {
        self.rows.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sorted column, and true when it is turned around.
    pub fn sort(&self) -> Option<(usize, bool)> {
        self.sort
    }

    /// Sorts by a column; by the same one again turns it around, a third time gives the first order back.
    pub fn sort_by(&mut self, column: usize) {
        self.sort = match self.sort {
            Some((c, false)) if c == column => Some((column, true)),
            Some((c, true)) if c == column => None,
            _ => Some((column, false)),
        };
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Chooses a row; `reveal` brings it into view.
    pub fn choose(&mut self, row: Option<usize>, reveal: bool) {
        if reveal {
            self.reveal = row;
        }
        self.chosen = row;
    }

    /// The place in the table of the row that should come into view, once.
    pub fn take_reveal(&mut self) -> Option<usize> {
        let row = self.reveal.take()?;
        self.shown().iter().position(|i| *i == row)
    }

    /// Indices of the rows that pass the filter, in the order wanted.
    pub fn shown(&mut self) -> &[usize] {
        let wish = (self.filter.trim().to_lowercase(), self.sort);
        if self.shown_for.as_ref() != Some(&wish) {
            let passes = |row: &Vec<Cell>| row.iter().any(|c| c.text().to_lowercase().contains(&wish.0));
            let passing = self
                .rows
                .iter()
                .enumerate()
                .filter(|(_, row)| wish.0.is_empty() || passes(row));
            let mut shown: Vec<usize> = passing.map(|(i, _)| i).collect();
            if let Some((column, turned)) = wish.1 {
                let cell = |i: &usize| self.row(*i).get(column);
                shown.sort_by(|a, b| {
                    let order = compare(cell(a), cell(b));
                    if turned { order.reverse() } else { order }
                });
            }
            self.shown = shown;
            self.shown_for = Some(wish);
        }
        &self.shown
    }
}

/// Words from a to z, numbers from large to small, what is empty last.
fn compare(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    match (a, b) {
        (Some(Cell::Number(a, _)), Some(Cell::Number(b, _))) => b.total_cmp(a),
        (Some(a), Some(b)) => (a.text().is_empty(), a.text()).cmp(&(b.text().is_empty(), b.text())),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: [Heading; 2] = [
        Heading {
            title: "name",
            is_number: false,
            width: 1.0,
        },
        Heading {
            title: "ms",
            is_number: true,
            width: 1.0,
        },
    ];

    fn rows() -> Rows {
        let row = |name: &str, ms: f64| vec![Cell::Text(name.into()), Cell::Number(ms, ms.to_string())];
        Rows::new(
            &HEADINGS,
            vec![row("b", 1.0), row("", 3.0), row("a", 2.0), row("Ab", 0.5)],
        )
    }

    #[test]
    fn columns_sort_turn_and_come_back() {
        let mut r = rows();
        assert_eq!(r.shown(), [0, 1, 2, 3]);
        r.sort_by(1);
        assert_eq!(r.shown(), [1, 2, 0, 3], "largest first");
        r.sort_by(1);
        assert_eq!(r.shown(), [3, 0, 2, 1]);
        r.sort_by(1);
        assert_eq!(r.shown(), [0, 1, 2, 3]);
        r.sort_by(0);
        assert_eq!(r.shown(), [3, 2, 0, 1], "what has no name comes last");
    }

    #[test]
    fn the_filter_hides_and_a_chosen_row_is_found_where_it_stands() {
        let mut r = rows();
        r.filter = " A".into();
        assert_eq!(r.shown(), [2, 3]);
        r.choose(Some(3), true);
        assert_eq!((r.take_reveal(), r.take_reveal(), r.chosen()), (Some(1), None, Some(3)));
        r.choose(Some(0), true);
        assert_eq!(r.take_reveal(), None, "hidden by the filter");
        r.filter = "nothing has this".into();
        assert_eq!(r.shown(), Vec::<usize>::new());
    }
}
