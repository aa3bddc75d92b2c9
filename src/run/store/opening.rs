//! Opening a store: which format it has, and what is made where it is missing.

use super::{AGAIN, Store, read};
use crate::error::{Error, Result};
use crate::run::sealed;
use crate::util::Damage;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The layout of [`Store`]; a store with another number is refused.
const FORMAT: u32 = 4;

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

    fn header_path(&self) -> PathBuf {
        self.root.join("store.json")
    }
}
