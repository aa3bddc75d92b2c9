//! A limit to what a file holds beside its sound.
//!
//! Decoders keep tags, pictures and tables in memory, however large a file says they are. So they may read only so many
//! bytes in a row without giving a sample.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use symphonia::core::io::MediaSource;

/// Bytes in a row without a sample: room for pictures in a tag, and for many small packets that fail.
const MOST_BYTES: u64 = 64 << 20;

/// What is said of a file that has more.
pub(super) const SPENT: &str = "64 MiB of it hold no sound";

/// What a decoder may still read before it must give sound.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    /// The whole of it.
    pub fn new() -> Self {
        Self(Arc::new(MOST_BYTES.into()))
    }

    /// There was sound.
    pub fn renew(&self) {
        self.0.store(MOST_BYTES, Relaxed);
    }

    /// Whether nothing is left, and so why reading failed, whatever a decoder made of that.
    pub fn is_spent(&self) -> bool {
        self.0.load(Relaxed) == 0
    }

    /// A file that is read within this budget.
    pub fn of(&self, file: File) -> BudgetedFile {
        BudgetedFile { file, budget: self.clone() }
    }
}

/// A file that cannot be read beyond its [`Budget`].
#[derive(Debug)]
pub(super) struct BudgetedFile {
    file: File,
    budget: Budget,
}

impl Read for BudgetedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.budget.0.load(Relaxed);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if wanted == 0 && !buffer.is_empty() {
            return Err(io::Error::other(SPENT));
        }
        let read = self.file.read(&mut buffer[..wanted])?;
        self.budget.0.store(left - read as u64, Relaxed);
        Ok(read)
    }
}

impl Seek for BudgetedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl MediaSource for BudgetedFile {
    fn is_seekable(&self) -> bool {
        self.file.is_seekable()
    }

    fn byte_len(&self) -> Option<u64> {
        self.file.byte_len()
    }
}
