//! Plain tables for the terminal. A cell is one line of visible characters, and no longer than a reader follows: long ones
//! lose their middle here and nowhere else; `--json` has them whole.

use crate::{format, visible};

/// Longest cell in characters. Most are far shorter; reasons and paths need some room.
const LONGEST: usize = 300;

/// Rows under a header; columns from `right` on are right-aligned.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    right: usize,
}

impl Table {
    /// An empty table; columns from index `right` on hold numbers.
    pub fn new(header: &[&str], right: usize) -> Self {
        Self {
            header: header.iter().map(|h| (*h).into()).collect(),
            rows: Vec::new(),
            right,
        }
    }

    /// Adds a row of as many cells as the header has.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let shown = |cell: String| format::middle(&visible::line(&cell), LONGEST);
        self.rows.push(cells.into_iter().map(shown).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |column: usize| {
            let cells = std::iter::once(&self.header)
                .chain(&self.rows)
                .filter_map(|r| r.get(column));
            cells.map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line += if i == 0 { "" } else { "  " };
                // Not by a format width, which panics above 65,535.
                let padding = " ".repeat(width - cell.chars().count().min(*width));
                match i >= self.right {
                    true => line.extend([padding.as_str(), cell]),
                    false => line.extend([cell, padding.as_str()]),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut table = Table::new(&["variant", "ms"], 1);
        table.row(["fp32".into(), "1.5".into()]);
        table.row(["a longer name".into(), "12".into()]);
        assert_eq!(
            table.to_string(),
            "variant         ms\nfp32           1.5\na longer name   12\n"
        );
    }

    #[test]
    fn a_cell_of_any_length_and_content_is_one_line_that_a_reader_follows() {
        for right in [0, 2] {
            let mut table = Table::new(&["name", "n"], right);
            table.row(["x".repeat(70_000), "é".repeat(1 << 20)]);
            table.row(["a\nb\u{1b}[2J".into(), "1".into()]);
            let text = table.to_string();
            assert_eq!(text.lines().count(), 3);
            assert!(text.lines().all(|l| l.chars().count() <= 2 * LONGEST + 2), "{text}");
            assert!(text.contains("a\\u{a}b\\u{1b}[2J"), "{text}");
        }
    }
}
