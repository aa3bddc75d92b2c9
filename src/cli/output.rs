use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where a result is streamed to.
pub enum Output {
    /// Standard output.
    Standard(Stdout),
    /// A device or pipe, which nothing could be renamed to.
    Special(File),
    /// A file that appears under its name when it is whole.
    Aside(BufWriter<NamedTempFile>, PathBuf),
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
            _ => aside(path).map(|file| Self::Aside(BufWriter::new(file), path.to_owned())),
        };
        opened.map_err(|e| unwritable(path, &e))
    }

    /// Puts a file under its name.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder cannot be written to.
    pub fn finish(self) -> Result<()> {
        if let Self::Aside(writer, path) = self {
            let persist = || -> io::Result<()> {
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_data()?;
                file.persist(&path).map_err(|e| e.error)?;
                Ok(())
            };
            persist().map_err(|e| unwritable(&path, &e))?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(to) => to.write(bytes),
            Self::Special(to) => to.write(bytes),
            Self::Aside(to, _) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(to) => to.flush(),
            Self::Special(to) => to.flush(),
            Self::Aside(to, _) => to.flush(),
        }
    }
}

/// A temporary file beside `path` that others may read, unlike most temporary files.
fn aside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666))
    };
    builder.tempfile_in(folder)
}

/// The error of a file that the user named and that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::at(path, format!("cannot be written: {error}"), "does the folder exist, and may you write to it?")
}
