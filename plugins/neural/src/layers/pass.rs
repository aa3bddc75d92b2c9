use super::operation::Operation;
use super::tape::{Keep, Tape};
use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, bail};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use std::sync::{Mutex, PoisonError};

/// One way through a network: whether it is for training, and then the chance that dropout draws and what is
/// needed for the way back.
pub struct Pass {
    training: Option<Training>,
}

struct Training {
    rng: Mutex<ChaCha8Rng>,
    tape: Tape,
}

impl Pass {
    /// A pass whose gradients are wanted: dropout drops, batch normalisation uses the batch's own statistics.
    pub fn training(rng: ChaCha8Rng) -> Self {
        Self { training: Some(Training { rng: Mutex::new(rng), tape: Tape::default() }) }
    }

    /// A pass whose result is wanted: nothing is kept for gradients.
    pub fn evaluation() -> Self {
        Self { training: None }
    }

    /// Whether it is for training.
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// A seed for the next layer that needs chance; none in evaluation. Layers ask in the order in which they
    /// run, so the seeds are the same for the same network and generator.
    pub fn seed(&self) -> Option<u64> {
        let rng = &self.training.as_ref()?.rng;
        Some(rng.lock().unwrap_or_else(PoisonError::into_inner).next_u64())
    }

    /// Gradients of a loss with respect to the weights, once a pass. Not `loss.backward()`: operations that
    /// were applied through the pass are known to it alone.
    ///
    /// # Errors
    ///
    /// A pass that is not for training; a device that fails.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        match &self.training {
            Some(training) => training.tape.backward(loss),
            None => bail!("a pass in evaluation has no gradients"),
        }
    }

    /// Applies an operation of a layer, and remembers it in training with what its backward pass needs.
    pub(super) fn apply<const N: usize>(
        &self,
        inputs: [&Tensor; N],
        operation: impl Operation<N> + 'static,
        keep: Keep,
    ) -> Result<Tensor> {
        match &self.training {
            Some(training) => training.tape.apply(operation, inputs, keep),
            None => operation.forward(inputs.map(Tensor::detach).each_ref()),
        }
    }
}
