//! What `bench data audit` prints.

use super::grid::GridLine;
use super::{Grid, width};
use crate::recordings::audit::{AuditReport, DuplicateGroup, DuplicateLink, GenreCounts, Sameness};
use crate::util::shown::one_line;
use console::style;
use std::collections::BTreeMap;
use std::fmt::Write;
use textwrap::Options;

/// The report for people, at most [`width`] columns wide.
pub fn text(report: &AuditReport) -> String {
    let files: usize = report.genres.values().map(|counts| counts.files).sum();
    let mut out = format!("{}: {files} recordings\n\n", style(one_line(&report.folder)).bold());
    out += &counts(&report.genres);
    if !report.faults.is_empty() {
        out += &heading(&format!("Faults ({}): recordings that cannot be used", report.faults.len()));
        for fault in &report.faults {
            out += &item("  ", &format!("{}: {}", fault.place.file, fault.reason));
        }
    }
    if !report.duplicates.is_empty() {
        let recordings: usize = report.duplicates.iter().map(|group| group.members.len()).sum();
        let groups = report.duplicates.len();
        out += &heading(&format!("Duplicates ({groups}): groups of the same sound, {recordings} recordings"));
        report.duplicates.iter().for_each(|group| out += &duplicates(group));
    }
    if !report.hints.is_empty() {
        out += &heading(&format!("Hints ({}): worth a look or a listen, no faults", report.hints.len()));
        for hints in report.hints.chunk_by(|x, y| x.kind == y.kind) {
            let _ = writeln!(out, "  {} ({})", hints[0].kind.name(), hints.len());
            hints
                .iter()
                .for_each(|hint| out += &item("    ", &format!("{}: {}", hint.place.file, hint.reason)));
        }
    }
    let copies: usize = report.duplicates.iter().map(|group| group.members.len() - 1).sum();
    let end = match report.faults.len() + copies {
        0 => "no faults and no duplicates".to_owned(),
        dropped => {
            format!("--drop-faults leaves out {dropped} of {files} recordings, given this as a file (-o)")
        }
    };
    out + &format!("\n{end}\n")
}

/// A row a genre, and their sum.
fn counts(genres: &BTreeMap<String, GenreCounts>) -> String {
    let mut grid = Grid::new(1, ["genre", "files", "faults", "duplicates", "hints"]);
    let mut sum = GenreCounts::default();
    let mut row = |name: &str, c: &GenreCounts| {
        let numbers = [c.files, c.faults, c.duplicates, c.hints].map(|n| n.to_string());
        grid.row(std::iter::once(name.to_owned()).chain(numbers));
    };
    for (genre, counts) in genres {
        row(genre, counts);
        sum.files += counts.files;
        sum.faults += counts.faults;
        sum.duplicates += counts.duplicates;
        sum.hints += counts.hints;
    }
    row("all", &sum);
    let shown = |GridLine { text, row }| if row.is_none() { style(text).bold() } else { style(text) };
    grid.lines().into_iter().map(|line| format!("{}\n", shown(line))).collect()
}

fn duplicates(group: &DuplicateGroup) -> String {
    let mut out = item("  ", &format!("{}: {}", group.kind.name(), group.members[0].file));
    if group.mislabelled {
        let mut genres: Vec<&str> = group.members.iter().map(|member| member.genre.as_str()).collect();
        genres.sort_unstable();
        genres.dedup();
        let warning = item("    ", &format!("MISLABELLED: it is {}", genres.join(" and ")));
        out += &style(warning).red().to_string();
    }
    group.links.iter().for_each(|link| out += &item("    ", &connection(link)));
    out
}

/// `blues/b.mp3 = blues/a.wav: re-encoded, from 7.77 s on, -3.1 dB, similarity 0.98, 22.2 s in common`.
fn connection(link: &DuplicateLink) -> String {
    let mut text = format!("{} = {}: {}", link.b, link.a, link.kind.name());
    if link.offset_seconds.abs() >= 0.005 {
        let _ = write!(text, ", {:+.2} s", link.offset_seconds);
    }
    if link.gain_db.abs() >= 0.05 {
        let _ = write!(text, ", {:+.1} dB", link.gain_db);
    }
    if link.kind > Sameness::Level {
        let _ = write!(text, ", {:.1} s in common, similarity {:.2}", link.overlap_seconds, link.similarity);
    }
    text
}

fn heading(text: &str) -> String {
    format!("\n{}\n", style(text).bold())
}

/// A paragraph, indented, its further lines more so.
fn item(indent: &str, text: &str) -> String {
    let further = format!("{indent}    ");
    let options = Options::new(width()).initial_indent(indent).subsequent_indent(&further);
    textwrap::fill(&one_line(text), options) + "\n"
}
