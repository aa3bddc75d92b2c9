use super::Kernel;
use super::memory::fresh;
use crate::layers::Activation;
use candle_core::{Result, Tensor};

/// The number of an activation in the kernels, and its parameter.
fn kind(activation: Activation) -> (usize, f32) {
    match activation {
        Activation::Relu => (0, 0.0),
        Activation::Elu(alpha) => (1, alpha),
        Activation::LeakyRelu(slope) => (2, slope),
    }
}

pub(in crate::layers) fn activate(activation: Activation, input: &Tensor) -> Result<Tensor> {
    let (kind, parameter) = kind(activation);
    let output = fresh(input.shape(), input.dtype(), input.device())?;
    Kernel::new("activate").read(input).write(&output).size(kind).real(parameter).each(input.elem_count())?;
    Ok(output)
}

pub(in crate::layers) fn activate_back(
    activation: Activation,
    output: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let (kind, parameter) = kind(activation);
    let of_input = fresh(output.shape(), output.dtype(), output.device())?;
    Kernel::new("activate_back")
        .read(output)
        .read(gradient)
        .write(&of_input)
        .size(kind)
        .real(parameter)
        .each(output.elem_count())?;
    Ok(of_input)
}

/// Zeroes the numbers whose random one is below `threshold`, and multiplies the others by `scale`.
pub(in crate::layers) fn dropout(values: &Tensor, seed: u64, threshold: u32, scale: f32) -> Result<Tensor> {
    let kept = fresh(values.shape(), values.dtype(), values.device())?;
    Kernel::new("dropout")
        .read(values)
        .write(&kept)
        .seed(seed)
        .size(threshold as usize)
        .real(scale)
        .each(values.elem_count())?;
    Ok(kept)
}

/// Rows of `width` blocks of `block` numbers each: the first blocks get a value each, the others 0.
pub(super) fn fill(values: &Tensor, output: &Tensor, width: usize, block: usize) -> Result<()> {
    Kernel::new("fill")
        .read(values)
        .write(output)
        .sizes([values.elem_count(), width, block])
        .each(output.elem_count())
}
