//! Locks of files, on file systems that have them and on those that do not.

use super::{MOST_BYTES, Store};
use crate::error::{Error, Result as BenchResult};
use crate::util::open_regular;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// What Linux says where a file system has no locks: EINVAL, ENOLCK (NFS without its lock service), ENOSYS (Lustre
/// without `-o flock`), EOPNOTSUPP.
#[cfg(target_os = "linux")]
const NO_LOCKS: [i32; 4] = [22, 37, 38, 95];
#[cfg(not(target_os = "linux"))]
const NO_LOCKS: [i32; 0] = [];

/// Locks a file for as long as it is open. Where there are no locks, everybody gets one: a cell may then be computed
/// twice, and its file is still whole and right, because it appears by a rename.
pub(super) fn try_lock(file: &File) -> Result<(), TryLockError> {
    match file.try_lock() {
        Err(TryLockError::Error(e)) if has_no_locks(&e) => Ok(()),
        other => other,
    }
}

/// Says that a run is being computed, for as long as it is there: [`Store::prune`] leaves the run alone.
#[derive(Debug)]
pub struct RunLock {
    /// None where the file system has no locks.
    _file: Option<File>,
}

/// The right to add runs to a store, or to take something from it.
#[derive(Debug)]
pub(super) struct Gate {
    _file: Option<File>,
}

/// How long whoever removes something waits for those who add something.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

impl Store {
    /// The right to add runs, which many may have at a time. While something is being removed it is waited for: a run that
    /// is added then would refer to cells that go.
    pub(super) fn adding(&self) -> Gate {
        // A store that cannot be written to has nothing removed from it, either.
        let file = self.lock_file();
        Gate { _file: file.filter(|file| file.lock_shared().is_ok()) }
    }

    /// The right to remove something, which nobody else has then, nor that to add runs.
    ///
    /// # Errors
    ///
    /// Others do not stop adding runs.
    pub(super) fn removing(&self) -> BenchResult<Gate> {
        let Some(file) = self.lock_file() else { return Ok(Gate { _file: None }) };
        let start = Instant::now();
        loop {
            match try_lock(&file) {
                Ok(()) => return Ok(Gate { _file: Some(file) }),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    let reason = "another program adds runs to it, or removes some, and does not end";
                    return Err(Error::at(
                        &self.root,
                        reason,
                        "again when `bench merge` or `bench runs` is done",
                    ));
                }
                Err(TryLockError::Error(e)) => {
                    return Err(Error::at(
                        &self.root,
                        format!("cannot be locked: {e}"),
                        "who owns the folder?",
                    ));
                }
            }
        }
    }

    fn lock_file(&self) -> Option<File> {
        let path = self.root.join("store.lock");
        let file = File::options().create(true).append(true).open(&path);
        file.ok().or_else(|| open_regular(&path, MOST_BYTES).ok())
    }

    /// Says that a run is being computed, or is about to be.
    pub fn hold_run(&self, id: &str) -> RunLock {
        let _gate = self.adding();
        self.hold(id)
    }

    /// The same for who may add runs.
    pub(super) fn hold(&self, id: &str) -> RunLock {
        let file = open_regular(&self.held_file(id), MOST_BYTES).ok();
        RunLock { _file: file.filter(|file| file.lock_shared().is_ok()) }
    }

    /// Whether a run is being computed, here or on another machine; as far as the file system has locks.
    pub fn is_held(&self, id: &str) -> bool {
        is_held(&self.held_file(id))
    }
}

/// Whether somebody holds a lock of a file.
pub(super) fn is_held(path: &Path) -> bool {
    // To be locked against everybody on NFS it must be open for writing.
    let file = File::options().append(true).open(path).ok().or_else(|| open_regular(path, MOST_BYTES).ok());
    file.is_some_and(|file| matches!(try_lock(&file), Err(TryLockError::WouldBlock)))
}

fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|number| NO_LOCKS.contains(&number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn only_a_file_system_without_locks_gives_them_to_everybody() {
        for number in NO_LOCKS {
            assert!(has_no_locks(&io::Error::from_raw_os_error(number)), "{number}");
        }
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::StorageFull, io::ErrorKind::WouldBlock] {
            assert!(!has_no_locks(&kind.into()), "{kind}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let (one, two) = (file.reopen().unwrap(), file.reopen().unwrap());
        assert!(try_lock(&one).is_ok());
        assert!(matches!(try_lock(&two), Err(TryLockError::WouldBlock)), "a lock that is held is no error");
    }
    #[test]
    fn who_removes_waits_for_those_who_add() {
        use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let (one, two, has_added) = (store.adding(), store.adding(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let removing = scope.spawn(|| {
                let gate = store.removing().unwrap();
                assert!(has_added.load(SeqCst), "it did not wait");
                drop(gate);
            });
            std::thread::sleep(2 * LOOK);
            drop(one);
            has_added.store(true, SeqCst);
            drop(two);
            removing.join().unwrap();
        });
        std::fs::create_dir_all(store.run_folder("run")).unwrap();
        std::fs::write(store.held_file("run"), "").unwrap();
        assert!(!store.is_held("run"));
        let held = [store.hold_run("run"), store.hold_run("run")];
        assert!(store.is_held("run"));
        drop(held);
        assert!(!store.is_held("run") && !store.is_held("missing"));
    }
}
