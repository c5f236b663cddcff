//! Plain tables for the terminal.

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
        self.rows.push(cells.into_iter().collect());
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
                let gap = if i == 0 { "" } else { "  " };
                if i >= self.right {
                    line += &format!("{gap}{cell:>width$}");
                } else {
                    line += &format!("{gap}{cell:<width$}");
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
}
