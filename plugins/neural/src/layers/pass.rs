use super::operation::Operation;
use super::tape::{Keep, Tape};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// One way through a network: whether it is for training, and then the chance that dropout draws and what is
/// needed for the way back; or whether it only counts.
pub struct Pass {
    training: Option<Training>,
    macs: Option<AtomicU64>,
}

struct Training {
    rng: Mutex<ChaCha8Rng>,
    tape: Tape,
}

impl Pass {
    /// A pass whose gradients are wanted: dropout drops, batch normalisation uses the batch's own statistics.
    pub fn training(rng: ChaCha8Rng) -> Self {
        let training = Some(Training { rng: Mutex::new(rng), tape: Tape::default() });
        Self { training, macs: None }
    }

    /// A pass whose result is wanted: nothing is kept for gradients.
    pub fn evaluation() -> Self {
        Self { training: None, macs: None }
    }

    /// A pass in evaluation of which only the cost is wanted: what would take long is counted instead of computed, and
    /// zeros stand for it.
    pub fn counting() -> Self {
        Self { training: None, macs: Some(AtomicU64::new(0)) }
    }

    /// Multiplications, each with an addition, of convolutions, dense and recurrent layers in a pass that counts; what
    /// falls on padding is among them, as usual.
    pub fn macs(&self) -> u64 {
        self.macs.as_ref().map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Counts an operation of so many MACs, and makes zeros of the shape that it would have given; None in a
    /// pass that does not count.
    pub(super) fn count(&self, macs: usize, shape: impl Into<Shape>) -> Result<Option<Tensor>> {
        let Some(count) = &self.macs else { return Ok(None) };
        count.fetch_add(macs as u64, Ordering::Relaxed);
        Tensor::zeros(shape, DType::F32, &Device::Cpu).map(Some)
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
