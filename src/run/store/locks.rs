//! Locks of files, on file systems that have them and on those that do not.

use std::fs::{File, TryLockError};
use std::io;

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
}
