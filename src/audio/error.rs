use crate::util::OpenError;
use std::path::PathBuf;

/// A file that could not be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct AudioError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What can be wrong with a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system would not give the file.
    #[error("{0}")]
    Unreadable(#[from] OpenError),
    /// Zero bytes.
    #[error("is empty (0 bytes)")]
    Empty,
    /// No known container at its start.
    #[error("is no audio that is known here (WAV, AU, FLAC, MP3, Ogg Vorbis, AAC, M4A): it {0}")]
    NotAudio(&'static str),
    /// A known container, but its inside makes no sense.
    #[error("is a broken {container} file: {reason}")]
    Broken {
        /// The container.
        container: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// A known container with a codec that is not decoded here.
    #[error("is a {container} file with a kind of audio that is not supported: {reason}")]
    Unsupported {
        /// The container.
        container: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// Less audio than the header promises.
    #[error("is truncated: its header promises {promised:.1} s, and {found:.1} s are there")]
    Truncated {
        /// Seconds according to the header.
        promised: f64,
        /// Seconds decoded.
        found: f64,
    },
    /// Nothing but zeros.
    #[error("is silent: no sample exceeds half a step of 16-bit audio")]
    Silent,
    /// Not enough for one example.
    #[error("is too short: {found:.2} s, and an example needs {needed:.2} s")]
    TooShort {
        /// Seconds decoded.
        found: f64,
        /// Seconds an example needs.
        needed: f64,
    },
    /// More than [`super::Limits::seconds`].
    #[error("is too long: more than {limit:.0} s (--max-seconds)")]
    TooLong {
        /// The limit in seconds.
        limit: f64,
    },
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Fault {
    /// One word for the kind of fault, for counting in a summary.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Empty => "empty",
            Self::NotAudio(_) => "not-audio",
            Self::Broken { .. } => "broken",
            Self::Unsupported { .. } => "unsupported",
            Self::Truncated { .. } => "truncated",
            Self::Silent => "silent",
            Self::TooShort { .. } => "too-short",
            Self::TooLong { .. } => "too-long",
        }
    }
}
