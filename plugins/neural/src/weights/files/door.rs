use super::Read;
use std::fs::{File, FileType};
use std::io;
use std::path::Path;

/// The bytes of a regular file, at most so many; nothing else is opened, and no opening waits. The harness's own door is
/// closed to plugins.
pub(super) fn read(path: &Path, most: u64) -> Read<Vec<u8>> {
    let unreadable = |e: io::Error| format!("cannot be read: {e}");
    // Before it is opened, because opening alone does something to a pipe's writer and to some devices.
    regular(std::fs::metadata(path).map_err(unreadable)?.file_type())?;
    let file = open(path).map_err(unreadable)?;
    // And again, because it may have been replaced meanwhile.
    let metadata = file.metadata().map_err(unreadable)?;
    regular(metadata.file_type())?;
    let too_large = || Err(format!("is larger than {most} bytes"));
    if metadata.len() > most {
        return too_large();
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(metadata.len() as usize).map_err(|e| format!("does not fit in memory: {e}"))?;
    io::Read::read_to_end(&mut io::Read::take(file, most.saturating_add(1)), &mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > most { too_large() } else { Ok(bytes) }
}

fn regular(kind: FileType) -> Read<()> {
    if kind.is_file() { Ok(()) } else { Err("is neither a regular file nor a folder".into()) }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
