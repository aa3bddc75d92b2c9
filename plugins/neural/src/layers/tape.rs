use super::operation::Operation;
use super::taken::Taken;
use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, DType, Device, Layout, Result, Shape, Tensor, TensorId,
    Var,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The operations of a pass in the order in which they ran, for the way back.
///
/// candle's own way back starts every gradient as zeros and adds what comes, on one thread: for the large
/// batches between layers that takes longer than the operations themselves; and it keeps all inputs and
/// outputs. Here gradients are handed on as they are, and kept is what is needed. candle's operations in
/// between (reshaping, slicing, adding, …) still go candle's way: an operation of the tape is the [`Edge`]
/// where candle's way ends.
#[derive(Default)]
pub(super) struct Tape {
    records: Mutex<Vec<Record>>,
    arrived: Arc<Mutex<Gradients>>,
    stand_in: Mutex<Option<Var>>,
}

type Gradients = HashMap<TensorId, Tensor>;

/// What an operation's backward pass is given besides the gradient. For what is not kept the gradient stands
/// in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keep {
    pub inputs: bool,
    pub output: bool,
}

impl Keep {
    pub const INPUTS: Self = Self { inputs: true, output: false };
    pub const OUTPUT: Self = Self { inputs: false, output: true };
    pub const NOTHING: Self = Self { inputs: false, output: false };
}

/// An operation that has run.
struct Record {
    id: TensorId,
    backward: Backward,
    sources: Vec<Source>,
}

/// From the output's gradient to the inputs'.
type Backward = Box<dyn FnOnce(&Tensor) -> Result<Vec<Option<Tensor>>> + Send>;

/// Where an input's gradient goes.
enum Source {
    Variable(Tensor),
    Tape(TensorId),
    Candle(Tensor),
    Nowhere,
}

impl Tape {
    /// Runs an operation, and remembers it if anything that it is given depends on weights.
    pub fn apply<const N: usize>(
        &self,
        operation: impl Operation<N> + 'static,
        inputs: [&Tensor; N],
        keep: Keep,
    ) -> Result<Tensor> {
        let output = operation.forward(inputs.map(Tensor::detach).each_ref())?;
        if !inputs.iter().any(|input| input.track_op()) {
            return Ok(output);
        }
        let edge = Edge { output: Taken::of(&output)?, arrived: self.arrived.clone() };
        let output = self.stand_in(output.device())?.apply_op1(edge)?;
        let mut records = lock(&self.records);
        let source = |input: &Tensor| {
            if input.is_variable() {
                Source::Variable(input.clone())
            } else if records.iter().any(|record| record.id == input.id()) {
                Source::Tape(input.id())
            } else if input.track_op() {
                Source::Candle(input.clone())
            } else {
                Source::Nowhere
            }
        };
        let sources = inputs.map(source).into();
        let kept_inputs = keep.inputs.then(|| inputs.map(Tensor::clone));
        let kept_output = keep.output.then(|| output.clone());
        let backward = move |gradient: &Tensor| {
            let inputs = kept_inputs.as_ref().map_or([gradient; N], |inputs| inputs.each_ref());
            operation.backward(inputs, kept_output.as_ref().unwrap_or(gradient), gradient).map(Vec::from)
        };
        records.push(Record { id: output.id(), backward: Box::new(backward), sources });
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
    /// the way.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        let mut gradients = loss.backward()?;
        let mut records = std::mem::take(&mut *lock(&self.records));
        while let Some(record) = records.pop() {
            let Some(gradient) = lock(&self.arrived).remove(&record.id) else { continue };
            let of_inputs = (record.backward)(&gradient.contiguous()?)?;
            drop(gradient);
            for (source, gradient) in record.sources.into_iter().zip(of_inputs) {
                let Some(gradient) = gradient else { continue };
                match source {
                    Source::Variable(variable) => {
                        let sum = add(gradients.remove(&variable), gradient)?;
                        gradients.insert(&variable, sum);
                    }
                    Source::Tape(id) => arrive(&self.arrived, id, gradient)?,
                    Source::Candle(input) => {
                        let scalar = Taken::of(&Tensor::zeros((), DType::F32, input.device())?)?;
                        gradients.extend(input.apply_op2(&gradient, Given(scalar))?.backward()?)?;
                    }
                    Source::Nowhere => {}
                }
            }
        }
        Ok(gradients)
    }
}

/// An operation as candle sees it: made of nothing, and keeping the gradient for the tape.
struct Edge {
    output: Taken,
    arrived: Arc<Mutex<Gradients>>,
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

/// A scalar whose gradient with respect to its first input is the second.
struct Given(Taken);

impl CustomOp2 for Given {
    fn name(&self) -> &'static str {
        "given gradient"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.0.cuda()
    }

    fn bwd(
        &self,
        _input: &Tensor,
        gradient: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(gradient.clone()), None))
    }
}

fn arrive(arrived: &Mutex<Gradients>, id: TensorId, gradient: Tensor) -> Result<()> {
    let mut arrived = lock(arrived);
    let sum = add(arrived.remove(&id), gradient)?;
    arrived.insert(id, sum);
    Ok(())
}

fn add(sum: Option<Tensor>, gradient: Tensor) -> Result<Tensor> {
    match sum {
        Some(sum) => Ok((sum + gradient)?.detach()),
        None => Ok(gradient),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic ends the pass, whatever it left.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
