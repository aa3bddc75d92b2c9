//! What must be known before anything is believed.

use super::elements::name;
use super::{Page, Run};
use crate::report::chart::escaped;
use crate::report::check::{Finding, findings};
use crate::report::leaderboard_table::worse_calibrated;
use std::fmt::Write as _;

/// Something to know about a run or some of its models: what was said when it was planned, what broke, and what the
/// [checks](crate::report::check) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How much it matters.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// The models it is about; all if none.
    pub models: Vec<String>,
}

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is missing or broken.
    Failed,
    /// Scores mislead.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Remark {
    fn new(level: Level, found: impl Into<String>) -> Self {
        Self { level, found: found.into(), models: Vec::new() }
    }

    /// All that is known of a run, the gravest first.
    pub fn all(run: &Run) -> Vec<Self> {
        let (plan, board) = (&run.results.plan, &run.board);
        let mut checks: Vec<Self> = Vec::new();
        for row in &board.rows {
            let about = |check: Self| Self { models: vec![row.model.clone()], ..check };
            checks.extend(row.errors.iter().map(|error| about(Self::new(Level::Failed, error))));
            if row.errors.is_empty() && !row.is_complete() {
                let found =
                    format!("{} of {} folds are there, so it has no score", row.folds_done, row.folds);
                checks.push(about(Self::new(Level::Failed, found)));
            }
        }
        checks.extend(run.damage.iter().map(|damage| Self::new(Level::Failed, damage.to_string())));
        checks.extend(plan.warnings.iter().map(|warning| Self::new(Level::Warning, warning)));
        checks.extend(board.cautions.iter().map(|caution| Self::new(Level::Warning, caution)));
        checks.extend(worse_calibrated(board).map(|worse| Self::new(Level::Warning, worse)));
        checks.extend(board.interval_warning.iter().map(|warning| Self::new(Level::Note, warning)));
        checks.extend(plan.notes.iter().map(|note| Self::new(Level::Note, note)));
        let said: Vec<String> = checks.iter().map(|check| check.found.clone()).collect();
        // Some repeat a warning of the plan.
        let news = findings(run.results, board).into_iter().filter(|finding| !said.contains(&finding.text));
        checks.extend(news.map(|Finding { code, name, text, .. }| {
            Self::new(Level::Warning, format!("{code} {name}: {text}"))
        }));
        checks.sort_by_key(|check| check.level);
        checks.dedup();
        checks
    }
}

/// The checks of a run.
pub fn checks(page: &Page, run: &Run) -> String {
    let mut out = String::new();
    for Remark { level, found, models } in Remark::all(run) {
        let about = models
            .iter()
            .map(|model| format!("<a href=\"#{}\">{}</a>: ", page.anchor(run, model), name(model)));
        let about = about.collect::<String>();
        let level = level.name();
        let _ = write!(
            out,
            "<li class=\"{level}\"><span class=\"level\">{level}</span> <span>{about}{}</span>",
            escaped(&found)
        );
    }
    if out.is_empty() {
        return "<p>Nothing was found.</p>".to_owned();
    }
    format!("<ul class=\"checks\">{out}</ul>")
}
