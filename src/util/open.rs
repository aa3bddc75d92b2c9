//! The one door through which files come in that somebody else wrote.
//!
//! A folder may hold a pipe that nobody writes to, a link to `/dev/zero` or a file that grows while it is read. Whatever
//! reads a file that it has not written itself opens it here: nothing but a regular file (or, where a reader says so, a
//! pipe) is opened, no opening waits for ever, and no reading goes beyond a number of bytes.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// How long a pipe may be without anybody who writes to it, in seconds.
#[cfg(unix)]
const PATIENCE: u64 = 3;

/// Why a file is not read: a sentence without its subject.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system would not give it.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A folder, a device, a socket, or a pipe where a pipe cannot be used.
    #[error("is a {0}, not a regular file")]
    NotAFile(&'static str),
    /// A pipe at whose other end is nobody.
    #[error("is a pipe, and nobody wrote to it for {0} s")]
    NobodyWrites(u64),
    /// More bytes than are believed.
    #[error("is larger than {}", in_units(*.0))]
    TooLarge(u64),
}

impl OpenError {
    /// As the error of a reader, for those who can return no other.
    fn into_io(self) -> io::Error {
        match self {
            Self::Unreadable(error) => error,
            Self::TooLarge(_) => io::Error::new(io::ErrorKind::FileTooLarge, self.to_string()),
            _ => io::Error::new(io::ErrorKind::InvalidInput, self.to_string()),
        }
    }
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        error.into_io()
    }
}

/// `2 GiB`, `128 MiB` or `500 bytes`.
fn in_units(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 30 && bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{bytes} bytes"),
    }
}

/// Opens a regular file of at most `most` bytes, for readers that seek. One that reads to the end takes
/// [`read_regular`], because the file may grow.
///
/// # Errors
///
/// It is missing, may not be read, is something else than a regular file, or larger.
pub fn open_regular(path: &Path, most: u64) -> Result<File, OpenError> {
    // Before it is opened, because opening alone does something to a pipe's writer and to some devices.
    regular(std::fs::metadata(path)?.file_type())?;
    let file = open_at_once(path)?;
    // And again, because it may have been replaced meanwhile.
    let metadata = file.metadata()?;
    regular(metadata.file_type())?;
    if metadata.len() > most { Err(OpenError::TooLarge(most)) } else { Ok(file) }
}

/// The bytes of a regular file, at most `most`.
///
/// # Errors
///
/// As [`open_regular`], and whatever keeps it from being read.
pub fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>, OpenError> {
    let file = open_regular(path, most)?;
    let mut bytes = Vec::with_capacity(file.metadata()?.len() as usize);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(OpenError::TooLarge(most)) } else { Ok(bytes) }
}

/// Opens a regular file or a pipe, such as a shell's `<(zcat table.csv.gz)`, to read it once and at most `most` bytes of
/// it. Somebody must write to a pipe within a few seconds; how long they then take is theirs.
///
/// # Errors
///
/// As [`open_regular`], and a pipe that nobody writes to.
pub fn open_file_or_pipe(path: &Path, most: u64) -> Result<BoundedReader, OpenError> {
    if !is_pipe(std::fs::metadata(path)?.file_type()) {
        return Ok(BoundedReader::new(Vec::new(), open_regular(path, most)?, most));
    }
    let mut file = open_at_once(path)?;
    let kind = file.metadata()?.file_type();
    if !is_pipe(kind) {
        regular(kind)?;
    }
    let first = first_of_pipe(&mut file)?;
    Ok(BoundedReader::new(first, file, most))
}

/// A stream that ends in an error, and not as if it were whole, where it is longer than it may be.
#[derive(Debug)]
pub struct BoundedReader {
    inner: io::Chain<io::Cursor<Vec<u8>>, File>,
    left: u64,
    most: u64,
}

impl BoundedReader {
    fn new(first: Vec<u8>, file: File, most: u64) -> Self {
        Self { inner: io::Cursor::new(first).chain(file), left: most, most }
    }
}

impl Read for BoundedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(OpenError::TooLarge(self.most).into()),
            };
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..wanted])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Refuses what is no regular file.
fn regular(kind: FileType) -> Result<(), OpenError> {
    if kind.is_file() { Ok(()) } else { Err(OpenError::NotAFile(name_of(kind))) }
}

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        _ if kind.is_dir() => "folder",
        _ if kind.is_fifo() => "pipe",
        _ if kind.is_socket() => "socket",
        _ => "device",
    }
}

