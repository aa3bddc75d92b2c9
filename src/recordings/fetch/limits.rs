//! What an archive may cost the machine that unpacks it.

use super::FetchObserver;
use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::path::Path;

/// A small archive cannot do harm however well it is packed, and a table of zeros packs very well.
const RATIO_MATTERS_FROM: u64 = 16 << 20;

/// Bounds on an archive. All follow from one figure, so that one flag lifts them together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArchiveLimits {
    gigabytes: f64,
}

impl Default for ArchiveLimits {
    /// 4 GB: three times the size of GTZAN.
    fn default() -> Self {
        Self::of_gigabytes(4.0)
    }
}

impl ArchiveLimits {
    /// Bounds that let `gigabytes` (of 10⁹ bytes) be unpacked.
    pub fn of_gigabytes(gigabytes: f64) -> Self {
        Self { gigabytes }
    }

    /// Bytes of the archive itself, and bytes that come out of it.
    pub fn bytes(&self) -> u64 {
        (self.gigabytes * 1e9) as u64
    }

    /// Files, folders and links: 5000 a gigabyte, where GTZAN has about 2000.
    pub fn entries(&self) -> u64 {
        (self.gigabytes * 5e3) as u64
    }

    /// Bytes of one file: an eighth of all, where GTZAN's largest has 6 MB.
    pub fn bytes_of_a_file(&self) -> u64 {
        self.bytes() / 8
    }

    /// How many times larger than the archive its content may be: 50 a gigabyte, and never less than 20,
    /// which a table of text may reach.
    pub fn ratio(&self) -> u64 {
        (self.gigabytes * 50.0).max(20.0) as u64
    }
}

/// Counts what comes out of one archive and stops at the limits, or when the user stops the program.
pub struct Meter<'a> {
    archive: &'a Path,
    packed: u64,
    limits: ArchiveLimits,
    observer: &'a dyn FetchObserver,
    unpacked: Cell<u64>,
    entries: Cell<u64>,
    /// The limit that was passed. It is kept here because a reader between the meter and the caller may
    /// put an error of its own in place of the meter's.
    passed: RefCell<Option<Error>>,
}

impl<'a> Meter<'a> {
    /// A meter for an archive of `packed` bytes.
    pub fn new(
        archive: &'a Path,
        packed: u64,
        limits: ArchiveLimits,
        observer: &'a dyn FetchObserver,
    ) -> Self {
        let (unpacked, entries) = Default::default();
        Self { archive, packed, limits, observer, unpacked, entries, passed: RefCell::default() }
    }

    /// Counts `count` entries.
    pub fn entries(&self, count: u64) -> Result<()> {
        self.entries.set(self.entries.get().saturating_add(count));
        let most = self.limits.entries();
        match self.entries.get() > most {
            true => Err(self.too_much(format!("holds more than the {most} entries that are allowed"))),
            false => Ok(()),
        }
    }

    /// Refuses a file that says of itself that it is too large, before a byte of it is written.
    pub fn one_file(&self, name: &str, bytes: u64) -> Result<()> {
        let most = self.limits.bytes_of_a_file();
        match bytes > most {
            true => {
                let size = format!("is {bytes} bytes large, more than the {most} that one file may have");
                Err(self.too_much(format!("{} in it {size}", shown(name))))
            }
            false => Ok(()),
        }
    }

    /// A reader of unpacked bytes that ends in an error at a limit.
    pub fn read<R>(&self, inner: R) -> Metered<'_, 'a, R> {
        Metered { inner, meter: self }
    }

    /// What an error while reading the archive means to the user.
    pub fn error(&self, error: &io::Error) -> Error {
        self.passed.take().unwrap_or_else(|| damaged(self.archive, error))
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        let unpacked = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(unpacked);
        let (most, ratio) = (self.limits.bytes(), self.limits.ratio());
        let reason = if self.observer.cancelled() {
            "was being unpacked when the program was stopped".to_owned()
        } else if unpacked > most {
            format!("unpacks to more than the {most} bytes that are allowed")
        } else if unpacked > RATIO_MATTERS_FROM && unpacked > self.packed.saturating_mul(ratio) {
            format!("unpacks to more than {ratio} times its size, as archives made to fill a disk do")
        } else {
            return Ok(());
        };
        self.passed.replace(Some(self.too_much(reason)));
        Err(io::Error::other("a limit was passed"))
    }

    fn too_much(&self, reason: String) -> Error {
        let more = 2.0 * self.limits.gigabytes;
        Error::at(self.archive, reason, format!("if you trust it, raise all limits with --max-gb {more}"))
    }
}

/// See [`Meter::read`].
pub struct Metered<'m, 'a, R> {
    inner: R,
    meter: &'m Meter<'a>,
}

impl<R: Read> Read for Metered<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.meter.count(bytes)?;
        Ok(bytes)
    }
}

/// An archive whose inside makes no sense or that ends too early.
pub fn damaged(archive: &Path, error: &impl std::fmt::Display) -> Error {
    Error::at(archive, format!("is a damaged or truncated archive: {error}"), "download or copy it again")
}

/// A name out of an archive as it may stand in a message: no control characters, not too long.
pub fn shown(name: &str) -> String {
    let mut text: String = name.chars().take(80).flat_map(char::escape_debug).collect();
    if name.chars().nth(80).is_some() {
        text.push('…');
    }
    format!("`{text}`")
}
