//! Taking entries from a cache that have not been used for long.
//!
//! An entry that is missing is computed again, so nothing is lost but time. A program that is reading an entry has it whole,
//! because a file that is removed is there for who has opened it.

use super::{Cache, CacheUsage, EMBEDDINGS, ENTRY, SPECTROGRAMS};
use crate::util::{ASIDE, DAMAGED, open_regular};
use std::fs::{self, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Digits of an entry's name.
const DIGITS: usize = 64;
/// A file that is being written is younger, however slow the disk is.
const WRITING: Duration = Duration::from_secs(3600);
/// The use of an entry is marked again after so long: who prunes counts days.
const MARKED: Duration = Duration::from_secs(6 * 3600);

/// What is to go from a cache; an entry goes if any of it says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CachePruneRequest {
    /// Entries that have not been used for so long.
    pub older_than: Option<Duration>,
    /// Those used longest ago, until no more bytes than these are left.
    pub keep_bytes: Option<u64>,
    /// Whether it is only said what would go.
    pub dry_run: bool,
}

/// What has gone from a cache, or would go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachePruned {
    /// What goes.
    pub gone: CacheUsage,
    /// What stays.
    pub kept: CacheUsage,
    /// Entries that cannot be removed, and why.
    pub troubles: Vec<String>,
}

/// A file of a cache.
pub(super) struct CacheEntry {
    pub path: PathBuf,
    pub bytes: u64,
    used: SystemTime,
    is_being_written: bool,
}

impl CacheEntry {
    /// The file of some name, if it is an entry, what was set aside of one, or what a killed program left of one.
    pub fn of(path: PathBuf, name: &str, metadata: &Metadata) -> Option<Self> {
        let is_writing = name.starts_with(ASIDE);
        if !metadata.is_file() || !(is_writing || is_entry(name)) {
            return None;
        }
        let [written, read] =
            [metadata.modified(), metadata.accessed()].map(|at| at.unwrap_or(SystemTime::now()));
        let is_being_written = is_writing && !written.elapsed().is_ok_and(|age| age > WRITING);
        Some(Self { path, bytes: metadata.len(), used: written.max(read), is_being_written })
    }
}

/// Whether a name is that of an entry, or of what was set aside of one.
fn is_entry(name: &str) -> bool {
    let name = match name.rsplit_once(DAMAGED) {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => name,
    };
    let digits = [ENTRY, EMBEDDINGS, SPECTROGRAMS].iter().find_map(|ending| name.strip_suffix(ending));
    digits.is_some_and(|name| name.len() == DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Marks an entry as used now, also where the file system does not do it by itself (`noatime`). That it cannot be marked is
/// no reason to do anything else.
pub(super) fn mark_used(path: &Path) {
    let is_marked = |at: SystemTime| at.elapsed().is_ok_and(|age| age < MARKED);
    if fs::metadata(path).and_then(|metadata| metadata.accessed()).is_ok_and(is_marked) {
        return;
    }
    let times = FileTimes::new().set_accessed(SystemTime::now());
    let _ = open_regular(path, u64::MAX).map(|file| file.set_times(times));
}

impl Cache {
    /// Removes entries, and nothing else that may lie in the folder; those used longest ago first.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed.
    pub fn prune(&self, request: &CachePruneRequest) -> io::Result<CachePruned> {
        let now = SystemTime::now();
        let mut entries = self.entries()?;
        entries.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut pruned = CachePruned::default();
        for entry in entries {
            let is_old = |age| now.duration_since(entry.used).is_ok_and(|since| since >= age);
            let goes =
                request.older_than.is_some_and(is_old) || request.keep_bytes.is_some_and(|most| left > most);
            if !goes || entry.is_being_written {
                pruned.kept.add(entry.bytes);
                continue;
            }
            let removed = if request.dry_run { Ok(()) } else { fs::remove_file(&entry.path) };
            match removed {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    pruned.troubles.push(format!("{}: cannot be removed: {e}", entry.path.display()));
                    pruned.kept.add(entry.bytes);
                }
                _ => {
                    pruned.gone.add(entry.bytes);
                    left -= entry.bytes;
                }
            }
        }
        Ok(pruned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_from_files_of_others() {
        let digits = "0123456789abcdef".repeat(4);
        for ending in [".features", ".embeddings", ".features.damaged-1", ".embeddings.damaged-12"] {
            assert!(is_entry(&format!("{digits}{ending}")), "{ending}");
        }
        let short = &digits[1..];
        for name in [
            "my.features".to_owned(),
            format!("{short}.features"),
            format!("{short}g.features"),
            format!("{digits}.features.txt"),
            format!("{digits}.features.damaged-x"),
            digits.clone(),
        ] {
            assert!(!is_entry(&name), "{name}");
        }
    }
}
