//! Pipes that nobody waits at: what can be read or written at once is, and all are waited for together.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// What a pipe may hold, as far as the system lets it; else 64 KiB.
#[cfg(target_os = "linux")]
const PIPE_BYTES: libc::c_int = 1 << 20;

/// Has reading and writing return at once, and makes the pipe large.
pub(super) fn prepare(pipe: &impl AsFd) -> io::Result<()> {
    let file = pipe.as_fd().as_raw_fd();
    // SAFETY: numbers alone, and the file is open as long as it is borrowed.
    unsafe {
        #[cfg(target_os = "linux")]
        libc::fcntl(file, libc::F_SETPIPE_SZ, PIPE_BYTES);
        let flags = libc::fcntl(file, libc::F_GETFL);
        if flags == -1 || libc::fcntl(file, libc::F_SETFL, flags | libc::O_NONBLOCK) == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Waits until something can be read, or written where that is wanted, or some time has passed.
pub(super) fn wait(reading: &[BorrowedFd], writing: Option<BorrowedFd>, most: Duration) {
    let entry = |file: &BorrowedFd, events| libc::pollfd { fd: file.as_raw_fd(), events, revents: 0 };
    let reading = reading.iter().map(|file| entry(file, libc::POLLIN));
    let mut entries: Vec<libc::pollfd> =
        reading.chain(writing.iter().map(|file| entry(file, libc::POLLOUT))).collect();
    let most = i32::try_from(most.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the entries outlive the call, which is told how many there are.
    unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, most) };
}

/// What came of reading or writing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// Nothing any more.
    End,
}

fn moved(result: io::Result<usize>) -> Moved {
    match result {
        Ok(0) => Moved::End,
        Ok(count) => Moved::Bytes(count),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Moved::Nothing,
        Err(_) => Moved::End,
    }
}

/// Reads what is there.
pub(super) fn read(pipe: &mut impl Read, block: &mut [u8]) -> Moved {
    moved(pipe.read(block))
}

/// Writes what there is room for.
pub(super) fn write(pipe: &mut impl Write, bytes: &[u8]) -> Moved {
    moved(pipe.write(bytes))
}

/// A pipe as a file.
pub(super) fn file(pipe: impl Into<OwnedFd>) -> File {
    File::from(pipe.into())
}
