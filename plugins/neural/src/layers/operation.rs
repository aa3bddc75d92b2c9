use candle_core::{Result, Tensor};

/// What a layer does to `N` tensors, with a backward pass of its own.
///
/// Both passes are given tensors and make tensors. On the CPU they compute on plain slices, elsewhere with
/// [`kernels`](super::kernels); which it is, every operation asks for itself.
pub(super) trait Operation<const N: usize>: Send + Sync {
    /// The output, in memory of its own: never an input under another shape.
    fn forward(&self, inputs: [&Tensor; N]) -> Result<Tensor>;

    /// The gradient of every input that has one, given the output's, which is contiguous. Inputs and output
    /// are what [`Keep`](super::tape::Keep) says.
    fn backward(
        &self,
        inputs: [&Tensor; N],
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; N]>;
}
