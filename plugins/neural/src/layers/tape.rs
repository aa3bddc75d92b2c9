use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Storage, Tensor,
    TensorId, Var, bail,
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
    operation: Operation,
    inputs: Option<Vec<Tensor>>,
    output: Option<Tensor>,
    sources: Vec<Source>,
}

/// Where an input's gradient goes.
enum Source {
    Variable(Tensor),
    Tape(TensorId),
    Candle(Tensor),
    Nowhere,
}

impl Tape {
    /// Runs an operation, and remembers it if anything that it is given depends on weights.
    pub fn apply(&self, operation: Operation, inputs: &[&Tensor], keep: Keep) -> Result<Tensor> {
        let inputs: Vec<Tensor> = inputs.iter().map(|input| (*input).clone()).collect();
        // candle follows what was made from a variable: this one stands for the inputs.
        let stand_in = Var::zeros((), DType::F32, inputs[0].device())?;
        let tracked = inputs.iter().any(|input| input.track_op());
        let call = Arc::new(Mutex::new(Some((operation, inputs))));
        let edge = Edge { call: call.clone(), arrived: self.arrived.clone() };
        if !tracked {
            return stand_in.apply_op1_no_bwd(&edge);
        }
        let output = stand_in.apply_op1(edge)?;
        let Some((operation, inputs)) = lock(&call).take() else { bail!("an operation got lost") };
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
        let sources = inputs.iter().map(source).collect();
        records.push(Record {
            id: output.id(),
            operation,
            inputs: keep.inputs.then_some(inputs),
            output: keep.output.then(|| output.clone()),
            sources,
        });
        Ok(output)
    }

    /// Gradients of a scalar with respect to all variables that it was made from. What was kept is freed on
    /// the way.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        let mut gradients = loss.backward()?;
        let mut records = std::mem::take(&mut *lock(&self.records));
        while let Some(record) = records.pop() {
            let Some(gradient) = lock(&self.arrived).remove(&record.id) else { continue };
            let of_inputs = record.backward(&gradient)?;
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
                        gradients.extend(input.apply_op2(&gradient, Given)?.backward()?)?;
                    }
                    Source::Nowhere => {}
                }
            }
        }
        Ok(gradients)
    }
}

impl Record {
    fn backward(&self, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        let output = self.output.as_ref().unwrap_or(gradient);
        let input = |at: usize| self.inputs.as_ref().map_or(gradient, |inputs| &inputs[at]);
        Ok(match &self.operation {
            Operation::One(op) => vec![op.bwd(input(0), output, gradient)?],
            Operation::Two(op) => <[_; 2]>::from(op.bwd(input(0), input(1), output, gradient)?).into(),
            Operation::Three(op) => {
                <[_; 3]>::from(op.bwd(input(0), input(1), input(2), output, gradient)?).into()
            }
        })
    }
}

/// An operation by the number of its inputs.
pub(super) enum Operation {
    One(Box<dyn CustomOp1 + Send + Sync>),
    Two(Box<dyn CustomOp2 + Send + Sync>),
    Three(Box<dyn CustomOp3 + Send + Sync>),
}

/// Calls an operation's method with the storage (of one kind) and layout of every input.
macro_rules! on_storage {
    ($kind:ident, $method:ident, $call:expr) => {{
        let call = lock($call);
        let Some((operation, inputs)) = &*call else { bail!("an operation of the tape runs once") };
        let inputs: Vec<_> = inputs.iter().map(|input| input.storage_and_layout()).collect();
        let storage = |at: usize| match &*inputs[at].0 {
            Storage::$kind(storage) => Ok((storage, inputs[at].1)),
            _ => bail!("the inputs of an operation lie on different devices"),
        };
        match operation {
            Operation::One(op) => {
                let (a, la) = storage(0)?;
                op.$method(a, la)
            }
            Operation::Two(op) => {
                let ((a, la), (b, lb)) = (storage(0)?, storage(1)?);
                op.$method(a, la, b, lb)
            }
            Operation::Three(op) => {
                let ((a, la), (b, lb), (c, lc)) = (storage(0)?, storage(1)?, storage(2)?);
                op.$method(a, la, b, lb, c, lc)
            }
        }
    }};
}

/// An operation with its inputs, until it has run.
type Call = Mutex<Option<(Operation, Vec<Tensor>)>>;

/// An operation as candle sees it: made of nothing, and keeping the gradient for the tape.
struct Edge {
    call: Arc<Call>,
    arrived: Arc<Mutex<Gradients>>,
}

impl CustomOp1 for Edge {
    fn name(&self) -> &'static str {
        "operation of the tape"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        on_storage!(Cpu, cpu_fwd, &self.call)
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        on_storage!(Cuda, cuda_fwd, &self.call)
    }

    fn bwd(&self, _stand_in: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        arrive(&self.arrived, output.id(), gradient.clone())?;
        Ok(None)
    }
}

/// A scalar whose gradient with respect to its first input is the second.
struct Given;

impl CustomOp2 for Given {
    fn name(&self) -> &'static str {
        "given gradient"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), ().into()))
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
