//! Which columns are features, and what is told of the others.

use super::cells::Cells;
use super::choice::ColumnChoice;
use super::giveaways::{Truth, Verdict, judge};
use super::roles::{Role, Roles, role_of};
use crate::error::{Error, Result};
use crate::features::table::FEATURE_NAMES;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// So many columns are named in a note; of more it says how many.
const SHOWN: usize = 12;

/// What a note says of columns that may give the class away.
pub const MAY_GIVE_AWAY: &str = "kept, but look whether it was measured";

/// A table whose features are to be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Where it was read.
    pub path: &'a Path,
    /// What it holds.
    pub cells: &'a Cells,
    /// What the user says.
    pub choice: &'a ColumnChoice,
    /// The columns that play another part.
    pub roles: &'a Roles,
    /// Labels and tracks.
    pub truth: &'a Truth,
}

impl Selection<'_> {
    /// The feature columns: the published ones in their published order, then others by name, whatever the order in
    /// the file; so two copies of one table with their columns shuffled give the same numbers. What is left out is
    /// added to `notes`.
    ///
    /// # Errors
    ///
    /// There is none, or the label was named as one.
    pub fn features(&self, notes: &mut Vec<String>) -> Result<Vec<usize>> {
        let label = self.roles.label;
        if self.forced(label) {
            let reason = format!("`{}` is the label and no feature", self.name(label));
            return Err(Error::at(self.path, reason, "leave it out of --features"));
        }
        let numbers = self.columns_of_numbers(notes);
        let mut features = self.measurements(&numbers, notes);
        if features.is_empty() {
            let reason = match notes.iter().find(|note| note.starts_with("left out")) {
                Some(note) => format!("there is no feature column ({note})"),
                None => "there is no feature column".to_owned(),
            };
            return Err(Error::at(self.path, reason, "add numeric columns beside the label"));
        }
        let place = |c: usize| FEATURE_NAMES.iter().position(|feature| *feature == self.name(c));
        features.sort_by_cached_key(|&c| (place(c).unwrap_or(FEATURE_NAMES.len()), self.name(c), c));
        Ok(features)
    }

    fn name(&self, column: usize) -> &str {
        &self.cells.columns[column].name
    }

    fn dropped(&self, column: usize) -> bool {
        self.choice.drop.as_ref().is_some_and(|globs| globs.matches(self.name(column)))
    }

    /// Whether the user names the column in full.
    fn forced(&self, column: usize) -> bool {
        let named = self.choice.features.as_ref().is_some_and(|globs| globs.names(self.name(column)));
        named && !self.dropped(column)
    }

    /// Whether the column may be a feature by what the user says and by its part.
    fn wanted(&self, column: usize) -> bool {
        let chosen = self.choice.features.as_ref().is_none_or(|globs| globs.matches(self.name(column)));
        self.forced(column) || (chosen && !self.dropped(column) && !self.roles.has(column))
    }

    /// The wanted columns that hold numbers, also if a cell of them is broken, and are not called by a name that no
    /// feature has.
    fn columns_of_numbers(&self, notes: &mut Vec<String>) -> Vec<usize> {
        let columns = 0..self.cells.columns.len();
        let published: HashSet<&str> = FEATURE_NAMES.into_iter().collect();
        let there = columns.clone().filter(|&c| published.contains(self.name(c))).count();
        let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut kept = Vec::new();
        for c in columns.filter(|&c| self.wanted(c)) {
            let column = &self.cells.columns[c];
            let reason = match role_of(self.name(c)) {
                _ if self.forced(c) || published.contains(self.name(c)) => None,
                Role::Label => Some("another label column"),
                Role::Group | Role::Id => Some("another column of names"),
                Role::Index | Role::Other if column.is_empty() => Some("empty"),
                Role::Index if column.is_numbers() && self.truth.numbers_rows(&column.values) => {
                    Some("a row number")
                }
                Role::Index if self.name(c).is_empty() => Some("without a name"),
                Role::Index => Some("a row number by its name"),
                // The published tables have it, and everybody knows it for no feature.
                Role::Length if there == published.len() => continue,
                Role::Length => Some("samples of an example, which give its seconds"),
                Role::Other => column.is_words().then_some("no numbers"),
            };
            match reason {
                Some(reason) => left_out.entry(reason).or_default().push(shown(self.name(c), c)),
                None => kept.push(c),
            }
        }
        notes.extend(left_out.iter().map(|(why, columns)| format!("left out, {why}: {}", listed(columns))));
        kept
    }

    /// The columns that do not give the class away.
    fn measurements(&self, columns: &[usize], notes: &mut Vec<String>) -> Vec<usize> {
        let judged = |&c: &usize| {
            let column = &self.cells.columns[c];
            if self.forced(c) || !column.is_numbers() {
                return None;
            }
            let published = FEATURE_NAMES.contains(&self.name(c));
            judge(self.name(c), &column.values, self.truth, columns.len(), published)
        };
        let verdicts: Vec<Option<Verdict>> = columns.par_iter().map(judged).collect();
        let (mut given_away, mut doubtful, mut measurements) = (Vec::new(), Vec::new(), Vec::new());
        let mut first = None;
        for (&c, verdict) in columns.iter().zip(&verdicts) {
            match verdict {
                Some(Verdict::LeaveOut(why)) => {
                    first.get_or_insert(self.name(c));
                    given_away.push(format!("`{}` ({why})", self.name(c)));
                    continue;
                }
                Some(Verdict::Doubt(why)) => doubtful.push(format!("`{}` ({why})", self.name(c))),
                None => {}
            }
            measurements.push(c);
        }
        if let Some(first) = first {
            notes.push(format!(
                "left out, because they tell the class and measure nothing: {}; --features '*,{first}' takes it for a \
                 feature all the same",
                listed(&given_away),
            ));
        }
        if !doubtful.is_empty() {
            let shown = listed(&doubtful);
            notes.push(format!("{MAY_GIVE_AWAY}: {shown}; --drop NAME leaves a column out"));
        }
        measurements
    }
}

/// A column in a note: by its name or, without one, its place.
fn shown(name: &str, column: usize) -> String {
    match (name.is_empty(), column) {
        (true, 0) => "the first column".to_owned(),
        (true, _) => format!("column {}", column + 1),
        (false, _) => format!("`{name}`"),
    }
}

fn listed(columns: &[String]) -> String {
    match columns.len().checked_sub(SHOWN) {
        None | Some(0) => columns.join(", "),
        Some(more) => format!("{} and {more} more", columns[..SHOWN].join(", ")),
    }
}
