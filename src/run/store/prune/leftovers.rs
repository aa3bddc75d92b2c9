//! What killed programs left in a store, outside of the folder of its cells.

use super::{Amount, Entry, Pruning, WRITING, entries};
use crate::error::Result;
use crate::run::store::cell_files::{CellFile, set_aside_from};
use crate::run::store::runs::RUN_FILES;
use crate::util::ASIDE;
use std::fs::Metadata;
use std::path::Path;

impl Pruning<'_> {
    /// What killed programs left outside of the folder of the cells.
    pub(super) fn leftovers(&mut self) -> Result<()> {
        let root = self.store.root.clone();
        for folder in [root.clone(), root.join("runs")] {
            for (path, name, metadata) in entries(&folder)? {
                self.stray(&path, &name, &metadata);
            }
        }
        for (folder, name, metadata) in entries(&root.join("runs"))? {
            if !metadata.is_dir() || self.pruned.runs.contains(&name) {
                continue;
            }
            let inside: Vec<Entry> = entries(&folder)?.collect();
            for (path, name, metadata) in &inside {
                self.stray(path, name, metadata);
            }
            self.without_plan(&folder, &inside);
        }
        Ok(())
    }

    /// A file that was being written, or set aside.
    fn stray(&mut self, path: &Path, name: &str, metadata: &Metadata) {
        let is_ours =
            |name: &str| RUN_FILES.contains(&name) || name == "store.json" || CellFile::of(name).is_some();
        if name.starts_with(ASIDE) {
            self.leftover(path, metadata, WRITING);
        } else if set_aside_from(name).is_some_and(is_ours) {
            self.set_aside(path);
        }
    }

    /// A folder of a run that was never written to its end, or not removed to its end.
    fn without_plan(&mut self, folder: &Path, inside: &[Entry]) {
        let is_tables = |name: &String| RUN_FILES[1..].contains(&name.as_str());
        if inside.is_empty() || !inside.iter().all(|(_, name, _)| is_tables(name)) {
            return;
        }
        let old = |(_, _, metadata): &Entry| {
            metadata.modified().is_ok_and(|at| self.is_older(at, self.request.grace.max(WRITING)))
        };
        if inside.iter().all(old) {
            let mut amount = Amount { count: 1, bytes: 0 };
            for (path, ..) in inside {
                amount.bytes += self.removed(path);
            }
            self.remove_if_empty(folder, "cannot be removed");
            self.pruned.leftovers += amount;
        }
    }
}
