use super::{CellCosts, CellOutcome, Plan, Record};
use crate::dataset::Catalogue;
use crate::error::{Error, Result};
use crate::protocol::{Fold, table};
use crate::util::write_whole;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The layout below; a store with another number is refused.
const FORMAT: u32 = 3;

/// Finished cells and runs in a folder.
///
/// ```text
/// OUT/store.json               the format's number
/// OUT/cells/KEY.json           one finished cell, shared by all runs that have it
/// OUT/cells/KEY.failed.json    why a cell failed
/// OUT/cells/KEY.lock           held by the process that is computing the cell
/// OUT/cells/KEY.partial/       what the model needs to go on with a cell that was interrupted
/// OUT/runs/RUN/plan.json       what was run
/// OUT/runs/RUN/experiment.toml the same as a file that `bench run` runs again
/// OUT/runs/RUN/split.csv       on which division of
/// OUT/runs/RUN/examples.csv    which examples
/// ```
///
/// Files appear whole or not at all: each is written under another name and then renamed. So a
/// process may be killed at any moment, and several may share a store.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// What became of asking for a cell.
#[derive(Debug)]
pub enum Claim {
    /// It is finished (or has just failed in another process).
    Ended(CellOutcome),
    /// It is ours to compute; no other process will before the lock is dropped.
    Ours(CellLock),
    /// Another process is computing it.
    Busy,
}

/// The right to compute a cell. The operating system takes it back when the process dies.
#[derive(Debug)]
pub struct CellLock {
    key: String,
    path: PathBuf,
    _file: File,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    written_by: String,
}

#[derive(Serialize, Deserialize)]
struct Failure {
    reason: String,
}

impl Store {
    /// Opens a store for writing, making its folders where they are missing.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or written to, or holds a store of another format.
    pub fn create(root: &Path) -> Result<Self> {
        let store = Self { root: root.to_owned() };
        for folder in [root.to_owned(), store.root.join("cells"), store.root.join("runs")] {
            fs::create_dir_all(&folder).map_err(|e| {
                Error::at(
                    &folder,
                    format!("the folder cannot be made: {e}"),
                    "name a folder you can write to, --out DIR",
                )
            })?;
        }
        if !store.header_path().exists() {
            let header =
                Header { format: FORMAT, written_by: format!("genre-bench {}", env!("CARGO_PKG_VERSION")) };
            store.write_json(&store.header_path(), &header)?;
        }
        store.check_header()?;
        Ok(store)
    }

    /// Whether there is a store in the folder, of whatever format.
    pub fn is_at(root: &Path) -> bool {
        Self { root: root.to_owned() }.header_path().exists()
    }

    /// Opens a store that is there already.
    ///
    /// # Errors
    ///
    /// There is none, or it has another format.
    pub fn open(root: &Path) -> Result<Self> {
        let store = Self { root: root.to_owned() };
        if !Self::is_at(root) {
            return Err(Error::at(
                root,
                "there are no stored runs",
                "`bench all` first, or name its folder, --out DIR",
            ));
        }
        store.check_header()?;
        Ok(store)
    }

    fn check_header(&self) -> Result<()> {
        let path = self.header_path();
        let header: Header = read_json(&path, "is it the --out folder of a run? If not, name another")?;
        if header.format != FORMAT {
            return Err(Error::at(
                &self.root,
                format!(
                    "the store has format {} (written by {}), this program reads format {FORMAT}",
                    header.format, header.written_by
                ),
                "name another folder, --out DIR, or use that version of the program",
            ));
        }
        Ok(())
    }

