//! How wide what is printed may be.

use console::Term;
use textwrap::core::display_width;

/// Columns that everything printed fits in where more are at hand: longer lines are hard to read.
const MOST: usize = 100;

/// Narrower terminals are treated as if they had these columns: a word has to stand somewhere.
const LEAST: usize = 20;

/// Columns of text on this terminal, at most 100.
pub fn width() -> usize {
    terminal_width().map_or(MOST, |columns| columns.clamp(LEAST, MOST))
}

/// A paragraph behind a label, its further lines indented as far; on a narrow terminal below its label, because hardly a
/// word would fit beside it. Ends with a line end.
pub fn paragraph(label: &str, text: &str) -> String {
    let (columns, beside) = (width(), display_width(label));
    let indent = if 2 * beside > columns { 4 } else { beside };
    let lines = textwrap::wrap(text, columns - indent);
    let text = lines.join(&format!("\n{:indent$}", ""));
    match indent == beside {
        true => format!("{label}{text}\n"),
        false => format!("{}\n{:indent$}{text}\n", label.trim_end(), ""),
    }
}

/// Columns of the terminal, of whatever width; where output is no terminal, those that the environment variable
/// `COLUMNS` says, else none: lines of a file may be as long as they are.
pub(super) fn terminal_width() -> Option<usize> {
    let of_terminal = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    let said = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    of_terminal.or_else(said).filter(|columns| *columns > 0)
}
