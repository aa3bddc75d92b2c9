//! Walking through an archive that may be hostile.
//!
//! Nothing here writes. Names that would leave the destination end the walk; links and devices are
//! counted and passed over; memory does not follow what headers say.

use super::FetchObserver;
use super::limits::{ArchiveLimits, Meter, damaged, shown};
use crate::error::{Error, Result};
use crate::util::open_regular;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use zip::unstable::read::ZipIterable;

/// Longest name in a GNU `L` header or a PAX header that is believed, in bytes: the tar crate would read
/// it whole whatever its size, so its raw entries are used and the extensions read here.
const LONGEST_EXTENSION: u64 = 1 << 20;
/// Longest path that is believed, in bytes.
const LONGEST_PATH: usize = 4096;
const REPACK: &str = "give a .tar.gz, .tar or .zip; other formats have to be unpacked and packed anew";

/// How an archive is packed, as told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Bare tar.
    Tar,
    /// Tar within gzip.
    TarGz,
    /// Zip.
    Zip,
}

/// A regular file within an archive.
pub struct Entry<'a> {
    /// Components of its path, none of them `.` or `..`.
    pub path: Vec<String>,
    archive: &'a Path,
    size: u64,
    content: &'a mut dyn Read,
    meter: &'a Meter<'a>,
}

impl Entry<'_> {
    /// Writes the content to `path`, which must not exist, and returns its bytes.
    ///
    /// # Errors
    ///
    /// A limit, a content shorter or longer than its header says or with a wrong checksum, a full disk.
    pub fn write_to(&mut self, path: &Path) -> Result<u64> {
        let unwritable = |e: io::Error| Error::unwritable(path, &e, "is the disk full?");
        let name = self.path.join("/");
        self.meter.one_file(&name, self.size)?;
        let mut file = File::create_new(path).map_err(unwritable)?;
        let mut buffer = vec![0; 1 << 16];
        let mut written = 0;
        loop {
            let bytes = match self.content.read(&mut buffer) {
                Ok(0) => break,
                Ok(bytes) => bytes,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(self.meter.error(&e)),
            };
            written += bytes as u64;
            if written > self.size {
                break;
            }
            file.write_all(&buffer[..bytes]).map_err(unwritable)?;
        }
        match written == self.size {
            true => Ok(written),
            false => {
                let lie = format!("{} has not the {} bytes of its header", shown(&name), self.size);
                Err(damaged(self.archive, &lie))
            }
        }
    }
}

