use std::fmt;
use std::path::Path;

/// What went wrong, said so that a user can act on it: which file or flag, why, and what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Whose fault it is, for programs that match on errors.
    pub kind: ErrorKind,
    /// File (with line or column), flag or model the error is about.
    pub subject: String,
    /// Why it is an error.
    pub reason: String,
    /// What to try, in the imperative; empty if there is nothing to suggest.
    pub hint: String,
}

/// Whose fault an [`enum@Error`] is, and so who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for cannot be: a flag, a key of an experiment, a name that is not there, data too small for the
    /// split.
    Request,
    /// A file or folder that was to be read is missing, unreadable or not what it should be.
    Input,
    /// A result could not be written or stored.
    Output,
    /// The program contradicts itself: a bug.
    Internal,
}

/// A [`std::result::Result`] with this crate's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error about what was asked for, by the name of a flag, model, dataset or other thing.
    pub fn new(subject: impl fmt::Display, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Request,
            subject: subject.to_string(),
            reason: reason.to_string(),
            hint: hint.to_string(),
        }
    }

    /// An error about a whole file or folder that was to be read.
    pub fn at(path: &Path, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Input, ..Self::new(path.display(), reason, hint) }
    }

    /// An error about a file or folder that was to be written.
    pub fn unwritable(path: &Path, error: &std::io::Error, hint: impl fmt::Display) -> Self {
        Self {
            kind: ErrorKind::Output,
            ..Self::new(path.display(), format!("cannot be written: {error}"), hint)
        }
    }

    /// An error that no input can cause.
    pub fn bug(subject: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Internal, ..Self::new(subject, reason, "report this as a bug") }
    }

    /// An error about one line (counted from 1) of a text file.
    pub fn at_line(path: &Path, line: u64, reason: impl fmt::Display, hint: impl fmt::Display) -> Self {
        let subject = format!("{}, line {line}", path.display());
        Self { kind: ErrorKind::Input, ..Self::new(subject, reason, hint) }
    }
}

impl Error {
    /// The error as one sentence, for a place that has one line: a note, a cell of a table.
    pub fn in_one_line(&self) -> String {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (said, hint) = (words(&format!("{}: {}", self.subject, self.reason)), words(&self.hint));
        if hint.is_empty() { said } else { format!("{said} (try: {hint})") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_can_be_matched_on() {
        let path = Path::new("t.csv");
        assert_eq!(Error::new("--folds", "1", "").kind, ErrorKind::Request);
        assert_eq!(Error::at(path, "is empty", "").kind, ErrorKind::Input);
        assert_eq!(Error::at_line(path, 3, "is no number", "").kind, ErrorKind::Input);
        assert_eq!(
            Error::unwritable(path, &std::io::ErrorKind::StorageFull.into(), "").kind,
            ErrorKind::Output
        );
        assert_eq!(
            Error::bug("the table", "has no rows").to_string(),
            "the table: has no rows\n  try: report this as a bug"
        );
    }

    #[test]
    fn reason_and_hint_never_run_together() {
        let error = Error::new("class `jazz`", "has 1 artist,\n  too few for 5 parts", "add artists");
        assert_eq!(error.in_one_line(), "class `jazz`: has 1 artist, too few for 5 parts (try: add artists)");
        assert_eq!(Error::new("--folds", "is 1", "").in_one_line(), "--folds: is 1");
    }
}
