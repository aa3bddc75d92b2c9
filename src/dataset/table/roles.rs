//! Which column plays which part, by its name, by what the user says and, where names leave a choice, by content.

use super::cells::{CellColumn, Cells};
use super::choice::{ColumnChoice, named_column};
use crate::error::{Error, Result};
use crate::recordings::names;
use std::collections::HashMap;
use std::path::Path;

/// What a column of a feature table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Name of the example, usually of its file.
    Id,
    /// Name of the track the example was cut from.
    Group,
    /// Number of samples the example was computed from.
    Length,
    /// The genre.
    Label,
    /// A row number, as pandas writes it: a column without a name, or `index`.
    Index,
    /// Anything else: a feature, if it holds numbers.
    Other,
}

/// Names of a part, the one to prefer first.
const LABELS: [&str; 3] = ["label", "genre", "class"];
const GROUPS: [&str; 5] = ["track", "clip", "group", "track_id", "clip_id"];
const IDS: [&str; 2] = ["filename", "file"];

/// The role of a column, by its name alone.
pub fn role_of(name: &str) -> Role {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        name if LABELS.contains(&name) => Role::Label,
        name if GROUPS.contains(&name) => Role::Group,
        name if IDS.contains(&name) => Role::Id,
        "length" => Role::Length,
        "" | "index" => Role::Index,
        name if name.starts_with("unnamed:") => Role::Index,
        _ => Role::Other,
    }
}

/// Whether the texts of a column are needed.
pub fn has_texts(name: &str, choice: &ColumnChoice) -> bool {
    let chosen = [&choice.label, &choice.group, &choice.id, &choice.split];
    matches!(role_of(name), Role::Label | Role::Group | Role::Id)
        || chosen.into_iter().flatten().any(|chosen| chosen.trim() == name)
}

/// The columns that are no features.
#[derive(Debug)]
pub struct Roles {
    /// The genre.
    pub label: usize,
    /// What belongs together.
    pub group: Option<usize>,
    /// Names of the examples.
    pub id: Option<usize>,
    /// Samples of an example.
    pub length: Option<usize>,
    /// Who trains and who is tested.
    pub split: Option<usize>,
    /// What the user should know of how they were chosen.
    pub notes: Vec<String>,
}

/// A part that several columns may play.
struct Part {
    flag: &'static str,
    role: Role,
    names: &'static [&'static str],
    /// What two columns of it disagree about.
    about: &'static str,
}

impl Roles {
    /// Chooses the columns.
    ///
    /// # Errors
    ///
    /// A column that the user names is not there, there is no label, or columns that could be one part contradict
    /// each other.
    pub fn of(path: &Path, cells: &Cells, choice: &ColumnChoice) -> Result<Self> {
        let names: Vec<&str> = cells.columns.iter().map(|column| column.name.as_str()).collect();
        for (flag, globs) in [("--features", &choice.features), ("--drop", &choice.drop)] {
            globs.as_ref().map_or(Ok(()), |globs| globs.check(path, flag, &names))?;
        }
        let named = |flag, name: &Option<String>| {
            name.as_ref().map(|name| named_column(path, flag, name, &names)).transpose()
        };
        let mut notes = Vec::new();
        let mut chosen = |part: &Part, name: &Option<String>| match named(part.flag, name)? {
            Some(column) => Ok(Some(column)),
            None => part.column(path, cells, choice, &mut notes),
        };
        let part = |flag, role, names, about| Part { flag, role, names, about };
        let label = chosen(&part("--label", Role::Label, &LABELS, "the label"), &choice.label)?;
        let label = label.ok_or_else(|| {
            let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
            let reason = format!("there is no `label` column (the header starts {shown})");
            Error::at(
                path,
                reason,
                "add a header, or a column with the genres; --label COLUMN if it is called otherwise",
            )
        })?;
        let group =
            chosen(&part("--group", Role::Group, &GROUPS, "which examples belong together"), &choice.group)?;
        let id = chosen(&part("--id", Role::Id, &IDS, "the names of the examples"), &choice.id)?;
        if let (Some(group), Some(id), None) = (group, id, &choice.group) {
            notes.extend(names_that_disagree(&cells.columns[group], &cells.columns[id]));
        }
        Ok(Self {
            label,
            group,
            id,
            length: dropping(choice, cells, Role::Length).next(),
            split: named("--protocol column:NAME", &choice.split)?,
            notes,
        })
    }

