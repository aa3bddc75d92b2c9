use crate::error::{Error, Result};
use crate::util::WholeFile;
use std::fs::File;
use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

/// Where a result is streamed to.
pub enum Output {
    /// Standard output.
    Standard(Stdout),
    /// A device or pipe, which nothing could be renamed to.
    Special(File),
    /// A file that appears under its name when it is whole.
    Whole(WholeFile, PathBuf),
}

impl Output {
    /// Opens `path`, or standard output if it is `-`.
    ///
    /// # Errors
    ///
    /// The folder is not there or cannot be written to, or `path` is a folder.
    pub fn create(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard(io::stdout()));
        }
        let opened = match std::fs::metadata(path) {
            Ok(kind) if kind.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(kind) if !kind.is_file() => File::options().write(true).open(path).map(Self::Special),
            _ => WholeFile::create(path).map(|file| Self::Whole(file, path.to_owned())),
        };
        opened.map_err(|e| unwritable(path, &e))
    }

    /// Puts a file under its name.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder cannot be written to.
    pub fn finish(self) -> Result<()> {
        if let Self::Whole(file, path) = self {
            file.finish().map_err(|e| unwritable(&path, &e))?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(to) => to.write(bytes),
            Self::Special(to) => to.write(bytes),
            Self::Whole(to, _) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(to) => to.flush(),
            Self::Special(to) => to.flush(),
            Self::Whole(to, _) => to.flush(),
        }
    }
}

/// The error of a file that the user named and that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::unwritable(path, error, "does the folder exist, and may you write to it?")
}
