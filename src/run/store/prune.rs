//! Taking from a store what nobody needs.
//!
//! First the runs that were asked for, then the cells that no run refers to any more. What is right never depends on it:
//! a cell that is missing is computed again when the command of a run is given again, with the same numbers.
//!
//! Beside programs that are at work: runs are added only by who holds the [gate](super::locks::Gate), which is closed
//! meanwhile, and a run refers to its cells before the first of them is claimed. So a cell that no run refers to now is
//! nobody's but a search's (`bench tune`), a saved model's (`bench train`) or a task's of a plan, which have no run before
//! they are done: these stay until they are some days old. A run that is being computed, and a cell, is locked and stays.

mod cells;
mod leftovers;

use super::Store;
use super::cell_files::set_aside_from;
use super::runs::RUN_FILES;
use crate::error::{Error, Result};
use crate::util::{ASIDE, Space};
use serde::Serialize;
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that is being written is younger, however slow the disk is.
const WRITING: Duration = Duration::from_secs(3600);

/// What is to go from a store.
#[derive(Debug, Clone)]
pub struct PruneRequest {
    /// The runs.
    pub runs: RunChoice,
    /// How old cells must be that no run refers to and that were of none of those runs.
    pub grace: Duration,
    /// Whether what was set aside as damaged goes, too.
    pub damaged: bool,
    /// Whether the fitted models that were kept of those runs go, too.
    pub models: bool,
    /// Whether it is only said what would go.
    pub dry_run: bool,
}

/// Which runs are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunChoice {
    /// These, by their names, the start of them, or `last`.
    Named(Vec<String>),
    /// Those that are neither as young nor among so many latest; none if nothing is said.
    Old {
        /// Runs whose command was given within this time stay.
        older_than: Option<Duration>,
        /// So many stay whatever their age.
        keep_last: Option<usize>,
    },
}

/// How many there are of something, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub count: usize,
    /// Bytes.
    pub bytes: u64,
}

/// What has gone, or would go, and what stays although it may be of no use.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Names of the runs that go.
    pub runs: Vec<String>,
    /// Runs that were asked for and stay, because they are being computed.
    pub held: Vec<String>,
    /// Bytes of the folders of runs that go.
    pub run_bytes: u64,
    /// Cells that no run refers to any more, finished, failed or begun.
    pub cells: Amount,
    /// What killed programs left: files that were being written, locks, folders of runs without a plan.
    pub leftovers: Amount,
    /// What was set aside as damaged and goes.
    pub damaged: Amount,
    /// Kept models of runs that go.
    pub models: Amount,
    /// Cells that no run refers to and that are too young to go.
    pub young: Amount,
    /// Cells that no run refers to, which stay because the runs named here cannot be read and may refer to them.
    pub doubtful: Amount,
    /// Why a run cannot be read, or what of a cell is not what it should be.
    pub unreadable: Vec<String>,
    /// What was set aside as damaged and stays.
    pub set_aside: Amount,
    /// Kept models of runs that go, which stay.
    pub models_left: Amount,
    /// What could not be removed, and why.
    pub troubles: Vec<String>,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        *self += Self { count: 1, bytes };
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

impl Pruned {
    /// Bytes of all that goes.
    pub fn bytes(&self) -> u64 {
        let amounts = [self.cells, self.leftovers, self.damaged, self.models];
        self.run_bytes + amounts.iter().map(|amount| amount.bytes).sum::<u64>()
    }
}

/// What is known of the runs before anything goes.
struct Runs {
    going: Vec<String>,
    /// Cells of runs that stay, and of those that go.
    needed: HashSet<String>,
    freed: HashSet<String>,
    /// Whether a run that stays may have more.
    is_doubtful: bool,
}

impl Store {
    /// Removes what is asked for, and what no run refers to; `None` if the user stopped it. Nothing goes that is not a
    /// store's.
    ///
    /// # Errors
    ///
    /// A run that is not there, a folder that cannot be read, or others who do not stop adding runs.
    pub fn prune(&self, request: &PruneRequest, cancelled: &dyn Fn() -> bool) -> Result<Option<Pruned>> {
        let _gate = if request.dry_run { None } else { Some(self.removing()?) };
        let mut pruning = Pruning { store: self, request, now: SystemTime::now(), pruned: Pruned::default() };
        let runs = pruning.choose()?;
        for id in &runs.going {
            if cancelled() {
                return Ok(None);
            }
            pruning.run(id)?;
        }
        if pruning.cells(&runs, cancelled)?.is_none() {
            return Ok(None);
        }
        pruning.leftovers()?;
        Ok(Some(pruning.pruned))
    }
}

struct Pruning<'a> {
    store: &'a Store,
    request: &'a PruneRequest,
    now: SystemTime,
    pruned: Pruned,
}

