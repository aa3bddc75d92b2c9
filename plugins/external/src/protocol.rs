//! What goes to a process and what comes back: lines of JSON, each followed by as many bytes as it says.
//!
//! ```text
//! → {"call":"describe"}
//! ← {"ok":true,"about":"…","reads":["table"],"parameters":{"trees":100},…}
//! → {"call":"fit","rows":800,"train":800,"columns":[…],"classes":[…],"seed":…,"bytes":186000}  + a stream
//! ← {"ok":true}
//! → {"call":"scores","rows":200,"columns":[…],"bytes":47000}                                   + a stream
//! ← {"ok":true,"bytes":8600}                                                                   + a stream
//! ```
//!
//! A process that cannot answer says `{"error":"why"}`. While a request is at work the only thing that may come is
//! `{"call":"cancel"}`; the end of its standard input ends it. Lines of JSON on its standard error that have `progress`
//! are for the progress bar.

use genre_bench_api::{Params, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of this protocol.
pub const VERSION: u32 = 1;

/// A request; behind its line come [`Request::bytes`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The number of the protocol.
    pub protocol: u32,
    /// What is asked for: `describe`, `fit`, `scores` or `cancel`.
    pub call: String,
    /// Bytes of the stream behind the line.
    pub bytes: u64,
    /// Rows of the stream.
    pub rows: usize,
    /// The first rows, which train; the others are the validation part. Of `fit` alone.
    pub train: usize,
    /// Names of the columns of the table, in order; none if the model does not read it.
    pub columns: Vec<String>,
    /// Channels, rows and columns of a spectrogram, if the model reads such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spectrogram: Option<[usize; 3]>,
    /// Names of all classes; labels are places in it. Of `fit` alone.
    pub classes: Vec<String>,
    /// Hyper-parameters. Of `fit` alone.
    pub params: BTreeMap<String, Value>,
    /// A seed that every language has room for. Of `fit` alone.
    pub seed: u32,
    /// How many threads to use. Of `fit` alone.
    pub threads: usize,
    /// `cpu` or `cuda:N`. Of `fit` alone.
    pub device: String,
}

impl Request {
    /// A request of this kind with nothing in it.
    pub fn new(call: &str) -> Self {
        Self { protocol: VERSION, call: call.to_owned(), ..Self::default() }
    }

    /// Hyper-parameters as they are sent.
    pub(crate) fn params_of(params: &Params) -> BTreeMap<String, Value> {
        params.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    /// The line, with its end.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What every answer may have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Whether the request was fulfilled.
    pub ok: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Bytes of the stream behind the line.
    pub bytes: u64,
    /// Most memory that the process had so far, in bytes, if it knows.
    pub peak_bytes: u64,
    /// Of `fit`: how much each column of the table counts; none if the model cannot tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub importances: Vec<f64>,
}

/// A line on standard error that is for the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Steps done, and steps in all.
    pub progress: (u64, u64),
    /// A few words, such as a loss.
    #[serde(default)]
    pub note: String,
}
