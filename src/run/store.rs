use super::sealed;
use crate::error::{Error, Result};
use crate::util::{Damage, OpenError, read_regular, write_whole};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

mod cell_files;
mod cells;
mod costs;
mod listing;
mod locks;
mod merge;
mod opening;
mod prune;
mod runs;

pub use cells::{CellLock, Claim};
use cells::{Failure, OfCell, read_cell};
pub use costs::MeasuredCosts;
pub use listing::{Progress, RunSummary};
pub use locks::RunLock;
pub use merge::Merged;
pub use prune::{Amount, PruneRequest, Pruned, RunChoice};

/// Larger files are no store's.
const MOST_BYTES: u64 = 1 << 30;
/// What to do about damage that was found by reading alone.
const AGAIN: &str = "give the command of the run again: what is damaged is set aside and made anew";

/// Finished cells and runs in a folder.
///
/// ```text
/// OUT/store.json               the format's number
/// OUT/store.lock               held by those who add runs, or by the one who removes something
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

impl Store {
    fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), found: Arc::default() }
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
