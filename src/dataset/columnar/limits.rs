use polars_arrow_format::ipc::planus;

/// What a file may unfold to, in bytes.
pub const MAX_UNFOLDED: u64 = 2 << 30;

/// Why a file is not given to polars: a sentence without its subject.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// It contradicts itself, or the format.
    #[error("cannot be read: {0}")]
    Broken(String),
    /// A few bytes of it may unfold to any number.
    #[error("has a column in a delta encoding, which is not read")]
    Encoding,
    /// It is, or states to be, larger than a table can be.
    #[error("unfolds to more than {} GiB", MAX_UNFOLDED >> 30)]
    TooLarge,
}

impl LimitError {
    /// Of a file that is not as the format wants it.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }
}

impl From<planus::Error> for LimitError {
    fn from(error: planus::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Adds up what is allocated for a file.
#[derive(Debug, Default)]
pub struct Unfolded(u64);

impl Unfolded {
    /// Adds some bytes.
    ///
    /// # Errors
    ///
    /// All together they are too many.
    pub fn add(&mut self, bytes: u64) -> Result<(), LimitError> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 > MAX_UNFOLDED { Err(LimitError::TooLarge) } else { Ok(()) }
    }
}
