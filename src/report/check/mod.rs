//! What is often wrong with results, each with a code, as a linter has them: `bench check`.
//!
//! A check looks at a stored run and its leaderboard and never at the data, so runs of earlier versions can be checked,
//! too. Its page, which `--explain` prints, is the section of docs/checks.md under its code.

mod fit;
mod setup;
mod split;

pub use setup::AT_GRID_END;

use super::{Grid, Leaderboard, Results, paragraph, width};
use crate::error::{Error, Result};
use crate::util::nearest;
use crate::util::shown::{counted, one_line};
use console::style;
use serde::Serialize;

/// A thing that is often wrong.
#[derive(Debug)]
pub struct Check {
    /// A letter and three digits: S of the split, M of a model's fit, C of what is compared, D of the data.
    pub code: &'static str,
    /// In words, lower case with hyphens.
    pub name: &'static str,
    /// What it finds, in a line.
    pub summary: &'static str,
    /// Looks for it.
    find: fn(&Subject) -> Vec<Found>,
}

/// All checks, in the order of their codes.
pub static CHECKS: [&Check; 13] = [
    &setup::UNTUNED,
    &setup::REDUCED,
    &setup::GRID_END,
    &split::GIVEN_AWAY,
    &fit::OVER_FITTED,
    &fit::NO_BETTER_THAN_MAJORITY,
    &fit::FOLDS_DISAGREE,
    &fit::MISCALIBRATED,
    &split::SAME_TRACK,
    &split::DUPLICATES,
    &split::SAME_ARTIST,
    &split::FEW_ARTISTS,
    &split::VALIDATED_ON_TEST,
];

/// What is looked at.
struct Subject<'a> {
    results: &'a Results,
    leaderboard: &'a Leaderboard<'a>,
}

/// What a check found.
struct Found {
    /// The models that it is true of; none if it is true of the run.
    models: Vec<String>,
    /// A sentence without its end.
    text: String,
}

/// A finding of a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Code of the check.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The models that it is true of; none if it is true of the run.
    pub models: Vec<String>,
    /// What was found.
    pub text: String,
}

/// What all checks find in a run, in the order of their codes.
pub fn findings(results: &Results, leaderboard: &Leaderboard) -> Vec<Finding> {
    let subject = Subject { results, leaderboard };
    let of_check = |check: &&'static Check| {
        let Check { code, name, find, .. } = **check;
        let finding = move |Found { models, text }| Finding { code, name, models, text };
        find(&subject).into_iter().map(finding).collect::<Vec<_>>()
    };
    CHECKS.iter().flat_map(of_check).collect()
}

/// Findings for people.
pub fn table(results: &Results, findings: &[Finding]) -> String {
    let run = one_line(&results.plan.id).into_owned();
    if findings.is_empty() {
        return format!("{run}: nothing found\n");
    }
    let mut out = format!("{run}: {}\n\n", counted(findings.len(), "finding"));
    for Finding { code, name, text, .. } in findings {
        let text = paragraph(&format!("{code} {name}: "), &format!("{}.", one_line(text)));
        out += &text.replacen(code, &style(code).yellow().bold().to_string(), 1);
    }
    out + "\n"
        + &textwrap::fill("`bench check --explain CODE` says why it matters and what to do.", width())
        + "\n"
}

/// How many findings there are and of which codes, for the foot of a leaderboard; none if there is none.
pub fn footnote(findings: &[Finding]) -> Option<String> {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.dedup();
    (!codes.is_empty()).then(|| {
        format!(
            "Checks: {} ({}); `bench check` shows them.",
            counted(findings.len(), "finding"),
            codes.join(", ")
        )
    })
}

/// All checks for people.
pub fn list() -> String {
    let mut grid = Grid::new(3, ["code", "name", "finds"]);
    CHECKS.iter().for_each(|check| grid.row([check.code, check.name, check.summary].map(str::to_owned)));
    grid.to_string()
}

/// The page of a check, by its code or name: a section of docs/checks.md.
///
/// # Errors
///
/// There is no such check.
pub fn explanation(code: &str) -> Result<&'static str> {
    const PAGES: &str = include_str!("../../../docs/checks.md");
    let is_meant = |check: &&&Check| check.code.eq_ignore_ascii_case(code) || check.name == code;
    let page = |check: &&'static Check| {
        let sections = PAGES.split("\n## ").map(str::trim_end);
        sections.into_iter().find(|section| section.starts_with(check.code))
    };
    CHECKS.iter().find(is_meant).and_then(page).ok_or_else(|| {
        let known = CHECKS.iter().flat_map(|check| [check.code, check.name]);
        let hint = match nearest(code, known, 1).pop() {
            Some(nearest) => format!("did you mean {nearest}? `bench check --list` shows all"),
            None => "`bench check --list` shows all".to_owned(),
        };
        Error::new(format!("check `{code}`"), "there is none of this code", hint)
    })
}

/// What was said when the run was planned, if it was about this.
fn said(sentences: &[String], about: &str) -> Vec<Found> {
    let is_about = |sentence: &&String| sentence.contains(about);
    let found = |sentence: &String| Found { models: Vec::new(), text: sentence.clone() };
    sentences.iter().filter(is_about).map(found).collect()
}

/// A finding of several models, each with what was measured of it; nothing of none.
fn of_models(models: Vec<(String, String)>, text: impl FnOnce(String) -> String) -> Vec<Found> {
    if models.is_empty() {
        return Vec::new();
    }
    let said = models.iter().map(|(model, said)| match said.as_str() {
        "" => model.clone(),
        said => format!("{model} ({said})"),
    });
    let text = text(said.collect::<Vec<_>>().join(", "));
    vec![Found { models: models.into_iter().map(|(model, _)| model).collect(), text }]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn every_check_has_a_code_of_its_own_and_a_page() {
        let codes: Vec<&str> = CHECKS.iter().map(|check| check.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        for check in CHECKS {
            let page = explanation(check.code).unwrap();
            assert_eq!(page.lines().next().unwrap(), format!("{} {}", check.code, check.name));
            for heading in ["**What it finds.**", "**Why it matters.**", "**What to do.**"] {
                assert!(page.contains(heading), "{}: {heading}", check.code);
            }
            assert_eq!(explanation(check.name).unwrap(), page);
        }
        assert_eq!(explanation("s101").unwrap(), explanation("S101").unwrap());
        assert!(explanation("S999").unwrap_err().to_string().contains("--list"));
    }
}
