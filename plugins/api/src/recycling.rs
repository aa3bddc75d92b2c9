use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes from which on a block is kept: what is as large as a batch between layers.
const LARGE: usize = 1 << 18;
/// Blocks that are kept at most, and bytes of all of them.
const BLOCKS: usize = 256;
const BYTES: usize = 512 << 20;
/// How far the system aligns blocks without being asked.
const ALIGNMENT: usize = 16;

/// An allocator for programs that train on the CPU: the system's, which keeps large blocks that are given back for whoever wants
/// one of that size next.
///
/// Every step of a training wants the blocks of the step before. Fresh from the system they are handed over page by page, each
/// filled with zeros first, which takes up to a quarter of a step. At most 512 MiB are kept, those that were given back last.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: genre_bench_api::Recycling = genre_bench_api::Recycling::new();
/// ```
pub struct Recycling(Mutex<Kept>);

/// Blocks in the order in which they were given back.
struct Kept {
    blocks: [Block; BLOCKS],
    count: usize,
    bytes: usize,
}

#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: nobody else has a block that is kept, whichever thread it came from.
unsafe impl Send for Block {}

impl Kept {
    /// The block of this size that was given back last.
    fn take(&mut self, bytes: usize) -> Option<*mut u8> {
        let at = self.blocks[..self.count].iter().rposition(|block| block.bytes == bytes)?;
        Some(self.remove(at).start)
    }

    /// Keeps a block if there is room, and else no longer keeps the oldest.
    fn put(&mut self, block: Block) -> Result<(), Block> {
        if self.count == BLOCKS || self.bytes + block.bytes > BYTES {
            return Err(self.remove(0));
        }
        self.blocks[self.count] = block;
        self.count += 1;
        self.bytes += block.bytes;
        Ok(())
    }

    fn remove(&mut self, at: usize) -> Block {
        let block = self.blocks[at];
        self.blocks.copy_within(at + 1..self.count, at);
        self.count -= 1;
        self.bytes -= block.bytes;
        block
    }
}

impl Default for Recycling {
    fn default() -> Self {
        Self::new()
    }
}

impl Recycling {
    /// With nothing kept yet.
    pub const fn new() -> Self {
        let none = Block { start: std::ptr::null_mut(), bytes: 0 };
        Self(Mutex::new(Kept { blocks: [none; BLOCKS], count: 0, bytes: 0 }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As the system is asked for a large block: up to an eighth larger than wanted, so that similar ones are of one size. None
    /// for other blocks.
    fn large(layout: Layout) -> Option<Layout> {
        if layout.size() < LARGE || layout.align() > ALIGNMENT {
            return None;
        }
        let step = (1 << layout.size().ilog2()) / 8;
        Layout::from_size_align(layout.size().checked_next_multiple_of(step)?, ALIGNMENT).ok()
    }
}

impl Recycling {
    /// What `ask` gives; if that is nothing, what it gives after all kept blocks went back to the system, which may have no more.
    fn or_give_back(&self, ask: impl Fn() -> *mut u8) -> *mut u8 {
        loop {
            let given = ask();
            if !given.is_null() {
                return given;
            }
            let oldest = {
                let mut kept = self.kept();
                if kept.count == 0 {
                    return given;
                }
                kept.remove(0)
            };
            if let Ok(layout) = Layout::from_size_align(oldest.bytes, ALIGNMENT) {
                // SAFETY: it came from the system with this layout, and is nobody's.
                unsafe { System.dealloc(oldest.start, layout) };
            }
        }
    }
}

// SAFETY: all blocks are the system's, and are asked for and given back with one layout: that of large blocks follows from the
// layout that is given, and such a block is kept or somebody's, never both.
unsafe impl GlobalAlloc for Recycling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: in both cases the layout is not empty, as the caller says of the one given.
        let fresh = |layout| self.or_give_back(|| unsafe { System.alloc(layout) });
        let Some(large) = Self::large(layout) else { return fresh(layout) };
        let kept = self.kept().take(large.size());
        kept.unwrap_or_else(|| fresh(large))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let fresh = |layout| self.or_give_back(|| unsafe { System.alloc_zeroed(layout) });
        let Some(large) = Self::large(layout) else { return fresh(layout) };
        let Some(kept) = self.kept().take(large.size()) else { return fresh(large) };
        // SAFETY: the block has so many bytes, which nobody else has.
        unsafe { kept.write_bytes(0, layout.size()) };
        kept
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: what is given back to the system came from it, with this layout.
        let give_back = |start, layout| unsafe { System.dealloc(start, layout) };
        let Some(large) = Self::large(layout) else { return give_back(start, layout) };
        if large.size() > BYTES {
            return give_back(start, large);
        }
        let block = Block { start, bytes: large.size() };
        loop {
            let Err(oldest) = self.kept().put(block) else { return };
            if let Ok(layout) = Layout::from_size_align(oldest.bytes, ALIGNMENT) {
                give_back(oldest.start, layout);
            }
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else { return std::ptr::null_mut() };
        match (Self::large(layout), Self::large(wanted)) {
            // SAFETY: the block came from the system with this layout, and the new size is one of a layout.
            (None, None) => self.or_give_back(|| unsafe { System.realloc(start, layout, size) }),
            // SAFETY: as above.
            (Some(is), Some(wanted)) => {
                self.or_give_back(|| unsafe { System.realloc(start, is, wanted.size()) })
            }
            // SAFETY: both blocks have as many bytes as are copied; the old one is the caller's to give back.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if !moved.is_null() {
                    moved.copy_from_nonoverlapping(start, layout.size().min(size));
                    self.dealloc(start, layout);
                }
                moved
            },
        }
    }
}
