use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the names of files that are being written start: what a killed program leaves behind can be told by it.
pub const ASIDE: &str = ".writing-";

/// A file that appears under its name when it is whole, or not at all.
///
/// Bytes go to a file aside in the same folder, which [`WholeFile::finish`] renames. Dropped before, it is removed.
#[derive(Debug)]
pub struct WholeFile {
    aside: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file that will be `path`.
    ///
    /// # Errors
    ///
    /// The folder is not there or cannot be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(ASIDE);
        // A temporary file is for its owner's eyes only; a result is an ordinary file.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let aside = BufWriter::new(builder.tempfile_in(folder)?);
        Ok(Self { aside, path: path.to_owned() })
    }

    /// Puts the file under its name, once its bytes are on the disk: it is whole even after a power cut.
    ///
    /// # Errors
    ///
    /// The disk is full or the folder cannot be written to.
    pub fn finish(self) -> io::Result<()> {
        self.renamed(|file| file.sync_data())
    }

    /// The same without waiting for the disk, for files whose readers find out that they are not whole.
    ///
    /// # Errors
    ///
    /// As [`WholeFile::finish`].
    pub fn finish_without_sync(self) -> io::Result<()> {
        self.renamed(|_| Ok(()))
    }

    fn renamed(self, before: impl FnOnce(&std::fs::File) -> io::Result<()>) -> io::Result<()> {
        let file = self.aside.into_inner().map_err(io::IntoInnerError::into_error)?;
        before(file.as_file())?;
        file.persist(&self.path).map_err(|e| e.error)?;
        Ok(())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.aside.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.aside.flush()
    }
}

/// Writes a file so that it appears whole or not at all.
///
/// # Errors
///
/// The folder cannot be written to or is full; no part of the file is left behind.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_nothing_is_left_of_one_that_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let path = folder.path().join("result.csv");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(), 0);
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), names()), (b"new".to_vec(), 1));
        assert!(write_whole(&folder.path().join("missing/result.csv"), b"").is_err());
    }
}
