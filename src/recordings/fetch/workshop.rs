//! The folder beside the destination where everything happens until it is complete.

use crate::error::{Error, Result};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// `DIR.fetch` beside `DIR`, locked by this program.
///
/// ```text
/// gtzan.fetch/lock           held while a program works here
/// gtzan.fetch/archive.part   the download, and beside it archive.json: what it is of; archive-1.part is a second one's
/// gtzan.fetch/tree/          what is unpacked so far
/// ```
pub struct Workshop {
    folder: PathBuf,
    _lock: File,
}

impl Workshop {
    /// Makes the workshop of a destination, or enters the one that a stopped run left.
    ///
    /// # Errors
    ///
    /// The destination holds something, or has no name; another program works here; the disk refuses.
    pub fn beside(to: &Path) -> Result<Self> {
        let name = to
            .file_name()
            .ok_or_else(|| Error::at(to, "is no name for a new folder", "give one, such as --to gtzan"))?;
        if to.exists() && fs::read_dir(to).map_or(true, |mut entries| entries.next().is_some()) {
            let hint = "nothing was changed: choose another folder with --to, or move this one away";
            return Err(Error::at(to, "is there already and not an empty folder", hint));
        }
        let mut beside = name.to_owned();
        beside.push(".fetch");
        let folder = to.with_file_name(beside);
        fs::create_dir_all(&folder).map_err(|e| refused(&folder, &e))?;
        let lock = folder.join("lock");
        let file = File::create(&lock).map_err(|e| refused(&lock, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: file }),
            Err(TryLockError::WouldBlock) => {
                let hint = "wait for it, or choose another folder with --to";
                Err(Error::at(&folder, "another program is fetching to this place", hint))
            }
            Err(TryLockError::Error(e)) => Err(refused(&lock, &e)),
        }
    }

    /// Where the download of an archive grows, by its place among those asked for.
    pub fn part(&self, place: usize) -> PathBuf {
        self.folder.join(match place {
            0 => "archive.part".to_owned(),
            place => format!("archive-{place}.part"),
        })
    }

    /// A new folder to unpack to; what a killed run left of an older one is removed.
    pub fn tree(&self) -> Result<PathBuf> {
        let tree = self.folder.join("tree");
        if tree.exists() {
            fs::remove_dir_all(&tree).map_err(|e| refused(&tree, &e))?;
        }
        fs::create_dir(&tree).map_err(|e| refused(&tree, &e))?;
        Ok(tree)
    }

    /// Takes a download out of the way, so that the next one begins anew, and says where it is.
    pub fn set_aside(&self, place: usize) -> Result<PathBuf> {
        let part = self.part(place);
        let bad = part.with_extension("bad");
        fs::rename(part, &bad).map_err(|e| refused(&bad, &e))?;
        Ok(bad)
    }

    /// Makes the tree the destination, in one step.
    pub fn deliver(self, to: &Path) -> Result<()> {
        let tree = self.folder.join("tree");
        // An empty folder is replaced; where the system does not do that by itself, it is removed first.
        if to.exists() {
            fs::remove_dir(to).map_err(|e| refused(to, &e))?;
        }
        fs::rename(&tree, to).map_err(|e| refused(to, &e))?;
        // The archive is not needed any more. That it cannot be removed does not undo what was done.
        let _ = fs::remove_dir_all(&self.folder);
        Ok(())
    }
}

impl Drop for Workshop {
    /// Leaves nothing but a download that can be gone on with.
    fn drop(&mut self) {
        // Each may fail because it is not there, or not empty, and then there is nothing to be done.
        let _ = fs::remove_dir_all(self.folder.join("tree"));
        let is_download = |path: &Path| {
            path.extension().is_some_and(|extension| extension == "part" || extension == "bad")
                && path.metadata().is_ok_and(|of| of.len() > 0)
        };
        let mut there = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        if !there.any(|entry| is_download(&entry.path())) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::at(
        path,
        format!("cannot be made or changed: {error}"),
        "check its permissions and the disk's room",
    )
}
