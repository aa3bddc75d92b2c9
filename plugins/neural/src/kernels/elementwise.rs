use super::Kernel;
use super::memory::fresh;
use candle_core::{Result, Tensor};

/// An activation by its number in the source, with its parameter.
pub(crate) fn activate((kind, parameter): (usize, f32), input: &Tensor) -> Result<Tensor> {
    let output = fresh(input.shape(), input.dtype(), input.device())?;
    Kernel::new("activate").read(input).write(&output).size(kind).real(parameter).each(input.elem_count())?;
    Ok(output)
}

/// Gradient of the input of an activation, from its output's, and from what its slope is known by: its output or its input.
pub(crate) fn activate_backward(
    (kind, parameter): (usize, f32),
    known: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let of_input = fresh(known.shape(), known.dtype(), known.device())?;
    Kernel::new("activate_backward")
        .read(known)
        .read(gradient)
        .write(&of_input)
        .size(kind)
        .real(parameter)
        .each(known.elem_count())?;
    Ok(of_input)
}

/// Zeroes the numbers whose random one is below `threshold`, and multiplies the others by `scale`.
pub(crate) fn dropout(values: &Tensor, seed: u64, threshold: u32, scale: f32, span: usize) -> Result<Tensor> {
    let kept = fresh(values.shape(), values.dtype(), values.device())?;
    Kernel::new("dropout")
        .read(values)
        .write(&kept)
        .seed(seed)
        .size(threshold as usize)
        .real(scale)
        .size(span)
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
