//! Text from models, recipes, libraries and other machines as a person may safely read it. Everything that goes to a
//! terminal, a log, a progress bar or a report passes here; JSON and CSV are for programs and keep what is there.
//!
//! A terminal obeys what it prints: ESC moves the cursor and writes the clipboard (OSC 52), a carriage return hides the
//! line before it, characters that change the direction of writing let a name read as another one (CVE-2021-42574), and
//! what has no width hides between letters. Each of them is shown by its number instead, as `\u{1b}`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// True for what a reader cannot see, or what acts on the reader's terminal: controls (C0, C1, DEL), line and paragraph
/// separators, marks of writing direction, and what Unicode says to ignore (Default_Ignorable_Code_Point of Unicode 16),
/// but for the variation selectors that emoji are written with.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn escaped(text: &str, keep: fn(char) -> bool) -> Cow<'_, str> {
    let acts = |c: char| is_hidden(c) && !keep(c);
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match acts(c) {
            // Writing to a string cannot fail.
            true => drop(write!(out, "{}", c.escape_unicode())),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Text of several lines: line feeds and tabs stay.
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Text that is one line: a name, a cell, a line of a log.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// One line of Markdown that shows just this text: no markup, no link, no end of a table's cell.
pub fn markdown(text: &str) -> String {
    let joined = text.replace("\r\n", " ").replace(['\n', '\r'], " ");
    let shown = line(&joined);
    let mut out = String::with_capacity(shown.len() + 8);
    let mut before = None;
    let mut chars = shown.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word =
            before.is_some_and(char::is_alphanumeric) && chars.peek().is_some_and(|c| c.is_alphanumeric());
        let acts = match c {
            // Underscores inside words are no emphasis (CommonMark, 6.2), and names are full of them.
            '_' => !inside_word,
            // Addresses become links by themselves (GitHub Flavored Markdown, 6.9).
            ':' => chars.peek() == Some(&'/'),
            '.' => out.to_ascii_lowercase().ends_with("www"),
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            '#' | '+' | '-' => before.is_none(),
            _ => false,
        };
        if acts {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// A stream of text for people: what is written to it arrives as [`text`] shows it, bytes that are not UTF-8 replaced.
#[derive(Debug)]
pub struct Visible<W> {
    to: W,
    /// Beginning of a character whose end was not written yet.
    rest: Vec<u8>,
}

impl<W: Write> Visible<W> {
    /// What is written goes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, rest: Vec::new() }
    }
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Err(e) if e.error_len().is_none() => e.valid_up_to(),
            _ => self.rest.len(),
        };
        let ready: Vec<u8> = self.rest.drain(..whole).collect();
        self.to
            .write_all(text(&String::from_utf8_lossy(&ready)).as_bytes())
            .map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_by_its_number() {
        assert_eq!(line("\u{1b}]52;c;cm0=\u{7}"), "\\u{1b}]52;c;cm0=\\u{7}");
        assert_eq!(
            line("a\rb\u{9b}31m\u{202e}c\u{200b}d"),
            "a\\u{d}b\\u{9b}31m\\u{202e}c\\u{200b}d"
        );
        assert_eq!(line("a\tb\nc"), "a\\u{9}b\\u{a}c");
        assert_eq!(text("a\tb\nc\u{7f}"), "a\tb\nc\\u{7f}");
        for plain in ["/layer.0/attn/MatMul_1", "größe 層 🎉", "e\u{301}", "✔\u{fe0f}"] {
            assert!(matches!(line(plain), Cow::Borrowed(same) if same == plain));
        }
    }

    #[test]
    fn markdown_shows_names_and_makes_nothing_of_them() {
        assert_eq!(markdown("fp16_int8_v2"), "fp16_int8_v2");
        assert_eq!(markdown("_a_|b\nc"), "\\_a\\_\\|b c");
        assert_eq!(
            markdown("![x](http://e.org) <img> www.e.org"),
            "!\\[x\\](http\\://e.org) \\<img\\> www\\.e.org"
        );
        assert_eq!(markdown("# a"), "\\# a");
        assert_eq!(markdown("0.5 + 1.0 - 2"), "0.5 + 1.0 - 2");
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let whole = "größe\u{1b}[31m 層\u{202e}\n";
        for cut in 0..=whole.len() {
            let mut out = Visible::new(Vec::new());
            let (head, tail) = whole.as_bytes().split_at(cut);
            out.write_all(head).unwrap();
            out.write_all(tail).unwrap();
            assert_eq!(String::from_utf8(out.to).unwrap(), text(whole));
        }
    }

    proptest! {
        #[test]
        fn nothing_that_acts_comes_through(given in any::<String>()) {
            prop_assert!(!line(&given).contains(is_hidden));
            prop_assert!(!text(&given).replace(['\n', '\t'], "").contains(is_hidden));
            prop_assert!(!markdown(&given).contains(is_hidden));
        }
    }
}
