use super::given_gradient::seed;
use super::owned_storage::OwnedStorage;
use crate::ops::{self, Backward, Operation};
use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, TensorId, Var,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The operations of a forward pass in the order in which they ran, for the backward pass.
///
/// candle's own backward pass starts every gradient as zeros and adds what comes, on one thread: for the large
/// batches between layers that takes longer than the operations themselves; and it keeps all inputs and
/// outputs. Here gradients are handed on as they are, and kept is what is needed. candle's operations in
/// between (reshaping, slicing, adding, …) are still differentiated by candle: an operation of the tape is the [`Edge`]
/// where candle's graph ends.
#[derive(Default)]
pub(super) struct Tape {
    records: Mutex<Vec<RecordedOperation>>,
    arrived: Arc<Mutex<GradientsById>>,
    stand_in: Mutex<Option<Var>>,
}

type GradientsById = HashMap<TensorId, Tensor>;

/// An operation that has run.
struct RecordedOperation {
    id: TensorId,
    backward: BackwardFn,
    targets: Vec<GradientTarget>,
}

/// From the output's gradient to the inputs'.
type BackwardFn = Box<dyn FnOnce(&Tensor) -> Result<Vec<Option<Tensor>>> + Send>;

/// Where an input's gradient goes.
enum GradientTarget {
    Variable(Tensor),
    Tape(TensorId),
    Candle(Tensor),
    Nowhere,
}

impl Tape {
    /// Runs an operation, and remembers it if anything that it is given depends on weights.
    pub fn apply<const N: usize, O: Operation<N>>(
        &self,
        operation: O,
        inputs: [&Tensor; N],
    ) -> Result<Tensor> {
        let (output, saved) = ops::forward(&operation, inputs.map(Tensor::detach).each_ref())?;
        if !inputs.iter().any(|input| input.track_op()) {
            return Ok(output);
        }
        let edge = Edge { output: OwnedStorage::of(&output)?, arrived: self.arrived.clone() };
        let output = self.stand_in(output.device())?.apply_op1(edge)?;
        let mut records = lock(&self.records);
        let target = |input: &Tensor| {
            if input.is_variable() {
                GradientTarget::Variable(input.clone())
            } else if records.iter().any(|record| record.id == input.id()) {
                GradientTarget::Tape(input.id())
            } else if input.track_op() {
                GradientTarget::Candle(input.clone())
            } else {
                GradientTarget::Nowhere
            }
        };
        let targets = inputs.map(target).into();
        let kept_inputs = O::READS.inputs.then(|| inputs.map(Tensor::clone));
        let kept_output = O::READS.output.then(|| output.clone());
        let backward = move |gradient: &Tensor| {
            let inputs = kept_inputs.as_ref().map_or([gradient; N], |inputs| inputs.each_ref());
            let output = kept_output.as_ref().unwrap_or(gradient);
            ops::backward(&operation, Backward { inputs, output, gradient }, saved).map(Vec::from)
        };
        records.push(RecordedOperation { id: output.id(), backward: Box::new(backward), targets });
        Ok(output)
    }

    /// candle follows what was made from a variable: this one stands for all inputs.
    fn stand_in(&self, device: &Device) -> Result<Var> {
        let mut stand_in = lock(&self.stand_in);
        match &*stand_in {
            Some(made) if made.device().same_device(device) => Ok(made.clone()),
            _ => Ok(stand_in.insert(Var::zeros((), DType::F32, device)?).clone()),
        }
    }

    /// Gradients of a scalar with respect to all variables that it was made from. What was kept is freed on
    /// the way. `go_on` is asked before every operation.
    pub fn backward(&self, loss: &Tensor, go_on: impl Fn() -> Result<()>) -> Result<GradStore> {
        let mut gradients = loss.backward()?;
        let mut records = std::mem::take(&mut *lock(&self.records));
        while let Some(record) = records.pop() {
            go_on()?;
            let Some(gradient) = lock(&self.arrived).remove(&record.id) else { continue };
            let of_inputs = (record.backward)(&gradient.contiguous()?)?;
            drop(gradient);
            for (target, gradient) in record.targets.into_iter().zip(of_inputs) {
                let Some(gradient) = gradient else { continue };
                match target {
                    GradientTarget::Variable(variable) => {
                        let sum = add(gradients.remove(&variable), gradient)?;
                        gradients.insert(&variable, sum);
                    }
                    GradientTarget::Tape(id) => arrive(&self.arrived, id, gradient)?,
                    GradientTarget::Candle(input) => {
                        gradients.extend(seed(&input, &gradient)?.backward()?)?;
                    }
                    GradientTarget::Nowhere => {}
                }
            }
        }
        Ok(gradients)
    }
}

/// An operation as candle sees it: made of nothing, and keeping the gradient for the tape.
struct Edge {
    output: OwnedStorage,
    arrived: Arc<Mutex<GradientsById>>,
}

impl CustomOp1 for Edge {
    fn name(&self) -> &'static str {
        "operation of the tape"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.output.cpu()
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        self.output.cuda()
    }

    fn bwd(&self, _stand_in: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        arrive(&self.arrived, output.id(), gradient.clone())?;
        Ok(None)
    }
}

fn arrive(arrived: &Mutex<GradientsById>, id: TensorId, gradient: Tensor) -> Result<()> {
    let mut arrived = lock(arrived);
    let sum = add(arrived.remove(&id), gradient)?;
    arrived.insert(id, sum);
    Ok(())
}

fn add(so_far: Option<Tensor>, gradient: Tensor) -> Result<Tensor> {
    match so_far {
        Some(so_far) => ops::sum(&so_far, &gradient),
        None => Ok(gradient),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic ends the forward pass, whatever it left.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