    /// Writes what a reader needs to make sense of the run's cells.
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
    ) -> Result<()> {
        let folder = self.run_folder(&plan.id);
        fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, &e))?;
        self.write(&folder.join("examples.csv"), &catalogue.csv())?;
        self.write(&folder.join("split.csv"), &table::csv(catalogue, folds))?;
        self.write(&folder.join("experiment.toml"), experiment.as_bytes())?;
        // Last, because a folder with a plan is a run.
        self.write_json(&folder.join("plan.json"), plan)
    }

    /// The folder of a run.
    pub fn run_folder(&self, id: &str) -> PathBuf {
        self.root.join("runs").join(id)
    }

    /// Finds a run by its name, by the start of it, or the latest one by the name `last`.
    ///
    /// # Errors
    ///
    /// No run or several runs go by that name, or the run's files cannot be read.
    pub fn load_run(&self, name: &str) -> Result<(Plan, Catalogue, Vec<Fold>)> {
        let folder = self.run_folder(&self.find_run(name)?);
        let plan: Plan = read_json(&folder.join("plan.json"), "run `bench all` again")?;
        let catalogue = Catalogue::read(&folder.join("examples.csv"))?;
        let folds = table::read(&folder.join("split.csv"), &catalogue)?;
        Ok((plan, catalogue, folds))
    }

    /// The full name of the run that a name, the start of one or `last` means.
    fn find_run(&self, name: &str) -> Result<String> {
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
    /// There is no such run, or its file cannot be read.
    pub fn experiment(&self, name: &str) -> Result<String> {
        let path = self.run_folder(&self.find_run(name)?).join("experiment.toml");
        fs::read_to_string(&path)
            .map_err(|e| Error::at(&path, format!("cannot be read: {e}"), "run `bench all` again"))
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
                let written = fs::metadata(entry.path().join("plan.json")).and_then(|m| m.modified()).ok()?;
                Some((written, entry.file_name().into_string().ok()?))
            })
            .collect();
        runs.sort_by(|a, b| b.cmp(a));
        Ok(runs)
    }

    /// Asks for a cell. A failure from before `started` does not count: the user may have mended its cause.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    pub fn claim(&self, key: &str, fold: &Fold, classes: usize, started: SystemTime) -> Result<Claim> {
        let ended = || match self.outcome(key, fold, classes) {
            CellOutcome::Failed(reason) => {
                let at = fs::metadata(self.failure_path(key)).and_then(|m| m.modified());
                at.is_ok_and(|at| at >= started).then_some(CellOutcome::Failed(reason))
            }
            CellOutcome::Missing => None,
            done @ CellOutcome::Done(_) => Some(done),
        };
        if let Some(outcome) = ended() {
            return Ok(Claim::Ended(outcome));
        }
        let path = self.root.join("cells").join(format!("{key}.lock"));
        let file =
            File::options().create(true).append(true).open(&path).map_err(|e| unwritable(&path, &e))?;
        match file.try_lock() {
            // Another process may have ended the cell between our look and our lock.
            Ok(()) => Ok(match ended() {
                Some(outcome) => Claim::Ended(outcome),
                None => Claim::Ours(CellLock { key: key.to_owned(), path, _file: file }),
            }),
            Err(TryLockError::WouldBlock) => Ok(Claim::Busy),
            Err(TryLockError::Error(e)) => Err(Error::at(
                &path,
                format!("cannot be locked: {e}"),
                "name a folder on a local disk, --out DIR",
            )),
        }
    }

    /// A folder for what a model needs to go on with a cell after an interruption. It goes when the cell ends.
    pub fn scratch(&self, lock: &CellLock) -> PathBuf {
        self.root.join("cells").join(format!("{}.partial", lock.key))
    }

    /// Stores how a cell ended.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    pub fn finish(&self, lock: CellLock, outcome: &CellOutcome) -> Result<()> {
        match outcome {
            CellOutcome::Done(record) => self.write_json(&self.record_path(&lock.key), record)?,
            CellOutcome::Failed(reason) => {
                self.write_json(&self.failure_path(&lock.key), &Failure { reason: reason.clone() })?;
            }
            CellOutcome::Missing => return Ok(()),
        }
        // Most cells leave neither of the two; and what cannot be removed does no harm.
        let _ = fs::remove_dir_all(self.scratch(&lock));
        if let CellOutcome::Done(_) = outcome {
            let _ = fs::remove_file(self.failure_path(&lock.key));
            // Only now: whoever waits for the lock of a removed file must find the cell ended when it gets it.
            let _ = fs::remove_file(&lock.path);
        }
        Ok(())
    }

    /// How a cell ended, as far as the store knows. A record that does not fit the fold counts as missing, so that a
    /// damaged file is computed again and not believed.
    pub fn outcome(&self, key: &str, fold: &Fold, classes: usize) -> CellOutcome {
        if let Ok(record) = read_json::<Record>(&self.record_path(key), "")
            && record.is_of(fold, classes)
        {
            return CellOutcome::Done(record);
        }
        match read_json::<Failure>(&self.failure_path(key), "") {
            Ok(failure) => CellOutcome::Failed(failure.reason),
            Err(_) => CellOutcome::Missing,
        }
    }

    /// What cells of a model cost so far: means over a few that the store has, whatever they were fitted on; `None` if it
    /// has none.
    pub fn costs(&self, model: &str) -> Option<CellCosts> {
        /// Enough for a rough mean.
        const MOST: usize = 8;
        let start = format!("{model}-r");
        let names = fs::read_dir(self.root.join("cells")).ok()?.flatten().map(|entry| entry.path());
        let of_model = names.filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&start) && name.ends_with(".json") && !name.ends_with(".failed.json")
        });
        let costs: Vec<CellCosts> =
            of_model.filter_map(|path| read_json::<Record>(&path, "").ok()?.costs()).take(MOST).collect();
        let mean = costs.iter().map(|costs| costs.seconds_per_example).sum::<f64>() / costs.len() as f64;
        let peak_bytes = costs.iter().map(|costs| costs.peak_bytes).max()?;
        Some(CellCosts { seconds_per_example: mean, peak_bytes })
    }

    fn header_path(&self) -> PathBuf {
        self.root.join("store.json")
    }

    fn record_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.json"))
    }

    fn failure_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.failed.json"))
    }

    fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec(value).map_err(|e| Error::bug(path.display(), e))?;
        self.write(path, &bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_whole(path, bytes).map_err(|e| unwritable(path, &e))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::unwritable(path, error, "check space and permissions, or name another folder, --out DIR")
}

fn read_json<T: DeserializeOwned>(path: &Path, hint: &str) -> Result<T> {
    let bytes = fs::read(path).map_err(|e| Error::at(path, format!("cannot be read: {e}"), hint))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Error::at(path, format!("is not what it should be: {e}"), hint))
}
