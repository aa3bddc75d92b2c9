//! What all commands have in common on the command line: help that is laid out for this terminal, once, and numbers that
//! may be negative, so that they are refused for what they are and not as unknown flags.

use super::Cli;
use crate::report::width;
use clap::{Command, CommandFactory};
use textwrap::Options;
use textwrap::core::display_width;

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
    let lines: Vec<&str> = text.lines().collect();
    let widest =
        lines.iter().filter_map(|line| example(line)).map(|(example, _)| display_width(example)).max();
    let column = widest.unwrap_or(0) + 2 * GAP.len();
    let beside = lines.iter().all(|line| display_width(line) <= columns);
    let line = |line: &&str| match example(line) {
        _ if beside => (*line).to_owned(),
        Some((example, said)) => shown(example, said, column, columns),
        None => textwrap::fill(line, Options::new(columns).subsequent_indent(indent(line))),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The example of an indented line and what is said of it, two spaces or more behind.
fn example(line: &str) -> Option<(&str, &str)> {
    let (example, said) = line.strip_prefix(GAP)?.trim_end().split_once(GAP)?;
    (!example.is_empty()).then_some((example, said.trim_start()))
}

fn shown(example: &str, said: &str, column: usize, columns: usize) -> String {
    let below = GAP.repeat(3);
    let further = if columns >= column + 20 { " ".repeat(column) } else { below.clone() };
    let first = Options::new(columns).initial_indent(GAP).subsequent_indent(&below);
    if further.len() == column {
        let label = format!("{GAP}{example:width$}{GAP}", width = column - 2 * GAP.len());
        return textwrap::fill(
            said,
            Options::new(columns).initial_indent(&label).subsequent_indent(&further),
        );
    }
    let said = textwrap::fill(said, Options::new(columns).initial_indent(&below).subsequent_indent(&below));
    format!("{}\n{said}", textwrap::fill(example, first))
}

/// The spaces that a line starts with.
fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Examples:\n  bench all            a leaderboard on built-in music\n  bench show last --confusion svm  a \
                        matrix\n\nA paragraph of some words, which is one line.";

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
        let wide = epilogue(TEXT, 56);
        assert!(wide.contains("\n  bench all                        a leaderboard on"), "{wide}");
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
