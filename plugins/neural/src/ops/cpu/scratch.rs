use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Numbers that nobody has at the moment: as many vectors as were in use at once, at most.
static KEPT: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Vec<f32>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers that are written before they are read: at first they are what somebody else left there.
///
/// Convolutions want some in every step and on every thread. Zeros each time are up to a tenth of a step.
#[derive(Default)]
pub(crate) struct Scratch {
    numbers: Vec<f32>,
    count: usize,
}

impl Scratch {
    pub fn new(count: usize) -> Self {
        let mut scratch = Self::default();
        scratch.resize(count);
        scratch
    }

    /// From now on so many numbers, any.
    pub fn resize(&mut self, count: usize) {
        if self.numbers.len() < count {
            self.give_back();
            self.numbers = take(count).unwrap_or_else(|| vec![0.0; count]);
        }
        self.count = count;
    }

    fn give_back(&mut self) {
        let numbers = std::mem::take(&mut self.numbers);
        if !numbers.is_empty() {
            kept().push(numbers);
        }
    }
}

/// The fewest that are enough; if none are, one vector less is kept for the one that is made.
fn take(count: usize) -> Option<Vec<f32>> {
    let mut kept = kept();
    let fits = kept.iter().enumerate().filter(|(_, numbers)| numbers.len() >= count);
    let fewest = fits.min_by_key(|(_, numbers)| numbers.len()).map(|(at, _)| at);
    match fewest {
        Some(at) => Some(kept.swap_remove(at)),
        None => {
            kept.pop();
            None
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[..self.count]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.count]
    }
}
