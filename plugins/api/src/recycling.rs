use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes from which on a block is kept: what is as large as a batch between layers, and more than the system keeps for itself.
const LARGE: usize = 1 << 16;
/// Blocks that are kept at most: a network of a hundred layers has some of each.
const BLOCKS: usize = 1024;
/// Bytes that may be kept besides as many as were in use at once, and at most as many again: blocks of the way there are of other
/// sizes than those of the way back, and without room for both, each would be given back to make room for the other.
const ROOM: usize = 512 << 20;
/// How far the system aligns blocks without being asked.
const ALIGNMENT: usize = 16;

/// An allocator for programs that train on the CPU: the system's, which keeps large blocks that are given back for whoever wants
/// one of that size next.
///
/// Every step of a training wants the blocks of the step before. Fresh from the system they are handed over page by page, each
/// filled with zeros first, which takes up to a quarter of a step. Blocks that are kept and blocks in use together are at most
/// 512 MiB more than were in use at once, and at most twice as many; those that were given back last are kept.
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
    /// Bytes of large blocks that are somebody's, now and at most at once.
    in_use: usize,
    most: usize,
}

#[derive(Clone, Copy)]
struct Block {
    start: *mut u8,
    bytes: usize,
}

impl Block {
    /// As the system was asked for it.
    fn layout(&self) -> Option<Layout> {
        Layout::from_size_align(self.bytes, ALIGNMENT).ok()
    }
}

// SAFETY: nobody else has a block that is kept, whichever thread it came from.
unsafe impl Send for Block {}

impl Kept {
    /// The block of this size that was given back last.
    fn take(&mut self, bytes: usize) -> Option<*mut u8> {
        let at = self.blocks[..self.count].iter().rposition(|block| block.bytes == bytes)?;
        self.hand_out(bytes);
        Some(self.remove(at).start)
    }

    /// So many more bytes are somebody's.
    fn hand_out(&mut self, bytes: usize) {
        self.in_use += bytes;
        self.most = self.most.max(self.in_use);
    }

    /// A block that there is no room for: the one that has been kept longest.
    fn surplus(&mut self) -> Option<Block> {
        let all = self.most + self.most.min(ROOM);
        (self.bytes > 0 && self.in_use + self.bytes > all).then(|| self.remove(0))
    }

    /// Keeps a block that somebody gave back, instead of the oldest where there are too many.
    fn put(&mut self, block: Block) -> Option<Block> {
        let oldest = (self.count == BLOCKS).then(|| self.remove(0));
        self.blocks[self.count] = block;
        self.count += 1;
        self.bytes += block.bytes;
        self.in_use -= block.bytes;
        oldest
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
        Self(Mutex::new(Kept { blocks: [none; BLOCKS], count: 0, bytes: 0, in_use: 0, most: 0 }))
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
    /// Bytes that are kept for later.
    pub fn kept_bytes(&self) -> usize {
        self.kept().bytes
    }

    /// Gives blocks back to the system until at most so many bytes are kept, those first that were kept longest.
    pub fn keep_at_most(&self, bytes: usize) {
        while self.give_back_one(|kept| (kept.bytes > bytes).then(|| kept.remove(0))) {}
    }

    /// Gives the block back that `which` takes from the kept ones, if any.
    fn give_back_one(&self, which: impl Fn(&mut Kept) -> Option<Block>) -> bool {
        // The lock is open again before the system is asked, which may take a while.
        let block = which(&mut self.kept());
        let Some((block, layout)) = block.and_then(|block| Some((block, block.layout()?))) else {
            return false;
        };
        // SAFETY: it came from the system with this layout, and is nobody's.
        unsafe { System.dealloc(block.start, layout) };
        true
    }

    /// What `ask` gives; if that is nothing, what it gives after all kept blocks went back to the system, which may have no more.
    fn or_give_back(&self, ask: impl Fn() -> *mut u8) -> *mut u8 {
        let given = ask();
        if !given.is_null() {
            return given;
        }
        self.keep_at_most(0);
        ask()
    }

    /// A large block of the system's, from `ask`, after which as much less is kept.
    fn fresh(&self, large: Layout, ask: impl Fn() -> *mut u8) -> *mut u8 {
        self.kept().hand_out(large.size());
        while self.give_back_one(Kept::surplus) {}
        let given = self.or_give_back(ask);
        if given.is_null() {
            self.kept().in_use -= large.size();
        }
        given
    }
}

// SAFETY: all blocks are the system's, and are asked for and given back with one layout: that of large blocks follows from the
// layout that is given, and such a block is kept or somebody's, never both.
unsafe impl GlobalAlloc for Recycling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: in both cases the layout is not empty, as the caller says of the one given.
        let ask = |layout| unsafe { System.alloc(layout) };
        let Some(large) = Self::large(layout) else { return self.or_give_back(|| ask(layout)) };
        let kept = self.kept().take(large.size());
        kept.unwrap_or_else(|| self.fresh(large, || ask(large)))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let ask = |layout| unsafe { System.alloc_zeroed(layout) };
        let Some(large) = Self::large(layout) else { return self.or_give_back(|| ask(layout)) };
        let kept = self.kept().take(large.size());
        let Some(kept) = kept else { return self.fresh(large, || ask(large)) };
        // SAFETY: the block has so many bytes, which nobody else has.
        unsafe { kept.write_bytes(0, layout.size()) };
        kept
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let Some(large) = Self::large(layout) else {
            // SAFETY: it came from the system with this layout.
            return unsafe { System.dealloc(start, layout) };
        };
        self.give_back_one(|kept| kept.put(Block { start, bytes: large.size() }));
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else { return std::ptr::null_mut() };
        match (Self::large(layout), Self::large(wanted)) {
            (None, None) => {
                // SAFETY: it came from the system with this layout, and the new size is one of a layout.
                return self.or_give_back(|| unsafe { System.realloc(start, layout, size) });
            }
            (Some(is), Some(wanted)) => {
                // SAFETY: as above.
                let ask = || unsafe { System.realloc(start, is, wanted.size()) };
                self.kept().in_use -= is.size();
                let moved = self.fresh(wanted, ask);
                if moved.is_null() {
                    self.kept().in_use += is.size();
                }
                return moved;
            }
            _ => {}
        }
        // SAFETY: both blocks have as many bytes as are copied; the old one is the caller's to give back.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(start, layout.size().min(size));
                self.dealloc(start, layout);
            }
            moved
        }
    }
}
