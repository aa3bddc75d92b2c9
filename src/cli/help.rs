//! What all commands have in common on the command line: help that is laid out for this terminal, once, and numbers that
//! may be negative, so that they are refused for what they are and not as unknown flags.

use super::Cli;
use crate::report::width;
use clap::{Command, CommandFactory};
use textwrap::Options;
use textwrap::core::display_width;

/// Columns that what is said of an example needs beside it.
const ROOM: usize = 20;

/// What lines start with that continue what is said of the example above.
const CONTINUED: &str = "          ";

/// Spaces between an example and what is said of it.
const GAP: &str = "  ";

/// The program's command line.
pub(super) fn command() -> Command {
    let columns = width();
    laid_out(Cli::command(), columns).term_width(columns)
}

fn laid_out(command: Command, columns: usize) -> Command {
    let command = match command.get_after_help().map(ToString::to_string) {
        Some(text) => command.after_help(epilogue(&text, columns)),
        None => command,
    };
    command
        .mut_args(|arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg })
        .mut_subcommands(|below| laid_out(below, columns))
}

/// The text below the flags in so many columns: paragraphs are wrapped, and what is said of examples stands behind them or,
/// where they do not leave room for it, below them.
fn epilogue(text: &str, columns: usize) -> String {
    let is_fixed = |line: &&str| line.starts_with(GAP);
    if text.lines().filter(is_fixed).all(|line| display_width(line) <= columns) {
        let line = |line| if is_fixed(&line) { line.to_owned() } else { textwrap::fill(line, columns) };
        return text.lines().map(line).collect::<Vec<_>>().join("\n");
    }
    let lines: Vec<Line> = text.lines().fold(Vec::new(), |mut lines, line| {
        match (Line::of(line), lines.last_mut()) {
            // What is said of an example may go on below it.
            (Line::Text(line), Some(Line::Example(_, said))) if line.starts_with(CONTINUED) => {
                *said = format!("{said} {}", line.trim()).trim().to_owned();
            }
            (line, _) => lines.push(line),
        }
        lines
    });
    let examples = lines.iter().filter_map(|line| match line {
        Line::Example(example, said) if !said.is_empty() => Some(display_width(example)),
        _ => None,
    });
    let column = examples.max().unwrap_or(0) + 2 * GAP.len();
    lines.iter().map(|line| line.laid_out(column, columns)).collect::<Vec<_>>().join("\n")
}

/// A line as it is written in the source.
enum Line<'t> {
    /// An example, and what is said of it; perhaps nothing yet.
    Example(&'t str, String),
    /// Anything else: a paragraph, a head.
    Text(&'t str),
}

impl<'t> Line<'t> {
    fn of(line: &'t str) -> Self {
        match line.strip_prefix(GAP).filter(|rest| rest.starts_with("bench ")) {
            None => Self::Text(line),
            Some(rest) => {
                let (example, said) = rest.split_once(GAP).unwrap_or((rest, ""));
                Self::Example(example.trim_end(), said.trim().to_owned())
            }
        }
    }

    /// In so many columns, what is said of examples in the column of that number, if that leaves room for it.
    fn laid_out(&self, column: usize, columns: usize) -> String {
        let below = GAP.repeat(3);
        let options = || Options::new(columns);
        match self {
            Self::Text(line) => textwrap::fill(line, options().subsequent_indent(indent(line))),
            Self::Example(example, said) if columns >= column + ROOM && !said.is_empty() => {
                let label = format!("{GAP}{example:width$}{GAP}", width = column - 2 * GAP.len());
                let further = " ".repeat(column);
                textwrap::fill(said, options().initial_indent(&label).subsequent_indent(&further))
            }
            Self::Example(example, said) => {
                let example =
                    textwrap::fill(example, options().initial_indent(GAP).subsequent_indent(&below));
                let said = textwrap::fill(said, options().initial_indent(&below).subsequent_indent(&below));
                format!("{example}\n{said}").trim_end().to_owned()
            }
        }
    }
}

/// The spaces that a line starts with.
fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    const TEXT: &str = "Examples:\n  bench all            a leaderboard on built-in music\n  bench show last --confusion svm  a \
                        matrix\n                                   of a run\n\nA paragraph of some words, which is one line.";

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(epilogue(TEXT, 100), TEXT);
    }

    #[test]
    fn nothing_is_wrapped_twice() {
        for columns in [20, 30, 40, 55, 60, 80] {
            let laid_out = epilogue(TEXT, columns);
            assert!(laid_out.lines().all(|line| display_width(line) <= columns), "{columns}:\n{laid_out}");
        }
        let narrow = epilogue(TEXT, 40);
        assert!(narrow.contains("\n  bench all\n      a leaderboard on built-in music\n"), "{narrow}");
        assert!(narrow.contains("\n      a matrix of a run\n"), "{narrow}");
        let long = "  bench all --data gtzan --models svm,forest,logistic,knn-1,knn-5";
        let wide = epilogue(&format!("{long}\n{TEXT}"), 56);
        assert!(wide.contains("\n  bench all                        a leaderboard on\n"), "{wide}");
        let paragraph = format!("{TEXT} {}", "word ".repeat(30));
        assert!(
            epilogue(&paragraph, 60).starts_with(TEXT.split("\n\n").next().unwrap()),
            "examples that fit stay"
        );
    }

    #[test]
    fn every_help_text_fits_a_narrow_terminal() {
        fn longest(command: &mut Command, told: &mut Vec<String>) {
            let help = command.render_long_help().to_string();
            // Clap breaks between words alone: a value such as MODEL.PARAMETER=VALUE stands whole.
            let long = help.lines().filter(|line| display_width(line) > 30 && line.trim().contains("  "));
            told.extend(long.map(|line| format!("{}: {line}", command.get_name())));
            command.get_subcommands_mut().for_each(|below| longest(below, told));
        }
        let mut command = laid_out(Cli::command(), 30).term_width(30);
        command.build();
        let mut told = Vec::new();
        longest(&mut command, &mut told);
        assert!(told.is_empty(), "{told:#?}");
    }
}
