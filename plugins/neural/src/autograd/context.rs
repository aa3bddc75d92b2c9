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
pub struct Context<'a> {
    training: Option<TrainingPass>,
    counted: Option<Counted>,
    stopped: Option<&'a (dyn Fn() -> bool + Sync)>,
}

/// What a pass that counts has counted.
#[derive(Default)]
struct Counted {
    macs: AtomicU64,
    outputs: AtomicU64,
}

/// What only training has.
struct TrainingPass {
    rng: Mutex<ChaCha8Rng>,
    tape: Tape,
}

impl<'a> Context<'a> {
    /// Of a pass whose gradients are wanted, PyTorch's `model.train()`: dropout drops, batch normalization uses the
    /// batch's own statistics.
    pub fn training(rng: ChaCha8Rng) -> Self {
        let training = Some(TrainingPass { rng: Mutex::new(rng), tape: Tape::default() });
        Self { training, counted: None, stopped: None }
    }

    /// Of a pass whose result is wanted, PyTorch's `model.eval()` under `no_grad()`: nothing is kept for gradients.
    pub fn evaluation() -> Self {
        Self { training: None, counted: None, stopped: None }
    }

    /// Of a pass in evaluation of which only the cost is wanted: what would take long is counted instead of computed, and
    /// zeros stand for it.
    pub fn counting() -> Self {
        Self { training: None, counted: Some(Counted::default()), stopped: None }
    }

    /// The same pass, which fails before an operation, also of the backward pass, once it is to be `stopped`.
    pub fn until(self, stopped: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { stopped: Some(stopped), ..self }
    }

    /// Fails once the pass is to be stopped.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.stopped.is_some_and(|stopped| stopped()) { bail!("stopped") } else { Ok(()) }
    }

    /// Multiplications, each with an addition, of convolutions, dense and recurrent layers in a pass that counts; what
    /// falls on padding is among them, as usual.
    pub fn macs(&self) -> u64 {
        self.counted.as_ref().map_or(0, |counted| counted.macs.load(Ordering::Relaxed))
    }

    /// Numbers that convolutions, dense and recurrent layers gave in a pass that counts.
    pub fn outputs(&self) -> u64 {
        self.counted.as_ref().map_or(0, |counted| counted.outputs.load(Ordering::Relaxed))
    }

    /// Counts an operation of so many MACs, and makes zeros of the shape that it would have given; None in a
    /// pass that does not count.
    pub(crate) fn count(&self, macs: usize, shape: impl Into<Shape>) -> Result<Option<Tensor>> {
        let Some(counted) = &self.counted else { return Ok(None) };
        let shape = shape.into();
        counted.macs.fetch_add(macs as u64, Ordering::Relaxed);
        counted.outputs.fetch_add(shape.elem_count() as u64, Ordering::Relaxed);
        Tensor::zeros(shape, DType::F32, &Device::Cpu).map(Some)
    }

    /// Whether only the cost is wanted.
    pub(crate) fn is_counting(&self) -> bool {
        self.counted.is_some()
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
            Some(training) => training.tape.backward(loss, || self.go_on()),
            None => bail!("a forward pass in evaluation has no gradients"),
        }
    }

    /// Applies an operation, and in training records it with what its backward pass reads.
    pub(crate) fn apply<const N: usize>(
        &self,
        inputs: [&Tensor; N],
        operation: impl Operation<N>,
    ) -> Result<Tensor> {
        self.go_on()?;
        match &self.training {
            Some(training) => training.tape.apply(operation, inputs),
            None => Ok(ops::forward(&operation, inputs.map(Tensor::detach).each_ref())?.0),
        }
    }
}
