//! The program behind a run.

use crate::error::{Error, Result};
use crate::util::hex;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::OnceLock;

/// The program behind a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Version of genre-bench.
    pub version: String,
    /// Start of the SHA-256 of the executable. A model that was changed and built again must not be
    /// served the old one's cells, so every build has cells of its own. The commit is left out of it: the same program
    /// built from another one, in which a page was changed, is the same.
    pub build: String,
}

/// Set once, by the program's `main`.
static COMMIT: OnceLock<&'static str> = OnceLock::new();

impl Program {
    /// Says which commit the running program was built from, as `genre_bench_commit::commit!()` gives it.
    pub fn built_from(commit: &'static str) {
        let _ = COMMIT.set(commit);
    }

    /// That commit, with `-dirty` behind it where files were changed since.
    pub fn commit() -> Option<&'static str> {
        COMMIT.get().map(|commit| commit.trim_end())
    }

    /// The program that is running.
    ///
    /// # Errors
    ///
    /// The executable cannot be read.
    pub fn running() -> Result<Self> {
        // A hundred megabytes are read once, not for each of a file's many runs.
        static BUILD: OnceLock<String> = OnceLock::new();
        let hash = || {
            let commit = COMMIT.get().copied().unwrap_or_default();
            hash_without(&mut executable()?, commit.as_bytes(), 1 << 20)
        };
        let build = match BUILD.get() {
            Some(build) => build.clone(),
            None => {
                let unreadable =
                    |e: io::Error| Error::new("the running program", format!("cannot be read: {e}"), "");
                let build = hash().map_err(unreadable)?;
                BUILD.get_or_init(|| build).clone()
            }
        };
        Ok(Self { version: env!("CARGO_PKG_VERSION").to_owned(), build })
    }
}

/// The file of the running program. Linux has it also after another was built in its place, whose hash would be wrong.
fn executable() -> io::Result<File> {
    File::open("/proc/self/exe").or_else(|_| File::open(std::env::current_exe()?))
}

/// The head of the note in an ELF file that holds a hash of all the rest, and so of the commit.
const BUILD_ID: &[u8] = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0";
/// Bytes of that hash.
const BUILD_ID_BYTES: usize = 20;

/// The start of the SHA-256 of a program without what a commit changes of it: its name, and the linker's hash of the rest.
/// Where another linker writes more of that kind, the program counts as another after each commit. So many bytes are read
/// at once.
fn hash_without(program: &mut impl Read, commit: &[u8], at_once: usize) -> io::Result<String> {
    // What begins before the last so many bytes ends inside of what was read.
    let most = commit.len().max(BUILD_ID.len() + BUILD_ID_BYTES);
    let (mut hasher, mut bytes) = (Sha256::new(), Vec::with_capacity(at_once + most));
    loop {
        let read = program.by_ref().take(at_once as u64).read_to_end(&mut bytes)?;
        blank(&mut bytes, commit, 0..commit.len());
        blank(&mut bytes, BUILD_ID, BUILD_ID.len()..BUILD_ID.len() + BUILD_ID_BYTES);
        let done = if read == 0 { bytes.len() } else { bytes.len().saturating_sub(most) };
        hasher.update(&bytes[..done]);
        bytes.drain(..done);
        if read == 0 {
            return Ok(hex(&hasher.finalize()[..8]));
        }
    }
}

/// Sets some bytes, counted from the start of every occurrence of `what`, to 0 where they are all there.
fn blank(bytes: &mut [u8], what: &[u8], range: Range<usize>) {
    if what.is_empty() {
        return;
    }
    let found: Vec<usize> = memmem::find_iter(bytes, what).collect();
    for at in found {
        if let Some(blanked) = bytes.get_mut(at + range.start..at + range.end) {
            blanked.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    /// A program of so many bytes that has the commit and the note with the linker's hash at some place.
    fn program(size: usize, at: usize, commit: &[u8], id: u8) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..size).map(|i| (i * i % 251) as u8).collect();
        bytes[at..at + commit.len()].copy_from_slice(commit);
        let note = at + 100;
        bytes[note..note + BUILD_ID.len()].copy_from_slice(BUILD_ID);
        bytes[note + BUILD_ID.len()..][..BUILD_ID_BYTES].fill(id);
        bytes
    }

    #[test]
    fn another_commit_is_the_same_build_and_another_byte_is_not() {
        let commits = [
            b"0123456789012345678901234567890123456789-dirty",
            b"abcdefabcdefabcdefabcdefabcdefabcdef      abcd",
        ];
        let hash = |bytes: &[u8], commit: &[u8]| hash_without(&mut &bytes[..], commit, 300).unwrap();
        // At every place in and around what is read at once.
        for at in 1..800 {
            let one = program(2000, at, commits[0], 1);
            let two = program(2000, at, commits[1], 2);
            assert_eq!(hash(&one, commits[0]), hash(&two, commits[1]), "{at}");
            let mut changed = one.clone();
            changed[at - 1] ^= 1;
            assert_ne!(hash(&one, commits[0]), hash(&changed, commits[0]), "{at}");
        }
        let plain: Vec<u8> = (0..5000_u32).map(|i| (i % 253) as u8).collect();
        assert_eq!(hash(&plain, b""), hex(&Sha256::digest(&plain)[..8]));
    }
}
