//! Models that are opened by their names, because no list has them all: files, and what another language has.

use super::{Invalid, Registered};
use genre_bench_api::Model;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What makes a model of a name as a user types it, such as `python:my_model.py`; None of a name that it does not know.
pub type OpenModel = fn(&str) -> genre_bench_api::Result<Option<Box<dyn Model>>>;

/// Opens models, each once.
#[derive(Clone, Default)]
pub struct ModelOpeners {
    open: Vec<OpenModel>,
    opened: Arc<Mutex<BTreeMap<String, Registered>>>,
}

impl ModelOpeners {
    /// Those that open by one of these functions, the first that knows a name.
    pub fn new(open: Vec<OpenModel>) -> Self {
        Self { open, ..Self::default() }
    }

    /// The model of a name; None if no function knows it.
    ///
    /// # Errors
    ///
    /// One knows it, and there is no such model.
    pub(super) fn open(&self, name: &str) -> Result<Option<Registered>, Invalid> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.get(name) {
            return Ok(Some(known.clone()));
        }
        let refused = |error| {
            let hint = "docs/any-language.md says what such names mean; `bench list models` shows the others";
            Invalid::new("models", format!("`{name}`: {error}"), hint)
        };
        for open in &self.open {
            if let Some(model) = open(name).map_err(refused)? {
                let registered = Registered::opened(name, model);
                opened.insert(name.to_owned(), registered.clone());
                return Ok(Some(registered));
            }
        }
        Ok(None)
    }
}
