use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Storage, Tensor,
    TensorId, Var, bail,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The operations of a pass in the order in which they ran, for the way back.
///
/// candle's own way back starts every gradient as zeros and adds what comes, on one thread: for the large batches between
/// layers that takes longer than the operations themselves. Here gradients are handed on as they are. candle's operations
/// in between (reshaping, slicing, adding, …) still go candle's way: an operation of the tape is the [`Edge`] where candle's
/// ends.
#[derive(Default)]
pub(super) struct Tape {
    outputs: Mutex<Vec<(Tensor, Arc<Operation>)>>,
    arrived: Arc<Mutex<GradStore>>,
}

impl Tape {
    /// Runs an operation, and remembers it if anything that it is given depends on weights.
    pub fn apply(&self, operation: Operation) -> Result<Tensor> {
        let operation = Arc::new(operation);
        let edge = Edge { operation: operation.clone(), arrived: self.arrived.clone() };
        // candle follows what was made from a variable: this one stands for the inputs.
        let stand_in = Var::zeros((), DType::F32, operation.inputs()[0].device())?;
        if !operation.inputs().iter().any(|input| input.track_op()) {
            return stand_in.apply_op1_no_bwd(&edge);
        }
        let output = stand_in.apply_op1(edge)?;
        lock(&self.outputs).push((output.clone(), operation));
        Ok(output)
    }

    /// Gradients of a scalar with respect to all variables that it was made from. What the operations kept is freed on the
    /// way.
    pub fn backward(&self, loss: &Tensor) -> Result<GradStore> {
        let mut gradients = loss.backward()?;
        let mut outputs = std::mem::take(&mut *lock(&self.outputs));
        let on_tape: HashSet<TensorId> = outputs.iter().map(|(output, _)| output.id()).collect();
        while let Some((output, operation)) = outputs.pop() {
            let Some(gradient) = lock(&self.arrived).remove(&output) else { continue };
            let of_inputs = operation.backward(&output, &gradient)?;
            drop(gradient);
            for (input, gradient) in operation.inputs().iter().zip(of_inputs) {
                let Some(gradient) = gradient.filter(|_| input.track_op()) else { continue };
                if input.is_variable() {
                    add(&mut gradients, input, gradient)?;
                } else if on_tape.contains(&input.id()) {
                    add(&mut lock(&self.arrived), input, gradient)?;
                } else {
                    gradients.extend(input.apply_op2(&gradient, Given)?.backward()?)?;
                }
            }
        }
        Ok(gradients)
    }
}

/// An operation and what it is given.
pub(super) enum Operation {
    One(Box<dyn CustomOp1 + Send + Sync>, Tensor),
    Two(Box<dyn CustomOp2 + Send + Sync>, [Tensor; 2]),
    Three(Box<dyn CustomOp3 + Send + Sync>, [Tensor; 3]),
}

impl Operation {
    fn inputs(&self) -> &[Tensor] {
        match self {
            Self::One(_, input) => std::slice::from_ref(input),
            Self::Two(_, inputs) => inputs,
            Self::Three(_, inputs) => inputs,
        }
    }

    fn backward(&self, output: &Tensor, gradient: &Tensor) -> Result<Vec<Option<Tensor>>> {
        Ok(match self {
            Self::One(operation, a) => vec![operation.bwd(a, output, gradient)?],
            Self::Two(operation, [a, b]) => <[_; 2]>::from(operation.bwd(a, b, output, gradient)?).into(),
            Self::Three(operation, [a, b, c]) => {
                <[_; 3]>::from(operation.bwd(a, b, c, output, gradient)?).into()
            }
        })
    }
}

/// Calls an operation's method with the storage (of one kind) and layout of every input.
macro_rules! on_storage {
    ($kind:ident, $method:ident, $operation:expr) => {{
        let inputs: Vec<_> = $operation.inputs().iter().map(|input| input.storage_and_layout()).collect();
        let storage = |at: usize| match &*inputs[at].0 {
            Storage::$kind(storage) => Ok((storage, inputs[at].1)),
            _ => bail!("the inputs of an operation lie on different devices"),
        };
        match $operation {
            Operation::One(operation, _) => {
                let (a, la) = storage(0)?;
                operation.$method(a, la)
            }
            Operation::Two(operation, _) => {
                let ((a, la), (b, lb)) = (storage(0)?, storage(1)?);
                operation.$method(a, la, b, lb)
            }
            Operation::Three(operation, _) => {
                let ((a, la), (b, lb), (c, lc)) = (storage(0)?, storage(1)?, storage(2)?);
                operation.$method(a, la, b, lb, c, lc)
            }
        }
    }};
}

/// An operation as candle sees it: made of nothing, and keeping the gradient for the tape.
struct Edge {
    operation: Arc<Operation>,
    arrived: Arc<Mutex<GradStore>>,
}

impl CustomOp1 for Edge {
    fn name(&self) -> &'static str {
        match &*self.operation {
            Operation::One(operation, _) => operation.name(),
            Operation::Two(operation, _) => operation.name(),
            Operation::Three(operation, _) => operation.name(),
        }
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        on_storage!(Cpu, cpu_fwd, &*self.operation)
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> Result<(CudaStorage, Shape)> {
        on_storage!(Cuda, cuda_fwd, &*self.operation)
    }

    fn bwd(&self, _stand_in: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        add(&mut lock(&self.arrived), output, gradient.clone())?;
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

fn add(gradients: &mut GradStore, tensor: &Tensor, gradient: Tensor) -> Result<()> {
    let sum = match gradients.remove(tensor) {
        Some(sum) => (sum + gradient)?.detach(),
        None => gradient,
    };
    gradients.insert(tensor, sum);
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it holds the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