    /// Whether a column plays a part.
    pub fn has(&self, column: usize) -> bool {
        let others = [self.group, self.id, self.split];
        column == self.label || others.contains(&Some(column))
    }
}

/// The columns of a role that the user does not drop.
fn dropping<'a>(choice: &'a ColumnChoice, cells: &'a Cells, role: Role) -> impl Iterator<Item = usize> + 'a {
    (0..cells.columns.len()).filter(move |&c| {
        let name = &cells.columns[c].name;
        role_of(name) == role && !choice.drop.as_ref().is_some_and(|globs| globs.matches(name))
    })
}

impl Part {
    /// The one column that plays it. Several may if they say the same.
    fn column(
        &self,
        path: &Path,
        cells: &Cells,
        choice: &ColumnChoice,
        notes: &mut Vec<String>,
    ) -> Result<Option<usize>> {
        let mut candidates: Vec<usize> = dropping(choice, cells, self.role).collect();
        let name = |c: usize| cells.columns[c].name.as_str();
        // By what they are called and not by where they stand.
        let rank = |c: usize| {
            let lower = name(c).to_ascii_lowercase();
            (self.names.iter().position(|n| *n == lower), name(c) != lower, name(c))
        };
        candidates.sort_by(|&a, &b| rank(a).cmp(&rank(b)));
        let Some((&first, others)) = candidates.split_first() else { return Ok(None) };
        for &other in others {
            if let Some(row) = first_difference(&cells.columns[first], &cells.columns[other]) {
                let text = |c: usize| cells.columns[c].texts.as_ref().map_or("", |texts| texts.of(row));
                let reason = format!(
                    "columns `{}` and `{}` disagree about {}: `{}` and `{}` do not fit the rows before",
                    name(first),
                    name(other),
                    self.about,
                    text(first),
                    text(other),
                );
                let hint = format!(
                    "name the one that holds, {0} {1} or {0} {2}",
                    self.flag,
                    name(first),
                    name(other)
                );
                return Err(cells.error(path, cells.lines[row], reason, &hint));
            }
        }
        if !others.is_empty() {
            let shown: Vec<String> = others.iter().map(|&c| format!("`{}`", name(c))).collect();
            let verb = if others.len() == 1 { "says" } else { "say" };
            notes.push(format!("`{}` is {}; {} {verb} the same", name(first), self.about, shown.join(", ")));
        }
        Ok(Some(first))
    }
}

/// The first row that shows that two columns do not divide the rows alike.
fn first_difference(a: &CellColumn, b: &CellColumn) -> Option<usize> {
    let (Some(a), Some(b)) = (&a.texts, &b.texts) else { return None };
    // Codes are given in order of first appearance, so columns that divide the rows alike have the same.
    a.codes.iter().zip(&b.codes).position(|(a, b)| a != b)
}

/// A note if two examples that their names take for segments of one track are of two tracks by the group column.
fn names_that_disagree(group: &CellColumn, id: &CellColumn) -> Option<String> {
    let (Some(groups), Some(ids)) = (&group.texts, &id.texts) else { return None };
    let mut group_of: HashMap<&str, usize> = HashMap::new();
    for row in 0..groups.codes.len() {
        if groups.of(row).is_empty() || ids.of(row).is_empty() {
            continue;
        }
        let first = *group_of.entry(names::track_of(ids.of(row))).or_insert(row);
        if groups.codes[first] != groups.codes[row] {
            return Some(format!(
                "`{}` and `{}` disagree about which examples belong together: `{}` and `{}` are of one track by their \
                 names, but of `{}` and `{}`; `{}` is taken, --group {} takes the names",
                id.name,
                group.name,
                ids.of(first),
                ids.of(row),
                groups.of(first),
                groups.of(row),
                group.name,
                id.name,
            ));
        }
    }
    None
}
