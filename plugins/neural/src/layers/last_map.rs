use crate::ops::Separable;
use candle_core::Result;
use std::sync::{Arc, Mutex, PoisonError};

/// The map of a layer for spectrograms of the size that it saw last.
#[derive(Default)]
pub(crate) struct LastMap(Mutex<Option<Arc<Separable>>>);

impl LastMap {
    /// The map that it has, if it is of this size, or else a new one.
    pub fn of(
        &self,
        size: (usize, usize),
        make: impl FnOnce() -> Result<Separable>,
    ) -> Result<Arc<Separable>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(map) if map.input_size() == size => Ok(map.clone()),
            _ => Ok(last.insert(Arc::new(make()?)).clone()),
        }
    }
}
