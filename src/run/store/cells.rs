//! The cells of a store: who computes one, and how it ended.

use super::{Store, locks, read, unwritable};
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::run::sealed;
use crate::run::{CellIdentity, CellOutcome, FitCosts, Record};
use crate::util::{Damage, WholeFile};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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
    of: CellIdentity,
    path: PathBuf,
    _file: File,
}

/// Why a cell failed.
#[derive(Serialize, Deserialize)]
pub(super) struct Failure {
    pub reason: String,
}

/// What a file of a cell holds.
#[derive(Serialize, Deserialize)]
pub(super) struct OfCell<T> {
    pub of: CellIdentity,
    pub content: T,
}

impl Store {
    /// Asks for a cell. A failure from before `started` does not count: the user may have mended its cause.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    pub fn claim(
        &self,
        of: &CellIdentity,
        fold: &Fold,
        classes: usize,
        started: SystemTime,
    ) -> Result<Claim> {
        let look = || {
            let (outcome, damaged) = self.look(of, fold, classes);
            let ended = match &outcome {
                CellOutcome::Failed(_) => {
                    let at = fs::metadata(self.failure_path(&of.key)).and_then(|m| m.modified());
                    at.is_ok_and(|at| at >= started)
                }
                CellOutcome::Missing => false,
                CellOutcome::Done(_) => true,
            };
            (ended.then_some(outcome), damaged)
        };
        let (ended, damaged) = look();
        if let Some(outcome) = ended {
            return Ok(Claim::Ended(outcome));
        }
        let path = self.lock_path(&of.key);
        let file = File::options().create(true).append(true).open(&path).map_err(|e| {
            damaged.into_iter().for_each(|damage| self.note(damage));
            unwritable(&path, &e)
        })?;
        match locks::try_lock(&file) {
            // Another process may have ended the cell between our look and our lock.
            Ok(()) => Ok(match look() {
                (Some(outcome), _) => Claim::Ended(outcome),
                (None, damaged) => {
                    damaged.into_iter().for_each(|damage| self.note(damage.set_aside()));
                    Claim::Ours(CellLock { of: of.clone(), path, _file: file })
                }
            }),
            Err(TryLockError::WouldBlock) => Ok(Claim::Busy),
            Err(TryLockError::Error(e)) => {
                Err(Error::at(&path, format!("cannot be locked: {e}"), "name another folder, --out DIR"))
            }
        }
    }

    /// A folder for what a model needs to go on with a cell after an interruption. It goes when the cell ends.
    pub fn scratch(&self, lock: &CellLock) -> PathBuf {
        self.partial(lock).join("model")
    }

    /// What the pieces of the fit that its scratch folder goes on from cost.
    pub fn costs_before(&self, lock: &CellLock) -> FitCosts {
        if !self.scratch(lock).is_dir() {
            return FitCosts::default();
        }
        match read_cell(&self.costs_path(lock), &lock.of) {
            Ok(costs) => costs.unwrap_or_default(),
            Err(damage) => {
                self.note(damage.set_aside());
                FitCosts::default()
            }
        }
    }

    /// Stores what a fit cost up to what lies in its scratch folder now.
    pub fn keep_costs(&self, lock: &CellLock, costs: FitCosts) {
        // Without them the seconds of a fit that is interrupted are too few, which is no reason to end it.
        let _ = sealed::seal(&OfCell { of: lock.of.clone(), content: costs }).map(|bytes| {
            let mut file = WholeFile::create(&self.costs_path(lock))?;
            file.write_all(&bytes)?;
            file.finish_without_sync()
        });
    }

    /// Moves a scratch folder out of the way that no fit of the cell can go on from.
    pub fn set_scratch_aside(&self, lock: &CellLock, reason: &str) {
        self.note(Damage::new(&self.partial(lock), reason).set_aside());
    }

    /// Stores how a cell ended.
    ///
    /// # Errors
    ///
    /// The store cannot be written to.
    pub fn finish(&self, lock: CellLock, outcome: &CellOutcome) -> Result<()> {
        let of = lock.of.clone();
        match outcome {
            CellOutcome::Done(record) => {
                self.write_sealed(&self.record_path(&of.key), &OfCell { of, content: record })?;
            }
            CellOutcome::Failed(reason) => {
                let content = Failure { reason: reason.clone() };
                self.write_sealed(&self.failure_path(&of.key), &OfCell { of, content })?;
            }
            CellOutcome::Missing => return Ok(()),
        }
        // Most cells leave neither of the two; and what cannot be removed does no harm.
        let _ = fs::remove_dir_all(self.partial(&lock));
        if let CellOutcome::Done(_) = outcome {
            let _ = fs::remove_file(self.failure_path(&lock.of.key));
            // Only now: whoever waits for the lock of a removed file must find the cell ended when it gets it.
            let _ = fs::remove_file(&lock.path);
        }
        Ok(())
    }

    /// How a cell ended, as far as the store knows. A file that is not of the cell or was changed counts as missing, so
    /// that it is computed again and not believed; [`Store::damaged`] has it then.
    pub fn outcome(&self, of: &CellIdentity, fold: &Fold, classes: usize) -> CellOutcome {
        let (outcome, damaged) = self.look(of, fold, classes);
        damaged.into_iter().for_each(|damage| self.note(damage));
        outcome
    }

    /// Whether the store has the predictions of a cell.
    pub fn has(&self, of: &CellIdentity, fold: &Fold, classes: usize) -> bool {
        matches!(self.outcome(of, fold, classes), CellOutcome::Done(_))
    }

    fn look(&self, of: &CellIdentity, fold: &Fold, classes: usize) -> (CellOutcome, Vec<Damage>) {
        let mut damaged = Vec::new();
        let path = self.record_path(&of.key);
        match read_cell::<Record>(&path, of) {
            Ok(Some(record)) if record.is_of(fold, classes) => return (CellOutcome::Done(record), damaged),
            Ok(Some(_)) => damaged.push(Damage::new(&path, "it does not fit the fold")),
            Ok(None) => {}
            Err(damage) => damaged.push(damage),
        }
        let outcome = match read_cell::<Failure>(&self.failure_path(&of.key), of) {
            Ok(Some(failure)) => CellOutcome::Failed(failure.reason),
            Ok(None) => CellOutcome::Missing,
            Err(damage) => {
                damaged.push(damage);
                CellOutcome::Missing
            }
        };
        (outcome, damaged)
    }

    pub(super) fn record_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.json"))
    }

    pub(super) fn failure_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.failed.json"))
    }

    pub(super) fn lock_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.lock"))
    }

    fn partial(&self, lock: &CellLock) -> PathBuf {
        self.root.join("cells").join(format!("{}.partial", lock.of.key))
    }

    fn costs_path(&self, lock: &CellLock) -> PathBuf {
        self.partial(lock).join("costs.json")
    }
}

/// What a file of a cell holds; `None` if there is none.
pub(super) fn read_cell<T: DeserializeOwned>(
    path: &Path,
    of: &CellIdentity,
) -> std::result::Result<Option<T>, Damage> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let stored: OfCell<T> = sealed::open(&bytes).map_err(|reason| Damage::new(path, reason))?;
    if stored.of == *of {
        return Ok(Some(stored.content));
    }
    let CellIdentity { key, dataset, split } = stored.of;
    Err(Damage::new(path, format!("it is of the cell {key} (data {dataset:.12}, split {split:.12})")))
}
