//! Main memory that fits may take, shared among those that run at the same time.

use super::memory;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a waiting cell looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes that are kept for later cells when one is over: what a large one took is not held while small ones follow.
const KEPT: usize = 512 << 20;

/// Memory that the machine, or a limit on the process, leaves; cells reserve what they need before they take it.
pub(super) struct Budget {
    state: Mutex<State>,
    freed: Condvar,
    free: fn() -> Option<u64>,
}

#[derive(Default)]
struct State {
    /// Bytes that running cells may take.
    reserved: u64,
    running: usize,
    /// What was free when no cell ran.
    at_rest: Option<u64>,
}

/// Why a cell may not begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Even alone it needs more than the bytes that are free.
    TooLarge(u64),
    /// The user wants to stop.
    Cancelled,
}

/// A share of a [`Budget`], given back when it is dropped.
pub(super) struct Reservation<'a>(&'a Budget, u64);

impl Budget {
    /// What is free now and later, as `free` says; no limit where it does not know.
    pub fn new(free: fn() -> Option<u64>) -> Self {
        Self { state: Mutex::default(), freed: Condvar::new(), free }
    }

    /// Waits until so many bytes are free beside what other cells may take.
    pub fn reserve(&self, bytes: u64, cancelled: impl Fn() -> bool) -> Result<Reservation<'_>, Refusal> {
        let mut state = self.lock();
        let mut given_back = false;
        loop {
            if cancelled() {
                return Err(Refusal::Cancelled);
            }
            let free = (self.free)();
            if state.running == 0 {
                state.at_rest = free;
            }
            // What running cells took of their shares is not free any more, but was promised to them before.
            let all = (free.zip(state.at_rest)).map(|(now, at_rest)| at_rest.min(now + state.reserved));
            let left = all.map_or(u64::MAX, |all| usable(all).saturating_sub(state.reserved));
            if bytes <= left {
                state.reserved += bytes;
                state.running += 1;
                return Ok(Reservation(self, bytes));
            }
            // What cells before it took may still be kept for this one.
            if !std::mem::replace(&mut given_back, true) {
                memory::keep_at_most(0);
                continue;
            }
            if state.running == 0 {
                return Err(Refusal::TooLarge(left));
            }
            state = self.freed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.reserved -= self.1;
        state.running -= 1;
        memory::keep_at_most(KEPT);
        self.0.freed.notify_all();
    }
}

/// What fits may take of the free memory: the rest of the program needs some too, and not all of an address space can be
/// used.
fn usable(free: u64) -> u64 {
    free.saturating_sub(free / 16 + (16 << 20))
}

/// Bytes of main memory that the process may still take: the least of what the machine has and what limits leave
/// (`ulimit -v`, `ulimit -d`, control groups of containers). None where the operating system does not tell.
pub fn free_bytes() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = field(&read("/proc/meminfo"), "MemAvailable:");
    let (limits, status) = (read("/proc/self/limits"), read("/proc/self/status"));
    let left = |limit: &str, used: &str| {
        let limit = limits.lines().find_map(|line| line.strip_prefix(limit))?.split_whitespace().next()?;
        Some(limit.parse::<u64>().ok()?.saturating_sub(field(&status, used)?))
    };
    let process = [left("Max address space", "VmSize:"), left("Max data size", "VmData:")];
    let group = group_files(&read("/proc/self/cgroup"))
        .into_iter()
        .filter_map(|files| files.left(|path| std::fs::read_to_string(path).ok()));
    machine.into_iter().chain(process.into_iter().flatten()).chain(group).min()
}

/// A number of kB, in bytes, after its name in a file of `/proc`.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Files of a control group.
struct GroupFiles {
    folder: PathBuf,
    limit: &'static str,
    used: &'static str,
    /// What the kernel would give up of it, in `memory.stat`.
    reclaimable: &'static str,
}

impl GroupFiles {
    /// What the group may still take, if it is limited.
    fn left(&self, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
        let number = |name: &str| read(&self.folder.join(name))?.trim().parse::<u64>().ok();
        let stat = read(&self.folder.join("memory.stat")).unwrap_or_default();
        let line = stat.lines().find_map(|line| line.strip_prefix(self.reclaimable)?.strip_prefix(' '));
        let reclaimable = line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        Some(number(self.limit)?.saturating_sub(number(self.used)?.saturating_sub(reclaimable)))
    }
}