#[cfg(not(unix))]
fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() { "folder" } else { "device" }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

/// Opens for reading without waiting for anybody.
#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Waits until somebody is at the other end of a pipe; what was read meanwhile. From then on reading waits, as usual.
#[cfg(unix)]
fn first_of_pipe(file: &mut File) -> Result<Vec<u8>, OpenError> {
    use std::time::{Duration, Instant};
    let begun = Instant::now();
    let mut first = vec![0; 1 << 12];
    let read = loop {
        match file.read(&mut first) {
            // Nobody has it open for writing, not yet or not any more.
            Ok(0) if begun.elapsed() >= Duration::from_secs(PATIENCE) => {
                return Err(OpenError::NobodyWrites(PATIENCE));
            }
            Ok(0) => std::thread::sleep(Duration::from_millis(10)),
            Ok(read) => break read,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => break 0,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    };
    first.truncate(read);
    rustix::fs::fcntl_setfl(&*file, rustix::fs::OFlags::empty()).map_err(io::Error::from)?;
    Ok(first)
}

#[cfg(not(unix))]
fn first_of_pipe(_: &mut File) -> Result<Vec<u8>, OpenError> {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_file_is_read_to_its_limit_and_refused_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ten");
        std::fs::write(&path, "0123456789").unwrap();
        assert_eq!(read_regular(&path, 10).unwrap(), b"0123456789");
        assert!(matches!(read_regular(&path, 9), Err(OpenError::TooLarge(9))));
        assert!(matches!(open_file_or_pipe(&path, 9), Err(OpenError::TooLarge(9))));
        let mut text = String::new();
        open_file_or_pipe(&path, 10).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "0123456789");

        // One that grows after it was opened.
        let mut reader = open_file_or_pipe(&path, 10).unwrap();
        std::fs::write(&path, "0123456789a").unwrap();
        assert_eq!(reader.read_to_string(&mut text).unwrap_err().to_string(), "is larger than 10 bytes");
        let missing = read_regular(&folder.path().join("none"), 1).unwrap_err();
        assert!(missing.to_string().starts_with("cannot be read: "), "{missing}");
        assert_eq!(OpenError::TooLarge(2 << 30).to_string(), "is larger than 2 GiB");
        assert_eq!(OpenError::TooLarge(128 << 20).to_string(), "is larger than 128 MiB");
    }

    /// A file of `/proc` says that it has no bytes.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_does_not_say_its_size_has_a_limit_too() {
        let path = Path::new("/proc/self/status");
        assert!(matches!(read_regular(path, 100), Err(OpenError::TooLarge(100))));
        assert!(read_regular(path, 1 << 20).unwrap().len() > 100);
    }

    #[test]
    #[cfg(unix)]
    fn nothing_else_than_a_file_is_opened() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("/dev/zero", path("zero")).unwrap();
        symlink(path("loop"), path("loop")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        for (name, said) in [
            ("zero", "is a device, not a regular file"),
            ("loop", "cannot be read: "),
            ("socket", "is a socket, not a regular file"),
            ("folder", "is a folder, not a regular file"),
        ] {
            for error in
                [open_regular(&path(name), 9).unwrap_err(), open_file_or_pipe(&path(name), 9).unwrap_err()]
            {
                assert!(error.to_string().starts_with(said), "{name}: {error}");
            }
        }
    }

    #[cfg(unix)]
    fn pipe(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_is_read_where_it_may_be_and_never_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = pipe(folder.path());
        assert!(matches!(open_regular(&path, 9), Err(OpenError::NotAFile("pipe"))));
        assert!(matches!(open_file_or_pipe(&path, 9), Err(OpenError::NobodyWrites(_))));

        let sender = {
            let path = path.clone();
            // More than a pipe holds, and slower than its reader.
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(100));
                let mut pipe = File::options().write(true).open(path).unwrap();
                for _ in 0..3 {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    io::Write::write_all(&mut pipe, &[7; 50_000]).unwrap();
                }
            })
        };
        let mut bytes = Vec::new();
        open_file_or_pipe(&path, 150_000).unwrap().read_to_end(&mut bytes).unwrap();
        sender.join().unwrap();
        assert!(bytes.len() == 150_000 && bytes.iter().all(|byte| *byte == 7));
    }
}
