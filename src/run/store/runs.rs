//! The folders of runs in a store.

use super::{AGAIN, MOST_BYTES, RunLock, Store, read, unwritable};
use crate::dataset::Catalogue;
use crate::error::{Error, Result};
use crate::protocol::{Fold, table};
use crate::run::Plan;
use crate::run::sealed::{self, checksum};
use crate::util::{Damage, open_regular};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(super) const PLAN: &str = "plan.json";
const EXPERIMENT: &str = "experiment.toml";
const EXAMPLES: &str = "examples.csv";
const SPLIT: &str = "split.csv";
/// The files of a run, the one that makes a folder a run first.
pub(super) const RUN_FILES: [&str; 4] = [PLAN, EXPERIMENT, EXAMPLES, SPLIT];

/// SHA-256 of files of a run by their names. Not of the experiment, which other words may say for the same run, so that it
/// has a checksum of its own.
pub(super) type Checksums = BTreeMap<String, String>;

/// A plan with the files of its run.
pub(super) type RunFiles = (Plan, Vec<(&'static str, Vec<u8>)>);

/// `plan.json`.
#[derive(Serialize)]
struct StoredPlan<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    files: Checksums,
}

/// The other keys of `plan.json`.
#[derive(serde::Deserialize)]
struct StoredChecksums {
    files: Checksums,
}

impl Store {
    /// Writes what a reader needs to make sense of the run's cells, as far as it is not there. The run is safe from
    /// [`Store::prune`] for as long as its lock is kept.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    pub fn save_run(
        &self,
        plan: &Plan,
        catalogue: &Catalogue,
        folds: &[Fold],
        experiment: &str,
    ) -> Result<RunLock> {
        let _gate = self.adding();
        let folder = self.run_folder(&plan.id);
        let tables = [(EXAMPLES, catalogue.csv()), (SPLIT, table::csv(catalogue, folds))];
        let files = tables.iter().map(|(name, bytes)| ((*name).to_owned(), checksum(bytes))).collect();
        self.set_run_aside(&plan.id, &files);
        let stored = sealed::seal(&StoredPlan { plan, files }).map_err(|e| Error::bug("the plan", e))?;
        let experiment = sealed::seal_text(&of_run(&plan.id), experiment).into_bytes();
        // A plan that is written now is the latest, which nobody need look for among all runs.
        let mut is_last = false;
        // The plan last, because a folder with a plan is a run.
        for (name, bytes) in tables.into_iter().chain([(EXPERIMENT, experiment), (PLAN, stored)]) {
            let path = folder.join(name);
            if read(&path).is_ok_and(|there| there.is_some_and(|there| there == bytes)) {
                continue;
            }
            fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, &e))?;
            self.write(&path, &bytes)?;
            is_last = name == PLAN;
        }
        if !is_last {
            self.make_last(&plan.id);
        }
        Ok(self.hold(&plan.id))
    }

    /// Whether there is a run of this name.
    pub fn has_run(&self, id: &str) -> bool {
        self.run_folder(id).join(PLAN).is_file()
    }

    /// The plan of a run, and its files in the order in which they are to be written elsewhere; `None` if there is no
    /// plan.
    pub(super) fn run_files(&self, id: &str) -> std::result::Result<Option<RunFiles>, Damage> {
        let folder = self.run_folder(id);
        let Some((plan, files)) = self.read_plan(id)? else { return Ok(None) };
        self.read_experiment(id)?;
        for (name, checksum) in &files {
            check_table(&folder.join(name), checksum)?;
        }
        let bytes = |name: &'static str| -> std::result::Result<_, Damage> {
            let path = folder.join(name);
            let bytes = read(&path)?.ok_or_else(|| Damage::new(&path, "is missing"))?;
            Ok((name, bytes))
        };
        let files = [EXAMPLES, SPLIT, EXPERIMENT, PLAN].map(bytes);
        Ok(Some((plan, files.into_iter().collect::<std::result::Result<_, _>>()?)))
    }

    /// Moves out of the way what is damaged of a run whose tables have some checksums.
    fn set_run_aside(&self, id: &str, files: &Checksums) {
        let folder = self.run_folder(id);
        let plan = self.read_plan(id).map(|_| ());
        let experiment = self.read_experiment(id).map(|_| ());
        let tables = files.iter().map(|(name, checksum)| check_table(&folder.join(name), checksum));
        let damaged = [plan, experiment].into_iter().chain(tables).filter_map(std::result::Result::err);
        damaged.for_each(|damage| self.note(damage.set_aside()));
    }

    /// Makes a run the latest. That its plan has another time does not matter where it cannot be changed.
    fn make_last(&self, id: &str) {
        if self.runs().is_ok_and(|runs| runs.first().is_none_or(|(_, last)| last != id)) {
            let plan = open_regular(&self.run_folder(id).join(PLAN), MOST_BYTES);
            let _ = plan.map(|plan| plan.set_modified(SystemTime::now()));
        }
    }

    /// The file of a run that is locked while it is computed: of all its files the one that is never written anew, because
    /// its content is part of the run's name.
    pub(super) fn held_file(&self, id: &str) -> PathBuf {
        self.run_folder(id).join(SPLIT)
    }

    /// Where the fitted models of a run are kept, each in a folder that is called after its cell.
    pub fn models_folder(out: &Path, id: &str) -> PathBuf {
        out.join("models").join(id)
    }

    /// The folder of a run.
    pub fn run_folder(&self, id: &str) -> PathBuf {
        self.root.join("runs").join(id)
    }

    /// Finds a run by its name, by the start of it, or the latest one by the name `last`.
    ///
    /// # Errors
    ///
    /// No run or several runs go by that name, or the run's files are missing or not what they should be.
    pub fn load_run(&self, name: &str) -> Result<(Plan, Catalogue, Vec<Fold>)> {
        let id = self.find_run(name)?;
        let folder = self.run_folder(&id);
        let (plan, files) = self.read_plan(&id).map_err(refusal)?.ok_or_else(|| gone(&folder.join(PLAN)))?;
        for (name, checksum) in &files {
            check_table(&folder.join(name), checksum).map_err(refusal)?;
        }
        let catalogue = Catalogue::read(&folder.join(EXAMPLES))?;
        let folds = table::read(&folder.join(SPLIT), &catalogue)?;
        Ok((plan, catalogue, folds))
    }

    /// The plan of a run, by its whole name.
    ///
    /// # Errors
    ///
    /// It is missing or not what it should be.
    pub fn plan(&self, id: &str) -> Result<Plan> {
        let plan = self.read_plan(id).map_err(refusal)?;
        plan.map(|(plan, _)| plan).ok_or_else(|| gone(&self.run_folder(id).join(PLAN)))
    }

    pub(super) fn read_plan(&self, id: &str) -> std::result::Result<Option<(Plan, Checksums)>, Damage> {
        let path = self.run_folder(id).join(PLAN);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let plan: Plan = sealed::open(&bytes).map_err(|reason| Damage::new(&path, reason))?;
        let stored: StoredChecksums = sealed::open(&bytes).map_err(|reason| Damage::new(&path, reason))?;
        if plan.id != id || !plan.has_own_id() {
            return Err(Damage::new(&path, format!("it is of the run {}", plan.id)));
        }
        Ok(Some((plan, stored.files)))
    }

    /// The full name of the run that a name, the start of one or `last` means.
    pub(super) fn find_run(&self, name: &str) -> Result<String> {
        let mut runs = self.runs()?;
        let shown: Vec<&str> = runs.iter().take(10).map(|(_, id)| id.as_str()).collect();
        let known = if shown.is_empty() { "run `bench all` first".to_owned() } else { shown.join(", ") };
        if name != "last" {
            let exact = runs.iter().any(|(_, id)| id == name);
            runs.retain(|(_, id)| if exact { id == name } else { id.starts_with(name) });
            if runs.len() > 1 {
                return Err(Error::new(format!("run `{name}`"), "several runs start like this", known));
            }
        }
        let Some((_, id)) = runs.into_iter().next() else {
            let reason = format!("there is no such run in {}", self.root.display());
            return Err(Error::new(format!("run `{name}`"), reason, known));
        };
        Ok(id)
    }

    /// The experiment behind a run, as the file that `bench run` runs again. The run goes by its name, the start of it,
    /// or `last`.
    ///
    /// # Errors
    ///
    /// There is no such run, or its file is missing or not what it should be.
    pub fn experiment(&self, name: &str) -> Result<String> {
        let id = self.find_run(name)?;
        let experiment = self.read_experiment(&id).map_err(refusal)?;
        experiment.ok_or_else(|| gone(&self.run_folder(&id).join(EXPERIMENT)))
    }

    fn read_experiment(&self, id: &str) -> std::result::Result<Option<String>, Damage> {
        let path = self.run_folder(id).join(EXPERIMENT);
        let Some(bytes) = read(&path)? else { return Ok(None) };
        let text = sealed::open_text(&of_run(id), &bytes).map_err(|reason| Damage::new(&path, reason))?;
        Ok(Some(text.to_owned()))
    }

    /// All runs, the latest first.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn runs(&self) -> Result<Vec<(SystemTime, String)>> {
        let folder = self.root.join("runs");
        let entries =
            fs::read_dir(&folder).map_err(|e| Error::at(&folder, format!("cannot be read: {e}"), ""))?;
        let mut runs: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let written = fs::metadata(entry.path().join(PLAN)).and_then(|m| m.modified()).ok()?;
                Some((written, entry.file_name().into_string().ok()?))
            })
            .collect();
        runs.sort_by(|a, b| b.cmp(a));
        Ok(runs)
    }
}

/// What the first line of an experiment says.
fn of_run(id: &str) -> String {
    format!("run {id}")
}

/// Holds a table of a run to its checksum. One that is missing is not damaged.
fn check_table(path: &Path, wanted: &str) -> std::result::Result<(), Damage> {
    match read(path)? {
        Some(bytes) if checksum(&bytes) != wanted => {
            Err(Damage::new(path, "it is not the table that was stored with the run: another checksum"))
        }
        _ => Ok(()),
    }
}

fn gone(path: &Path) -> Error {
    Error::at(path, "is missing", AGAIN)
}

fn refusal(damage: Damage) -> Error {
    Error::at(&damage.path, damage.reason, AGAIN)
}
