use std::fmt;
use std::path::Path;

/// What went wrong, said so that a user can act on it: which file or flag, why, and what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// File (with line or column), flag or model the error is about.
    pub subject: String,
    /// Why it is an error.
    pub reason: String,
    /// What to try, in the imperative; empty if there is nothing to suggest.
    pub hint: String,
}

/// A [`std::result::Result`] with this crate's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error about anything that has a name.
    pub fn new(subject: impl fmt::Display, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self { subject: subject.to_string(), reason: reason.to_string(), hint: hint.to_string() }
    }

    /// An error about a whole file or folder.
    pub fn at(path: &Path, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(path.display(), reason, hint)
    }

    /// An error about one line (counted from 1) of a text file.
    pub fn at_line(path: &Path, line: u64, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(format!("{}, line {line}", path.display()), reason, hint)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.reason)?;
        if !self.hint.is_empty() {
            write!(f, "\n  try: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