/// The control groups that limit the memory of a process, given its `/proc/self/cgroup`: its own and all above it, of
/// which a container may see only the last.
fn group_files(cgroup: &str) -> Vec<GroupFiles> {
    let of_line = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let version_2 = controllers.is_empty();
        (version_2 || controllers.split(',').any(|controller| controller == "memory"))
            .then_some((version_2, path))
    };
    let files = |(version_2, path): (bool, String)| {
        let root = if version_2 { "/sys/fs/cgroup" } else { "/sys/fs/cgroup/memory" };
        let within = PathBuf::from(path.trim_start_matches('/'));
        let folders: Vec<PathBuf> = within.ancestors().map(|folder| Path::new(root).join(folder)).collect();
        folders.into_iter().map(move |folder| match version_2 {
            true => GroupFiles {
                folder,
                limit: "memory.max",
                used: "memory.current",
                reclaimable: "inactive_file",
            },
            false => GroupFiles {
                folder,
                limit: "memory.limit_in_bytes",
                used: "memory.usage_in_bytes",
                reclaimable: "total_inactive_file",
            },
        })
    };
    cgroup.lines().filter_map(of_line).flat_map(files).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    const GIB: u64 = 1 << 30;

    #[test]
    fn a_cell_that_does_not_fit_beside_another_waits_and_one_that_never_fits_is_refused() {
        let budget = Budget::new(|| Some(10 * GIB));
        let left = usable(10 * GIB);
        assert_eq!(budget.reserve(10 * GIB, || false).err(), Some(Refusal::TooLarge(left)));
        let first = budget.reserve(6 * GIB, || false).unwrap();
        let beside = budget.reserve(2 * GIB, || false).unwrap();
        assert_eq!(budget.reserve(6 * GIB, || true).err(), Some(Refusal::Cancelled));
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let reservation = budget.reserve(6 * GIB, || false);
                assert!(ended.load(SeqCst), "it waited for the first");
                reservation.is_ok()
            });
            ended.store(true, SeqCst);
            drop(first);
            assert!(waiting.join().unwrap());
        });
        drop(beside);
        assert!(budget.reserve(left, || false).is_ok(), "all was given back");
    }

    #[test]
    fn what_is_not_known_is_no_limit() {
        assert!(Budget::new(|| None).reserve(u64::MAX, || false).is_ok());
    }

    #[test]
    fn groups_of_both_versions_are_found_with_those_above_them() {
        let folders = |text: &str| -> Vec<String> {
            group_files(text)
                .iter()
                .map(|files| files.folder.join(files.limit).display().to_string())
                .collect()
        };
        assert_eq!(
            folders("0::/user/job\n"),
            [
                "/sys/fs/cgroup/user/job/memory.max",
                "/sys/fs/cgroup/user/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        let version_1 = folders("5:devices:/\n4:memory,cpu:/job\n");
        assert_eq!(version_1[0], "/sys/fs/cgroup/memory/job/memory.limit_in_bytes");
        assert_eq!(version_1.len(), 2);
    }

    #[test]
    fn a_group_leaves_what_is_not_in_use_or_can_be_given_up() {
        let files = group_files("0::/").remove(0);
        let read = |limit: &'static str| {
            move |path: &Path| {
                Some(match path.file_name()?.to_str()? {
                    "memory.max" => limit.to_owned(),
                    "memory.current" => "700\n".to_owned(),
                    _ => "anon 1\ninactive_file 200\n".to_owned(),
                })
            }
        };
        assert_eq!(files.left(read("1000\n")), Some(500));
        assert_eq!(files.left(read("max\n")), None);
        assert_eq!(files.left(|_| None), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells_what_is_free() {
        assert!(free_bytes().is_some_and(|free| free > 1 << 20));
        assert_eq!(field("MemTotal: 9 kB\nMemAvailable:   12 kB\n", "MemAvailable:"), Some(12 * 1024));
    }
}
