use super::sealed;
use super::{CellIdentity, CellOutcome, FitCosts, Record};
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::util::{Damage, OpenError, WholeFile, read_regular, write_whole};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

mod costs;
mod locks;
mod merge;
mod runs;

pub use costs::MeasuredCosts;
pub use merge::Merged;

/// The layout below; a store with another number is refused.
const FORMAT: u32 = 4;
/// Larger files are no store's.
const MOST_BYTES: u64 = 1 << 30;
/// What to do about damage that was found by reading alone.
const AGAIN: &str = "give the command of the run again: what is damaged is set aside and made anew";

/// Finished cells and runs in a folder.
///
/// ```text
/// OUT/store.json               the format's number
/// OUT/cells/KEY.json           one finished cell, shared by all runs that have it
/// OUT/cells/KEY.failed.json    why a cell failed
/// OUT/cells/KEY.lock           held by the process that is computing the cell
/// OUT/cells/KEY.partial/model/ what the model needs to go on with a cell that was interrupted
/// OUT/cells/KEY.partial/costs.json  what the pieces before cost
/// OUT/runs/RUN/plan.json       what was run, with the checksums of the two tables
/// OUT/runs/RUN/experiment.toml the same as a file that `bench run` runs again
/// OUT/runs/RUN/split.csv       on which division of
/// OUT/runs/RUN/examples.csv    which examples
/// ….damaged-N                  what was found there and not believed
/// ```
///
/// Files appear whole or not at all: each is written under another name and then renamed. So a
/// process may be killed at any moment, and several may share a store, on one machine or, over NFS, on many.
///
/// What is right never depends on a lock: two who compute a cell write the same numbers. Locks only keep work from being
/// done twice, and are held by the operating system, or by the server of a network's file system.
///
/// Nothing is believed because of its name: every file has a checksum and says which cell or run it is
/// of. What is not what it should be counts as missing and is told of by [`Store::damaged`]; who computes it anew sets
/// it aside first.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    /// Shared by clones.
    found: Arc<Mutex<Found>>,
}

/// Damage that was found, and how much of it somebody was told of.
#[derive(Debug, Default)]
struct Found {
    damaged: Vec<Damage>,
    told: usize,
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
    of: CellIdentity,
    path: PathBuf,
    _file: File,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    written_by: String,
}

enum HeaderState {
    Good,
    Missing,
    Damaged(Damage),
}

#[derive(Serialize, Deserialize)]
struct Failure {
    reason: String,
}

/// What a file of a cell holds.
#[derive(Serialize, Deserialize)]
struct OfCell<T> {
    of: CellIdentity,
    content: T,
}

impl Store {
    /// Opens a store for writing, making its folders where they are missing.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or written to, or holds a store of another format.
    pub fn create(root: &Path) -> Result<Self> {
        let store = Self::at(root);
        let (cells, runs) = (store.root.join("cells"), store.root.join("runs"));
        let was_there = [&cells, &runs].into_iter().all(|folder| folder.is_dir());
        // Before anything is made in what may be somebody else's folder, and not ours to move.
        if let (HeaderState::Damaged(damage), false) = (store.header()?, was_there) {
            let hint = "is it the folder of runs? If not, name another, --out DIR";
            return Err(Error::at(&damage.path, damage.reason, hint));
        }
        for folder in [root, &cells, &runs] {
            fs::create_dir_all(folder).map_err(|e| {
                Error::at(
                    folder,
                    format!("the folder cannot be made: {e}"),
                    "name a folder you can write to, --out DIR",
                )
            })?;
        }
        // In this order: another process writes the header first.
        let held_something = store.holds_something();
        match store.header()? {
            HeaderState::Good => return Ok(store),
            HeaderState::Missing if held_something => store.note(store.headless()),
            HeaderState::Missing => {}
            HeaderState::Damaged(damage) => store.note(damage.set_aside()),
        }
        // Every other file says by itself whether it is to be believed.
        let header =
            Header { format: FORMAT, written_by: format!("genre-bench {}", env!("CARGO_PKG_VERSION")) };
        store.write_sealed(&store.header_path(), &header)?;
        Ok(store)
    }

    fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), found: Arc::default() }
    }

    /// Whether there is a store in the folder, of whatever format.
    pub fn is_at(root: &Path) -> bool {
        let store = Self::at(root);
        store.header_path().exists() || store.holds_something()
    }

    /// Whether there are runs or cells, or were.
    fn holds_something(&self) -> bool {
        let folders = ["cells", "runs"].map(|name| fs::read_dir(self.root.join(name)));
        folders.into_iter().flatten().any(|mut entries| entries.next().is_some())
    }

    /// Opens a store that is there already.
    ///
    /// # Errors
    ///
    /// There is none, or it has another format or no readable one.
    pub fn open(root: &Path) -> Result<Self> {
        if !Self::is_at(root) {
            return Err(Error::at(
                root,
                "there are no stored runs",
                "`bench all` first, or name its folder, --out DIR",
            ));
        }
        let store = Self::at(root);
        let damage = match store.header()? {
            HeaderState::Good => return Ok(store),
            HeaderState::Missing => store.headless(),
            HeaderState::Damaged(damage) => damage,
        };
        Err(Error::at(&damage.path, damage.reason, AGAIN))
    }

    fn headless(&self) -> Damage {
        Damage::new(&self.header_path(), "is missing, so nothing says how to read the rest")
    }

    /// What the header is like, if it is not of another format.
    fn header(&self) -> Result<HeaderState> {
        let path = self.header_path();
        let bytes = match read(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(HeaderState::Missing),
            Err(damage) => return Ok(HeaderState::Damaged(damage)),
        };
        let damaged = |reason| Ok(HeaderState::Damaged(Damage::new(&path, reason)));
        // Other formats need not be sealed.
        let header = match sealed::open::<Header>(&bytes) {
            Err(reason) if sealed::is_sealed(&bytes) => return damaged(reason),
            Err(reason) => match serde_json::from_slice::<Header>(&bytes) {
                Ok(header) if header.format != FORMAT => header,
                _ => return damaged(reason),
            },
            Ok(header) => header,
        };
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
        Ok(HeaderState::Good)
    }

    /// What was found so far that is not what it should be, each file once.
    pub fn damaged(&self) -> Vec<Damage> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).damaged.clone()
    }

    /// What of it was found since the last call.
    pub fn take_untold(&self) -> Vec<Damage> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let untold = found.damaged[found.told..].to_vec();
        found.told = found.damaged.len();
        untold
    }

    fn note(&self, damage: Damage) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.damaged.contains(&damage) {
            found.damaged.push(damage);
        }
    }

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
        let path = self.root.join("cells").join(format!("{}.lock", of.key));
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

    fn header_path(&self) -> PathBuf {
        self.root.join("store.json")
    }

    fn record_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.json"))
    }

    fn failure_path(&self, key: &str) -> PathBuf {
        self.root.join("cells").join(format!("{key}.failed.json"))
    }

    fn partial(&self, lock: &CellLock) -> PathBuf {
        self.root.join("cells").join(format!("{}.partial", lock.of.key))
    }

    fn costs_path(&self, lock: &CellLock) -> PathBuf {
        self.partial(lock).join("costs.json")
    }

    fn write_sealed(&self, path: &Path, value: &impl Serialize) -> Result<()> {
        let bytes = sealed::seal(value).map_err(|e| Error::bug(path.display(), e))?;
        self.write(path, &bytes)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_whole(path, bytes).map_err(|e| unwritable(path, &e))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::unwritable(path, error, "check space and permissions, or name another folder, --out DIR")
}

/// The bytes of a file; `None` if there is none.
fn read(path: &Path) -> std::result::Result<Option<Vec<u8>>, Damage> {
    match read_regular(path, MOST_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(OpenError::Unreadable(e)) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Damage::new(path, e.to_string())),
    }
}

/// What a file of a cell holds; `None` if there is none.
fn read_cell<T: DeserializeOwned>(path: &Path, of: &CellIdentity) -> std::result::Result<Option<T>, Damage> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let stored: OfCell<T> = sealed::open(&bytes).map_err(|reason| Damage::new(path, reason))?;
    if stored.of == *of {
        return Ok(Some(stored.content));
    }
    let CellIdentity { key, dataset, split } = stored.of;
    Err(Damage::new(path, format!("it is of the cell {key} (data {dataset:.12}, split {split:.12})")))
}
