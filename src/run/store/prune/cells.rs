//! Which cells go.

use super::{Amount, Pruning, Runs, WRITING, entries};
use crate::error::Result;
use crate::run::store::MOST_BYTES;
use crate::run::store::cell_files::CellFile;
use crate::run::store::locks::{is_held, try_lock};
use crate::util::{Damage, Space, open_regular};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The files of a cell that may go.
#[derive(Default)]
struct OfCell {
    files: Vec<(CellFile, PathBuf)>,
    newest: Option<SystemTime>,
    bytes: u64,
}

impl Pruning<'_> {
    /// Removes cells that no run refers to; `None` if the user stopped it.
    pub(super) fn cells(&mut self, runs: &Runs, cancelled: &dyn Fn() -> bool) -> Result<Option<()>> {
        let mut unneeded: BTreeMap<String, OfCell> = BTreeMap::new();
        for (path, name, metadata) in entries(&self.store.root.join("cells"))? {
            let Some((kind, key)) = CellFile::of(&name) else { continue };
            match kind {
                CellFile::Writing => self.leftover(&path, &metadata, WRITING),
                CellFile::SetAside => self.set_aside(&path),
                _ if runs.needed.contains(key) => self.needed(kind, key, &path, &metadata),
                _ => {
                    let cell = unneeded.entry(key.to_owned()).or_default();
                    cell.newest = cell.newest.max(metadata.modified().ok());
                    cell.bytes += Space::of(&path, None).bytes;
                    cell.files.push((kind, path));
                }
            }
        }
        for (key, cell) in unneeded {
            if cancelled() {
                return Ok(None);
            }
            self.cell(&key, cell, runs);
        }
        Ok(Some(()))
    }

    /// Removes a cell that no run refers to, if it may go.
    fn cell(&mut self, key: &str, mut cell: OfCell, runs: &Runs) {
        let is_cell = cell.files.iter().any(|(kind, _)| *kind != CellFile::Lock);
        let is_old = cell.newest.is_none_or(|newest| self.is_older(newest, self.request.grace));
        let amount = Amount { count: 1, bytes: cell.bytes };
        if runs.is_doubtful {
            self.pruned.doubtful += amount;
            return;
        }
        if !is_old && !runs.freed.contains(key) {
            self.pruned.young += amount;
            return;
        }
        // The lock is the last to go, and is held until then.
        cell.files.sort_by_key(|(kind, _)| *kind == CellFile::Lock);
        let lock = cell.files.iter().find(|(kind, _)| *kind == CellFile::Lock);
        let Ok(_held) = lock.map(|(_, path)| held(path)).transpose() else {
            self.pruned.young += amount;
            return;
        };
        for (_, path) in &cell.files {
            self.removed(path);
        }
        let of = if is_cell { &mut self.pruned.cells } else { &mut self.pruned.leftovers };
        *of += amount;
    }

    /// Of a cell that a run refers to: a lock that nobody holds, and what a fit that has ended left.
    fn needed(&mut self, kind: CellFile, key: &str, path: &Path, metadata: &Metadata) {
        let is_done = || self.store.record_path(key).is_file();
        match kind {
            CellFile::Done if !metadata.is_file() || metadata.len() == 0 => {
                let damage = Damage::new(path, "is no file of a cell; `bench show` says of which runs");
                self.pruned.unreadable.push(damage.to_string());
            }
            // Who waits for the lock of a removed file had better find the cell ended.
            CellFile::Lock => {
                let age = if is_done() { Duration::ZERO } else { self.request.grace.max(WRITING) };
                if let Ok(_held) = held(path) {
                    self.leftover(path, metadata, age);
                }
            }
            CellFile::Partial if is_done() && !is_held(&self.store.lock_path(key)) => {
                self.leftover(path, metadata, Duration::ZERO);
            }
            _ => {}
        }
    }
}

/// A lock, held; an error if another process holds it.
fn held(path: &Path) -> std::result::Result<File, ()> {
    let file = File::options().append(true).open(path).ok();
    let file = file.or_else(|| open_regular(path, MOST_BYTES).ok()).ok_or(())?;
    try_lock(&file).map_err(|_| ())?;
    Ok(file)
}
