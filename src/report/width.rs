//! How wide what is printed may be.

use console::Term;

/// Columns that everything printed fits in where more are at hand: longer lines are hard to read.
const MOST: usize = 100;

/// Narrower terminals are treated as if they had these columns: a word has to stand somewhere.
const LEAST: usize = 20;

/// Columns of text on this terminal, at most 100.
pub fn width() -> usize {
    terminal_width().map_or(MOST, |columns| columns.clamp(LEAST, MOST))
}

/// Columns of the terminal, of whatever width; where output is no terminal, those that the environment variable
/// `COLUMNS` says, else none: lines of a file may be as long as they are.
pub(super) fn terminal_width() -> Option<usize> {
    let of_terminal = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    let said = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    of_terminal.or_else(said).filter(|columns| *columns > 0)
}
