//! Models in other processes: in Python, or in any language that reads and writes lines of JSON and Arrow IPC streams.
//!
//! ```text
//! python:FILE         a class with `fit` and `predict_proba` in a Python file; FILE:CLASS names one of several
//! sklearn:NAME        an estimator of scikit-learn, such as sklearn:svm.SVC
//! external:FILE.toml  any command, as the file declares it
//! ```
//!
//! [`open`] makes a [`Model`] of such a name. Every fit is a process of its own, which lives until its scores were asked
//! for: what one fit does to itself no other sees, and the same seed gives the same numbers. `docs/any-language.md` is
//! the page for users, with the protocol.
//!
//! | file | what |
//! |---|---|
//! | `names` | from a name to a command |
//! | `python` | which Python, and what it is given to run |
//! | `description` | what a model says of itself, checked |
//! | `model` | the contract |
//! | `protocol` | requests and answers |
//! | `arrow` | examples as Arrow IPC streams, and scores from one |
//! | `process` | a process with time-outs and limits, and the end of it and of all that it started |
//!
//! The process is code that the user named, so it may run, with the user's rights. Whatever it answers is checked: sizes
//! before anything is allocated, shapes, and by the harness that all scores are finite. It is told no label of a test part.

pub mod arrow;
#[cfg(unix)]
mod description;
#[cfg(unix)]
mod model;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod process;
pub mod protocol;
#[cfg(unix)]
mod python;

use genre_bench_api::{Model, Result};
use std::ffi::OsString;

/// The environment variable that names the Python to run models with.
pub const PYTHON: &str = "GENRE_BENCH_PYTHON";

/// Says which Python models in Python run with: what [`PYTHON`] names, else that of the active virtual environment, else of
/// the one that this program is installed in, else the first on `PATH`. None where there are no such models.
#[cfg(unix)]
pub const FIND_PYTHON: Option<fn() -> OsString> = Some(|| python::interpreter().0);

/// Here there are no models in Python.
#[cfg(not(unix))]
pub const FIND_PYTHON: Option<fn() -> OsString> = None;

/// The environment variable that says after how many seconds a process that does not answer is ended.
pub const TIMEOUT: &str = "GENRE_BENCH_TIMEOUT";

/// The model of a name as a user types it; None if it is no name of such a model.
///
/// # Errors
///
/// A file that is not there or makes no sense, a Python that is not there or lacks what it takes, a process that does not
/// describe itself: what, and what to try.
#[cfg(unix)]
pub fn open(name: &str) -> Result<Option<Box<dyn Model>>> {
    let Some(launch) = names::launch(name)? else { return Ok(None) };
    Ok(Some(Box::new(model::ExternalModel::open(launch)?)))
}

/// Here no name is one of such a model: processes are watched over by means that only Unix has.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn open(_name: &str) -> Result<Option<Box<dyn Model>>> {
    Ok(None)
}
