//! Several datasets in one experiment file: `[[datasets]]`.

use super::file::{TomlSource, shown};
use super::schema::{DATASETS, OF_DATASETS};
use crate::error::{Error, Result};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// One of several datasets of a file: settings that are its own.
#[derive(Default)]
pub(super) struct FileDataset<'t> {
    /// What tells it from the others: its path.
    pub label: String,
    /// The sections [`OF_DATASETS`] as far as it has them.
    settings: DeTable<'t>,
}

impl<'t> FileDataset<'t> {
    /// Takes the list of datasets out of a file; one without settings where there is no list.
    ///
    /// # Errors
    ///
    /// Something else than such a list, or settings that a dataset has not; with the line.
    pub fn taken_from(root: &mut DeTable<'t>, source: &TomlSource, schema: &Value) -> Result<Vec<Self>> {
        let Some(listed) = root.remove(DATASETS) else { return Ok(vec![Self::default()]) };
        let refuse = |at: usize, reason: &str| {
            let hint = "a [[datasets]] for each, with keys such as data.path and split.protocol";
            Error::at_line(source.path, source.line(at), format!("`{DATASETS}`: {reason}"), hint)
        };
        let start = listed.span().start;
        let DeValue::Array(listed) = listed.into_inner() else {
            return Err(refuse(start, "is no list of tables"));
        };
        if listed.is_empty() {
            return Err(refuse(start, "is empty"));
        }
        let mut datasets: Vec<Self> = Vec::new();
        for entry in listed {
            let at = entry.span().start;
            let DeValue::Table(settings) = entry.into_inner() else {
                return Err(refuse(at, "is no list of tables"));
            };
            if let Some((key, _)) =
                settings.iter().find(|(key, _)| !OF_DATASETS.contains(&key.get_ref().as_ref()))
            {
                let reason =
                    format!("a dataset has settings of data and split alone, not `{}`", key.get_ref());
                return Err(refuse(key.span().start, &reason));
            }
            source.check_keys(schema, &settings, &mut Vec::new())?;
            let data = settings.get("data").and_then(|data| data.get_ref().as_table());
            let path = data.and_then(|data| data.get("path")).map(|path| shown(path.get_ref()));
            let label = path.unwrap_or_else(|| format!("{}", datasets.len() + 1));
            datasets.push(Self { label, settings });
        }
        Ok(datasets)
    }

    /// Puts its settings over those of the file.
    pub fn lay_over(&self, root: &mut DeTable<'t>) {
        self.settings.iter().for_each(|(name, section)| lay_over(root, name, section));
    }
}

/// Puts what a section has over what it has in `table`.
fn lay_over<'t>(table: &mut DeTable<'t>, name: &Spanned<DeString<'t>>, section: &Spanned<DeValue<'t>>) {
    match (table.get_mut(name.get_ref().as_ref()).map(Spanned::get_mut), section.get_ref()) {
        (Some(DeValue::Table(below)), DeValue::Table(above)) => {
            for (key, value) in above {
                below.remove(key.get_ref().as_ref());
                below.insert(key.clone(), value.clone());
            }
        }
        _ => drop(table.insert(name.clone(), section.clone())),
    }
}