impl Pruning<'_> {
    /// Which runs go, and whose cells are whose.
    fn choose(&mut self) -> Result<Runs> {
        let all = self.store.runs()?;
        let wanted: HashSet<String> = match &self.request.runs {
            RunChoice::Named(names) => {
                names.iter().map(|name| self.store.find_run(name)).collect::<Result<_>>()?
            }
            RunChoice::Old { older_than: None, keep_last: None } => HashSet::new(),
            RunChoice::Old { older_than, keep_last } => (all.iter().enumerate())
                .filter(|(rank, _)| keep_last.is_none_or(|last| *rank >= last))
                .filter(|(_, (given, _))| older_than.is_none_or(|age| self.is_older(*given, age)))
                .map(|(_, (_, id))| id.clone())
                .collect(),
        };
        let (needed, freed) = (HashSet::new(), HashSet::new());
        let mut runs = Runs { going: Vec::new(), needed, freed, is_doubtful: false };
        for (_, id) in all {
            let goes = wanted.contains(&id) && !self.store.is_held(&id);
            if wanted.contains(&id) && !goes {
                self.pruned.held.push(id.clone());
            }
            match self.store.read_plan(&id) {
                Ok(Some((plan, _))) => {
                    let cells = if goes { &mut runs.freed } else { &mut runs.needed };
                    cells.extend(plan.fits().map(|cell| plan.key(cell)));
                }
                Ok(None) => {}
                Err(_) if goes => {}
                Err(damage) => {
                    self.pruned.unreadable.push(damage.to_string());
                    runs.is_doubtful = true;
                }
            }
            if goes {
                runs.going.push(id);
            }
        }
        Ok(runs)
    }

    /// Removes a run, its plan first: without it a folder is no run, also where the rest stays.
    fn run(&mut self, id: &str) -> Result<()> {
        let folder = self.store.run_folder(id);
        self.pruned.runs.push(id.to_owned());
        for name in RUN_FILES {
            self.pruned.run_bytes += self.removed(&folder.join(name));
        }
        // Nobody is at it, so nothing there is being written.
        let is_of_run = |name: &str| {
            name.starts_with(ASIDE) || set_aside_from(name).is_some_and(|name| RUN_FILES.contains(&name))
        };
        for (path, ..) in entries(&folder)?.filter(|(_, name, _)| is_of_run(name)) {
            self.pruned.run_bytes += self.removed(&path);
        }
        self.remove_if_empty(&folder, "holds something that is not of the run, and stays");
        let models = Store::models_folder(&self.store.root, id);
        if models.is_dir() {
            let space = Space::of(&models, None);
            if self.request.models {
                self.removed(&models);
                self.pruned.models.add(space.bytes);
            } else {
                self.pruned.models_left.add(space.bytes);
            }
        }
        Ok(())
    }

    fn leftover(&mut self, path: &Path, metadata: &Metadata, age: Duration) {
        if age == Duration::ZERO || metadata.modified().is_ok_and(|at| self.is_older(at, age)) {
            let bytes = self.removed(path);
            self.pruned.leftovers.add(bytes);
        }
    }

    fn set_aside(&mut self, path: &Path) {
        if self.request.damaged {
            let bytes = self.removed(path);
            self.pruned.damaged.add(bytes);
        } else {
            self.pruned.set_aside.add(Space::of(path, None).bytes);
        }
    }

    fn is_older(&self, at: SystemTime, age: Duration) -> bool {
        self.now.duration_since(at).is_ok_and(|since| since >= age)
    }

    /// Removes a file or a folder, unless it is only to be said what would go. Returns its bytes.
    fn removed(&mut self, path: &Path) -> u64 {
        let bytes = Space::of(path, None).bytes;
        if !self.request.dry_run {
            let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
            let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            if let Some(error) = removed.err().filter(|e| e.kind() != io::ErrorKind::NotFound) {
                self.pruned.troubles.push(format!("{}: cannot be removed: {error}", path.display()));
            }
        }
        bytes
    }

    fn remove_if_empty(&mut self, folder: &Path, otherwise: &str) {
        if self.request.dry_run {
            return;
        }
        if let Some(error) = fs::remove_dir(folder).err().filter(|e| e.kind() != io::ErrorKind::NotFound) {
            self.pruned.troubles.push(format!("{}: {otherwise} ({error})", folder.display()));
        }
    }
}

/// What lies in a folder: its path, name and metadata.
type Entry = (PathBuf, String, Metadata);

/// What lies in a folder; nothing if there is none. Links are not followed, and what another program has renamed or removed
/// meanwhile is left out.
fn entries(folder: &Path) -> Result<impl Iterator<Item = Entry> + use<>> {
    let listing = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(Error::at(folder, format!("cannot be read: {e}"), "who owns the folder?")),
        Ok(listing) => Some(listing),
    };
    let entry = |entry: fs::DirEntry| {
        Some((entry.path(), entry.file_name().into_string().ok()?, entry.metadata().ok()?))
    };
    Ok(listing.into_iter().flatten().flatten().filter_map(entry))
}
