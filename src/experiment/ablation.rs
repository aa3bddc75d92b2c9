use super::Invalid;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::features::groups::group_of;
use crate::run::{Columns, PlannedModel};
use genre_bench_api::Reads;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More groups than this are no groups: pixels, or columns without speaking names.
const MOST_GROUPS: usize = 40;

/// Which groups of columns are left out in turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Ablation {
    /// Columns by group, where a name may end in `*`; the groups that the columns' names say if there is none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
}

impl Ablation {
    /// Refuses models that read something else than the table.
    #[allow(clippy::unused_self, reason = "it is a check of this setting")]
    pub(super) fn check(&self, models: &[PlannedModel]) -> Result<()> {
        if let Some(model) = models.iter().find(|model| !model.reads_table() || model.reads != Reads::Table) {
            let reason =
                format!("it reads {}, and only columns of the table can be left out", model.reads_what());
            let hint = "--models svm,forest or another that reads the table";
            return Err(Error::new(format!("model `{}`", model.name), reason, hint));
        }
        Ok(())
    }

    /// Each model once without every group, and once with all columns.
    ///
    /// # Errors
    ///
    /// Groups that the dataset has not.
    pub(super) fn variants(&self, models: Vec<PlannedModel>, dataset: &Dataset) -> Result<Vec<PlannedModel>> {
        let groups = self.columns(dataset)?;
        let variants = models.into_iter().flat_map(|full| {
            let without = groups.iter().map(|group| PlannedModel {
                name: format!("{} -{}", full.name, group.group),
                changed: true,
                without: Some(group.clone()),
                ..full.clone()
            });
            let mut rows: Vec<PlannedModel> = without.collect();
            rows.push(full);
            rows
        });
        Ok(variants.collect())
    }

    /// The groups to leave out: the user's, or those that the columns' names say.
    fn columns(&self, dataset: &Dataset) -> Result<Vec<Columns>> {
        let columns = &dataset.columns;
        let groups: Vec<Columns> = if self.groups.is_empty() {
            let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            columns.iter().for_each(|column| named.entry(group_of(column)).or_default().push(column.clone()));
            named.into_iter().map(|(group, columns)| Columns { group: group.to_owned(), columns }).collect()
        } else {
            let matching = |(group, patterns): (&String, &Vec<String>)| matching(group, patterns, columns);
            self.groups.iter().map(matching).collect::<std::result::Result<_, Invalid>>()?
        };
        let hint = "name some, --leave-out NAME=COLUMN,COLUMN*";
        if groups.len() > MOST_GROUPS {
            let reason = format!("its columns fall into {} groups by their names", groups.len());
            return Err(Error::new(&dataset.info.name, reason, hint));
        }
        if let Some(all) = groups.iter().find(|group| group.columns.len() == columns.len()) {
            let reason = format!("without the group `{}` there would be no column left", all.group);
            return Err(Error::new(&dataset.info.name, reason, hint));
        }
        Ok(groups)
    }
}

/// The columns that a group's patterns name.
fn matching(group: &str, patterns: &[String], columns: &[String]) -> std::result::Result<Columns, Invalid> {
    let matches = |pattern: &str, column: &str| match pattern.strip_suffix('*') {
        Some(start) => column.starts_with(start),
        None => column == pattern,
    };
    for pattern in patterns {
        if !columns.iter().any(|column| matches(pattern, column)) {
            let shown: Vec<&str> = columns.iter().take(8).map(String::as_str).collect();
            return Err(Invalid::new(
                format!("ablate.groups.{group}"),
                format!("no column matches `{pattern}`"),
                format!("the table has {} …", shown.join(", ")),
            ));
        }
    }
    let of_group = columns.iter().filter(|column| patterns.iter().any(|p| matches(p, column)));
    Ok(Columns { group: group.to_owned(), columns: of_group.cloned().collect() })
}
