//! Bringing stores together.

use super::cell_files::{DONE, FAILED};
use super::{Failure, OfCell, Store, read, read_cell, sealed, unwritable};
use crate::error::{Error, Result};
use crate::run::{CellIdentity, Plan, Record};
use crate::util::{Damage, WholeFile};
use serde::Serialize;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

/// What a file holds; nothing if there is none.
type Found<T> = std::result::Result<Option<T>, Damage>;

/// What bringing stores together came to.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Finished cells that were not there before.
    pub cells: usize,
    /// Finished cells that were there already, with the same predictions.
    pub same: usize,
    /// Cells that failed and were not there before.
    pub failures: usize,
    /// Runs that were not there before.
    pub runs: usize,
    /// Cells and runs that were there already and are something else: what was there first stays.
    pub conflicts: Vec<String>,
}

impl Merged {
    /// With what another store came to.
    pub fn and(mut self, other: Self) -> Self {
        self.cells += other.cells;
        self.same += other.same;
        self.failures += other.failures;
        self.runs += other.runs;
        self.conflicts.extend(other.conflicts);
        self
    }
}

impl Store {
    /// Copies the cells and runs of another store that this one does not have; `None` if the user stopped it. Doing it
    /// again copies nothing. Cells are the same if their predictions are, whatever seconds they took. Damaged files are
    /// no one's: those of the other store are left alone and told of by its [`Store::damaged`], those of this one are
    /// set aside for good ones.
    ///
    /// # Errors
    ///
    /// The other store is this one or cannot be read, or this one cannot be written to.
    pub fn merge(&self, other: &Self, cancelled: &dyn Fn() -> bool) -> Result<Option<Merged>> {
        let folders = [&self.root, &other.root].map(fs::canonicalize);
        if let [Ok(own), Ok(others)] = &folders
            && own == others
        {
            let reason = "a store cannot be merged into itself";
            return Err(Error::at(&other.root, reason, "name another folder, --into DIR"));
        }
        // Cells come before the runs that refer to them.
        let _gate = self.adding();
        let mut merged = Merged::default();
        let folder = other.root.join("cells");
        let unreadable = |e| Error::at(&folder, format!("cannot be read: {e}"), "");
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            if cancelled() {
                return Ok(None);
            }
            let Ok(name) = entry.map_err(unreadable)?.file_name().into_string() else { continue };
            if let Some(key) = name.strip_suffix(FAILED) {
                merged.failures += usize::from(self.take_failure(other, key)?);
            } else if let Some(key) = name.strip_suffix(DONE) {
                self.take_record(other, key, &mut merged)?;
            }
        }
        // The oldest first: who is stopped in between has not the latest alone.
        for (written, id) in other.runs()?.into_iter().rev() {
            if cancelled() {
                return Ok(None);
            }
            self.take_run(other, &id, written, &mut merged)?;
        }
        sync(&self.root);
        Ok(Some(merged))
    }

    fn take_record(&self, other: &Self, key: &str, merged: &mut Merged) -> Result<()> {
        let (theirs, ours) = (other.record_path(key), self.record_path(key));
        let Some((bytes, new)) = noting(other, whole::<Record>(&theirs, key)) else { return Ok(()) };
        match whole::<Record>(&ours, key) {
            Ok(Some((there, _))) if there == bytes => merged.same += 1,
            Ok(Some((_, old))) if old.of == new.of && has_same_numbers(&old.content, &new.content) => {
                merged.same += 1;
            }
            Ok(Some((_, old))) => merged.conflicts.push(conflict_of_cells(&old, &new)),
            missing => {
                if let Err(damage) = missing {
                    self.note(damage.set_aside());
                }
                self.write_unsynced(&ours, &bytes)?;
                let _ = fs::remove_file(self.failure_path(key));
                merged.cells += 1;
            }
        }
        Ok(())
    }

    /// Copies why a cell failed, where nothing better is known of it. Says whether it did.
    fn take_failure(&self, other: &Self, key: &str) -> Result<bool> {
        let ours = self.failure_path(key);
        let Some((bytes, _)) = noting(other, whole::<Failure>(&other.failure_path(key), key)) else {
            return Ok(false);
        };
        if self.record_path(key).exists() || ours.exists() {
            return Ok(false);
        }
        self.write_unsynced(&ours, &bytes)?;
        Ok(true)
    }

    fn take_run(&self, other: &Self, id: &str, written: SystemTime, merged: &mut Merged) -> Result<()> {
        let Some((theirs, files)) = noting(other, other.run_files(id)) else { return Ok(()) };
        match self.read_plan(id) {
            Ok(Some((ours, _))) if is_same_run(&ours, &theirs) => return Ok(()),
            Ok(Some(_)) => {
                let told = format!("run {id}: another run has the same name here; it stays as it is");
                merged.conflicts.push(told);
                return Ok(());
            }
            Ok(None) => {}
            Err(damage) => self.note(damage.set_aside()),
        }
        let folder = self.run_folder(id);
        fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, &e))?;
        for (name, bytes) in files {
            let path = folder.join(name);
            self.write_unsynced(&path, &bytes)?;
            // Which run is the latest is what it was there.
            let _ = File::options().append(true).open(&path).and_then(|file| file.set_modified(written));
        }
        merged.runs += 1;
        Ok(())
    }

    fn write_unsynced(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let written = WholeFile::create(path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.finish_without_sync()
        });
        written.map_err(|e| unwritable(path, &e))
    }
}

/// What was read, where it is as it should be; else the store it was read from has its damage.
fn noting<T>(store: &Store, found: Found<T>) -> Option<T> {
    found.unwrap_or_else(|damage| {
        store.note(damage);
        None
    })
}

/// A file of a cell of some key with its bytes; `None` if there is none.
fn whole<T: serde::de::DeserializeOwned>(path: &Path, key: &str) -> Found<(Vec<u8>, OfCell<T>)> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let stored: OfCell<T> = sealed::open(&bytes).map_err(|reason| Damage::new(path, reason))?;
    if stored.of.key == key {
        return Ok(Some((bytes, stored)));
    }
    // The same complaint as anywhere else.
    let wanted = CellIdentity { key: key.to_owned(), ..stored.of };
    read_cell::<T>(path, &wanted).map(|_| None)
}

/// Whether two records say the same of the same examples.
fn has_same_numbers(one: &Record, other: &Record) -> bool {
    (&one.train_labels, &one.test_scores, &one.calibrated)
        == (&other.train_labels, &other.test_scores, &other.calibrated)
}

fn is_same_run(one: &Plan, other: &Plan) -> bool {
    (&one.program, &one.dataset.fingerprint, &one.split_hash, &one.models, &one.conditions)
        == (&other.program, &other.dataset.fingerprint, &other.split_hash, &other.models, &other.conditions)
}

/// `svm-r0-f1-…: other predictions (computed on A here, on B there); what is here stays`.
fn conflict_of_cells(here: &OfCell<Record>, there: &OfCell<Record>) -> String {
    let machine = |cell: &OfCell<Record>| {
        let made = cell.content.made.as_ref();
        made.map_or_else(|| "an unknown machine".to_owned(), |made| made.machine.to_string())
    };
    let (key, here, there) = (&here.of.key, machine(here), machine(there));
    format!("{key}: other predictions (computed on {here} here, on {there} there); what is here stays")
}

/// Waits once until all that was written is on the disk, and not for each of many small files. Where the system cannot
/// do so, files that a power cut tore are noticed by their checksums.
fn sync(folder: &Path) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Mode, OFlags};
        let folder = rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
        let _ = folder.and_then(rustix::fs::syncfs);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
}
