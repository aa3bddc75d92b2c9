use std::fs;
use std::path::Path;
use std::time::Instant;

/// Folders inside each other that are looked into: links are not followed, so nobody has more.
const MOST_DEPTH: usize = 64;

/// What files there are, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Space {
    /// Files.
    pub files: usize,
    /// Bytes in them.
    pub bytes: u64,
    /// Whether there is more, which was not counted.
    pub has_more: bool,
}

impl Space {
    /// What a file or a folder takes, counted until some time. What is missing takes nothing; of a link it is the link.
    pub fn of(path: &Path, until: Option<Instant>) -> Self {
        let mut space = Self::default();
        space.add(path, until, MOST_DEPTH);
        space
    }

    fn add(&mut self, path: &Path, until: Option<Instant>, depth: usize) {
        if depth == 0 || until.is_some_and(|until| Instant::now() > until) {
            self.has_more = true;
            return;
        }
        let Ok(metadata) = fs::symlink_metadata(path) else { return };
        if !metadata.is_dir() {
            self.files += 1;
            self.bytes += metadata.len();
            return;
        }
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            self.add(&entry.path(), until, depth - 1);
        }
    }
}

/// Bytes that a user may still write where a path is; none where the system does not tell.
pub fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let told = rustix::fs::statvfs(path).ok()?;
        told.f_bavail.checked_mul(told.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn files_of_folders_are_counted_until_the_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/three"), "333").unwrap();
        fs::write(folder.path().join("one"), "1").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", folder.path().join("a/l")).unwrap();
        let links = if cfg!(unix) { 1 } else { 0 };
        let all = Space::of(folder.path(), None);
        assert_eq!(all, Space { files: 2 + links, bytes: 4 + links as u64, has_more: false });
        assert!(Space::of(folder.path(), Some(Instant::now())).has_more);
        assert_eq!(Space::of(&folder.path().join("missing"), None), Space::default());
    }
}