/// Goes through all regular files of the archive at `path`, in its order, and returns how many links,
/// devices and the like it passed over.
///
/// # Errors
///
/// What cannot be read, is no archive, is damaged, holds a name that leaves the destination, or passes a
/// limit; and whatever `visit` reports.
pub fn walk(
    path: &Path,
    limits: ArchiveLimits,
    observer: &dyn FetchObserver,
    visit: &mut dyn FnMut(&mut Entry) -> Result<()>,
) -> Result<u64> {
    let unreadable = |e: io::Error| Error::at(path, format!("cannot be read: {e}"), "check the path");
    // However large: the meter counts what comes out of it.
    let mut file = open_regular(path, u64::MAX).map_err(|e| Error::at(path, e, "check the path"))?;
    let packed = file.metadata().map_err(unreadable)?.len();
    let packing = packing_of(path, &mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let meter = Meter::new(path, packed, limits, observer);
    match packing {
        Packing::Zip => walk_zip(path, file, &meter, observer, visit),
        Packing::Tar => walk_tar(path, Observed { inner: file, observer, done: 0 }, &meter, visit),
        Packing::TarGz => {
            let packed = BufReader::with_capacity(1 << 16, Observed { inner: file, observer, done: 0 });
            walk_tar(path, MultiGzDecoder::new(packed), &meter, visit)
        }
    }
}

fn packing_of(path: &Path, file: &mut File) -> Result<Packing> {
    let mut head = Vec::new();
    let read = file.take(512).read_to_end(&mut head);
    read.map_err(|e| Error::at(path, format!("cannot be read: {e}"), "check the path and its permissions"))?;
    let text = String::from_utf8_lossy(&head).trim_start().to_ascii_lowercase();
    let what = match head.as_slice() {
        [] => "it is empty (0 bytes)",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => return Ok(Packing::Zip),
        [0x1f, 0x8b, ..] => return Ok(Packing::TarGz),
        [_, ..] if head.get(257..262) == Some(b"ustar".as_slice()) || is_old_tar(&head) => {
            return Ok(Packing::Tar);
        }
        _ if text.starts_with("<!doctype") || text.starts_with("<html") => {
            return Err(Error::at(
                path,
                "is no archive: it is a web page",
                "the address leads to a page, perhaps to log in; copy the address of the download itself",
            ));
        }
        [b'R', b'a', b'r', b'!', ..] => "it is a RAR file",
        [b'7', b'z', 0xbc, 0xaf, ..] => "it is a 7z file",
        [b'B', b'Z', b'h', ..] => "it is packed with bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "it is packed with xz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is packed with zstd",
        _ => "it begins with none of their signatures",
    };
    Err(Error::at(path, format!("is no archive that is known here (tar.gz, tar, zip): {what}"), REPACK))
}

/// Whether a block is the header of a tar from before there was a signature: its checksum says so.
fn is_old_tar(head: &[u8]) -> bool {
    head.len() == 512 && {
        let mut header = tar::Header::new_old();
        header.as_mut_bytes().copy_from_slice(head);
        let stated = header.cksum();
        header.set_cksum();
        head[0] != 0 && stated.is_ok_and(|stated| header.cksum().is_ok_and(|real| real == stated))
    }
}

fn walk_tar(
    path: &Path,
    unpacked: impl Read,
    meter: &Meter,
    visit: &mut dyn FnMut(&mut Entry) -> Result<()>,
) -> Result<u64> {
    let mut archive = tar::Archive::new(meter.read(unpacked));
    let mut passed_over = 0;
    let mut long_name: Option<Vec<u8>> = None;
    for entry in archive.entries().map_err(|e| meter.error(&e))?.raw(true) {
        let mut entry = entry.map_err(|e| meter.error(&e))?;
        meter.entries(1)?;
        let kind = entry.header().entry_type();
        let size = entry.header().entry_size().map_err(|e| meter.error(&e))?;
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            if size > LONGEST_EXTENSION {
                return Err(damaged(path, &format!("a name or its attributes take {size} bytes")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|e| meter.error(&e))?;
            if kind.is_gnu_longname() {
                bytes.truncate(bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len()));
                long_name = Some(bytes);
            } else if let Some(name) = pax_name(path, &bytes)? {
                long_name = Some(name);
            }
            continue;
        }
        if kind.is_gnu_longlink() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let is_folder = kind.is_dir() || (kind.is_file() && name.ends_with(b"/"));
        let components = components(path, &String::from_utf8_lossy(&name))?;
        match (is_folder, kind.is_file()) {
            (true, _) => {}
            (false, true) => {
                visit(&mut Entry { path: components, archive: path, size, content: &mut entry, meter })?;
            }
            (false, false) => passed_over += 1,
        }
    }
    // What follows the last entry is padding; reading it lets gzip check its sum over all that went before.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| meter.error(&e))?;
    Ok(passed_over)
}

/// The path in a PAX header, if it has one.
fn pax_name(archive: &Path, header: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut name = None;
    for record in tar::PaxExtensions::new(header) {
        let record = record.map_err(|e| damaged(archive, &e))?;
        match record.key_bytes() {
            b"path" => name = Some(record.value_bytes().to_vec()),
            // Only files of 8 GiB and sparse files need these, and two readers may disagree about them.
            b"size" => return Err(damaged(archive, &"a PAX header changes the size of a file")),
            key if key.starts_with(b"GNU.sparse") => {
                return Err(Error::at(archive, "holds a sparse file", "pack it without --sparse"));
            }
            _ => {}
        }
    }
    Ok(name)
}

fn walk_zip(
    path: &Path,
    file: File,
    meter: &Meter,
    observer: &dyn FetchObserver,
    visit: &mut dyn FnMut(&mut Entry) -> Result<()>,
) -> Result<u64> {
    let broken = |e: zip::result::ZipError| damaged(path, &e);
    let contents = file.try_clone().map_err(|e| damaged(path, &e))?;
    let directory = BufReader::new(file);
    // The directory is read one entry at a time: an index of it in memory would grow with the archive,
    // and would drop the first of two files of one name without a word.
    let mut archive = ZipIterable::try_new(directory, zip::read::Config::default()).map_err(broken)?;
    let directory = archive.files().map_err(broken)?;
    meter.entries(directory.len() as u64)?;
    let mut contents = BufReader::new(contents);
    let (mut passed_over, mut done) = (0, 0_u64);
    for entry in directory {
        let entry = entry.map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        let components = components(path, &name)?;
        // The file type in the upper bits of a Unix mode; archives of other systems have none.
        let file_type = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        if entry.is_dir() {
            continue;
        }
        if !matches!(file_type, 0 | 0o100_000) {
            passed_over += 1;
            continue;
        }
        if entry.encrypted() {
            return Err(Error::at(path, "is locked with a password", "unpack it and pack it without one"));
        }
        let (size, packed) = (entry.size(), entry.compressed_size());
        let content = entry.with_reader(&mut contents, zip::ZipReadOptions::new()).map_err(broken)?;
        let mut content = meter.read(content);
        visit(&mut Entry { path: components, archive: path, size, content: &mut content, meter })?;
        done = done.saturating_add(packed);
        observer.bytes(done);
    }
    Ok(passed_over)
}

/// Takes a path out of an archive apart.
///
/// # Errors
///
/// A path that leads elsewhere than below the destination, on any system: absolute, with `..`, with a
/// backslash or a drive, or with control characters.
fn components(archive: &Path, name: &str) -> Result<Vec<String>> {
    let parts: Vec<String> =
        name.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect();
    let reason = if name.starts_with('/') {
        "is absolute"
    } else if parts.iter().any(|part| part == "..") {
        "climbs out of the folder with `..`"
    } else if name.contains('\\') {
        "contains a backslash, which separates folders on some systems"
    } else if name.contains(':') {
        "contains a colon, which names a drive on some systems"
    } else if name.contains(char::is_control) {
        "contains a control character"
    } else if name.len() > LONGEST_PATH || parts.iter().any(|part| part.len() > 255) {
        "is too long"
    } else {
        return Ok(parts);
    };
    let hint = "nothing was unpacked; do not trust this archive, or pack it anew with plain names";
    Err(Error::at(archive, format!("the path {} in it {reason}", shown(name)), hint))
}

/// Tells the observer how far into a file reading is.
struct Observed<'a> {
    inner: File,
    observer: &'a dyn FetchObserver,
    done: u64,
}

impl Read for Observed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.done += bytes as u64;
        self.observer.bytes(self.done);
        Ok(bytes)
    }
}
