use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use std::sync::{Mutex, PoisonError};

/// One way through a network: whether it is for training, and the chance that dropout draws.
pub struct Pass {
    training: Option<Mutex<ChaCha8Rng>>,
}

impl Pass {
    /// A pass whose gradients are wanted: dropout drops, batch normalisation uses the batch's own statistics.
    pub fn training(rng: ChaCha8Rng) -> Self {
        Self { training: Some(Mutex::new(rng)) }
    }

    /// A pass whose result is wanted.
    pub fn evaluation() -> Self {
        Self { training: None }
    }

    /// Whether it is for training.
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// A seed for the next layer that needs chance; none in evaluation. Layers ask in the order in which they run, so the
    /// seeds are the same for the same network and generator.
    pub fn seed(&self) -> Option<u64> {
        let rng = self.training.as_ref()?;
        Some(rng.lock().unwrap_or_else(PoisonError::into_inner).next_u64())
    }
}
