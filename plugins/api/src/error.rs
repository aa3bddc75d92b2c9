/// Why a model could not be fitted or scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The user asked the model to stop (Ctrl-C); see [`crate::Run::check_cancelled`].
    #[error("cancelled")]
    Cancelled,
    /// A hyper-parameter that the card does not declare, or with a value it does not allow.
    #[error("parameter `{name}`: {reason}")]
    Parameter {
        /// The parameter's name, without the model's.
        name: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// What lies in [`crate::Run::scratch`] cannot be gone on from: it is not whole, or of another fit. The harness sets
    /// it aside, tells the user, and fits from the start.
    #[error("{0}")]
    Checkpoint(String),
    /// Anything else, told to the user as it is.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Wraps any displayable reason, such as a library's error.
    ///
    /// ```
    /// use genre_bench_api::Error;
    /// let error = "x".parse::<f64>().map_err(Error::failed).unwrap_err();
    /// assert_eq!(error.to_string(), "invalid float literal");
    /// ```
    pub fn failed(reason: impl std::fmt::Display) -> Self {
        Self::Failed(reason.to_string())
    }
}

/// A [`std::result::Result`] with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
