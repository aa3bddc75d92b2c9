use super::dispatch::Dispatch;
use candle_core::{Result, Tensor};

/// A differentiable function of `N` tensors, as PyTorch's `torch.autograd.Function`: the forward and the backward pass,
/// each for the CPU and for CUDA devices. [`forward`] and [`backward`] call the one for the device.
pub(crate) trait Operation<const N: usize>: Send + Sync + 'static {
    /// What the forward pass leaves for the backward pass besides inputs and output.
    type Saved: Send + 'static;

    /// Which of inputs and output the backward pass reads.
    const READS: BackwardReads;

    /// The output, in memory of its own: never an input under another shape.
    fn forward_cpu(&self, inputs: [&Tensor; N]) -> Result<(Tensor, Self::Saved)>;

    /// The same in kernels.
    fn forward_cuda(&self, inputs: [&Tensor; N]) -> Result<(Tensor, Self::Saved)>;

    /// The gradient of every input that has one.
    fn backward_cpu(&self, of: Backward<'_, N>, saved: Self::Saved) -> Result<Gradients<N>>;

    /// The same in kernels.
    fn backward_cuda(&self, of: Backward<'_, N>, saved: Self::Saved) -> Result<Gradients<N>>;
}

/// A gradient for every input that has one.
pub(crate) type Gradients<const N: usize> = [Option<Tensor>; N];

/// What a backward pass is given. For what [`Operation::READS`] does not ask for, the gradient stands in.
#[derive(Clone, Copy)]
pub(crate) struct Backward<'a, const N: usize> {
    pub inputs: [&'a Tensor; N],
    pub output: &'a Tensor,
    /// The output's gradient, contiguous.
    pub gradient: &'a Tensor,
}

/// What a backward pass reads, and so has to be kept in memory from the forward pass on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackwardReads {
    pub inputs: bool,
    pub output: bool,
}

impl BackwardReads {
    pub const INPUTS: Self = Self { inputs: true, output: false };
    pub const OUTPUT: Self = Self { inputs: false, output: true };
    pub const BOTH: Self = Self { inputs: true, output: true };
    pub const NEITHER: Self = Self { inputs: false, output: false };
}

/// The forward pass of an operation on the device of its first input.
pub(crate) fn forward<O: Operation<N>, const N: usize>(
    operation: &O,
    inputs: [&Tensor; N],
) -> Result<(Tensor, O::Saved)> {
    ForwardPass { operation, inputs }.run(inputs[0].device())
}

/// The backward pass of an operation on the device of the gradient.
pub(crate) fn backward<O: Operation<N>, const N: usize>(
    operation: &O,
    of: Backward<'_, N>,
    saved: O::Saved,
) -> Result<Gradients<N>> {
    BackwardPass { operation, of, saved }.run(of.gradient.device())
}

struct ForwardPass<'a, O, const N: usize> {
    operation: &'a O,
    inputs: [&'a Tensor; N],
}

impl<O: Operation<N>, const N: usize> Dispatch for ForwardPass<'_, O, N> {
    type Output = (Tensor, O::Saved);

    fn on_cpu(self) -> Result<Self::Output> {
        self.operation.forward_cpu(self.inputs)
    }

    fn on_cuda(self) -> Result<Self::Output> {
        self.operation.forward_cuda(self.inputs)
    }
}

struct BackwardPass<'a, O: Operation<N>, const N: usize> {
    operation: &'a O,
    of: Backward<'a, N>,
    saved: O::Saved,
}

impl<O: Operation<N>, const N: usize> Dispatch for BackwardPass<'_, O, N> {
    type Output = Gradients<N>;

    fn on_cpu(self) -> Result<Self::Output> {
        self.operation.backward_cpu(self.of, self.saved)
    }

    fn on_cuda(self) -> Result<Self::Output> {
        self.operation.backward_cuda(self.of, self.saved)
    }
}
