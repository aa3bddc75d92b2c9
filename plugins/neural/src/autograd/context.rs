use super::tape::Tape;
use crate::ops::{self, Operation};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The context of a forward pass through a network: whether it is in training, and then the random numbers of dropout
/// and what the backward pass needs; or whether it only counts.
pub struct Context {
    training: Option<TrainingPass>,
    macs: Option<AtomicU64>,
}

/// What only training has.
struct TrainingPass {
    rng: Mutex<ChaCha8Rng>,
    tape: Tape,
}

impl Context {
    /// Of a pass whose gradients are wanted, PyTorch's `model.train()`: dropout drops, batch normalization uses the
    /// batch's own statistics.
    pub fn training(rng: ChaCha8Rng) -> Self {
        let training = Some(TrainingPass { rng: Mutex::new(rng), tape: Tape::default() });
        Self { training, macs: None }
    }

    /// Of a pass whose result is wanted, PyTorch's `model.eval()` under `no_grad()`: nothing is kept for gradients.
    pub fn evaluation() -> Self {
        Self { training: None, macs: None }
    }

    /// Of a pass in evaluation of which only the cost is wanted: what would take long is counted instead of computed, and
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
    pub(crate) fn count(&self, macs: usize, shape: impl Into<Shape>) -> Result<Option<Tensor>> {
        let Some(count) = &self.macs else { return Ok(None) };
        count.fetch_add(macs as u64, Ordering::Relaxed);
        Tensor::zeros(shape, DType::F32, &Device::Cpu).map(Some)
    }

    /// Whether it is for training.
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// A seed for the next layer that needs random numbers; none in evaluation. Layers ask in the order in which they
    /// run, so the seeds are the same for the same network and generator.
    pub fn seed(&self) -> Option<u64> {
        let rng = &self.training.as_ref()?.rng;
        Some(rng.lock().unwrap_or_else(PoisonError::into_inner).next_u64())
    }

    /// The backward pass: gradients of a loss with respect to the weights, once a forward pass. Not `loss.backward()`: operations that
    /// were applied in a context are known to it alone.
    ///
    /// # Errors
    ///
    /// A context that is not for training; a device that fails.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        match &self.training {
            Some(training) => training.tape.backward(loss),
            None => bail!("a forward pass in evaluation has no gradients"),
        }
    }

    /// Applies an operation, and in training records it with what its backward pass reads.
    pub(crate) fn apply<const N: usize>(
        &self,
        inputs: [&Tensor; N],
        operation: impl Operation<N>,
    ) -> Result<Tensor> {
        match &self.training {
            Some(training) => training.tape.apply(operation, inputs),
            None => Ok(ops::forward(&operation, inputs.map(Tensor::detach).each_ref())?.0),
        }
    }
}
