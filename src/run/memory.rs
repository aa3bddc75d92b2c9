//! How much memory a model needs.
//!
//! Cells run side by side in one process, so the operating system's figures cannot tell them apart. Instead the
//! allocator counts, for every thread that works for a cell, what it allocates and frees.

use genre_bench_api::Recycling;
use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// The memory of one worker: of all threads that were [attached](Meter::attach) to it.
#[derive(Debug, Default)]
pub struct Meter {
    live: AtomicI64,
    peak: AtomicI64,
}

thread_local! {
    static METER: Cell<Option<&'static Meter>> = const { Cell::new(None) };
}

impl Meter {
    /// A meter for the rest of the program's life, which is as long as threads may count on it.
    pub fn leak() -> &'static Self {
        Box::leak(Box::default())
    }

    /// Counts this thread's memory from now on.
    pub fn attach(&'static self) {
        METER.set(Some(self));
    }

    /// Starts a measurement: what is held now counts as nothing.
    pub fn start(&self) {
        self.live.store(0, Relaxed);
        self.peak.store(0, Relaxed);
    }

    /// The most bytes held at one time since [`Meter::start`].
    pub fn peak_bytes(&self) -> u64 {
        self.peak.load(Relaxed).max(0).unsigned_abs()
    }

    /// Counts bytes that another process held at most while this one held what it holds.
    pub fn add_elsewhere(&self, bytes: u64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.peak.fetch_max(self.live.load(Relaxed).saturating_add(bytes), Relaxed);
    }

    fn add(&self, bytes: i64) {
        let live = self.live.fetch_add(bytes, Relaxed) + bytes;
        if live > self.peak.load(Relaxed) {
            self.peak.fetch_max(live, Relaxed);
        }
    }
}

/// Where the address space is limited (`ulimit -v`), has all threads share one arena of the allocator: glibc reserves
/// 64 MiB of addresses for each thread, used or not, and where none are left even a small allocation ends the program. To
/// be called before threads are started.
pub fn save_addresses_if_limited() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the first call writes to the one structure that it is given, the second takes numbers.
        unsafe {
            if libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) == 0 && limit.rlim_cur != libc::RLIM_INFINITY
            {
                libc::mallopt(libc::M_ARENA_MAX, 1);
            }
        }
    }
}

/// The allocator of the program, counting what is asked for: blocks that are kept for later are nobody's.
struct Counting(Recycling);

#[global_allocator]
static ALLOCATOR: Counting = Counting(Recycling::new());

/// Gives memory back to the system that is kept for the next one who wants some, until at most so many bytes are.
pub(super) fn keep_at_most(bytes: usize) {
    ALLOCATOR.0.keep_at_most(bytes);
}

fn count(bytes: usize, sign: i64) {
    // A thread that is ending has no meter any more.
    if let Ok(Some(meter)) = METER.try_with(Cell::get) {
        meter.add(sign * bytes as i64);
    }
}

// SAFETY: every call is handed on unchanged to an allocator that upholds the contract; the counting
// around it does not allocate (the thread-local needs no lazy initialisation and no destructor).
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, 1);
        count(layout.size(), -1);
        unsafe { self.0.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        unsafe { self.0.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_measured_only_after_it_was_attached() {
        let meter = Meter::leak();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                meter.start();
                drop(std::hint::black_box(vec![1_u8; 1 << 20]));
                assert_eq!(meter.peak_bytes(), 0);
                meter.attach();
                let held = std::hint::black_box(vec![1_u8; 1 << 20]);
                drop(std::hint::black_box(vec![1_u8; 1 << 18]));
                drop(held);
                assert_eq!(meter.peak_bytes(), (1 << 20) + (1 << 18));
                meter.add_elsewhere(1 << 22);
                assert_eq!(meter.peak_bytes(), 1 << 22);
            });
        });
    }
}
