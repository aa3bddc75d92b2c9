use super::Kernel;
use super::memory::fresh;
use super::sums::{THREADS, parts};
use candle_core::{DType, Result, Tensor, Var};

/// Channels, and the numbers of a channel in an example and in the batch.
fn sizes(input: &Tensor, channels: usize) -> Result<(usize, usize)> {
    let plane = input.elem_count() / input.dim(0)? / channels;
    Ok((plane, plane * input.dim(0)?))
}

/// `(input - mean) / √(variance + epsilon) · weight + bias`.
pub(crate) fn normalize(
    input: &Tensor,
    (mean, variance): (&Tensor, &Tensor),
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f32,
) -> Result<Tensor> {
    let channels = weight.elem_count();
    let (plane, _) = sizes(input, channels)?;
    let output = fresh(input.shape(), input.dtype(), input.device())?;
    Kernel::new("normalize")
        .read(input)
        .read(mean)
        .read(variance)
        .read(weight)
        .read(bias)
        .write(&output)
        .real(epsilon)
        .sizes([channels, plane])
        .each(input.elem_count())?;
    Ok(output)
}

/// The same by the batch's own moments, which are returned, and which the running ones follow.
pub(crate) fn normalize_by_batch(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    running: (&Var, &Var),
    momentum: f32,
    epsilon: f32,
) -> Result<(Tensor, (Tensor, Tensor))> {
    let channels = weight.elem_count();
    let (plane, numbers) = sizes(input, channels)?;
    let parts = parts(numbers);
    let sums = fresh((channels, parts, 2), DType::F32, input.device())?;
    Kernel::new("moments").read(input).write(&sums).sizes([parts, channels, plane, numbers]).blocks(
        channels * parts,
        THREADS,
        THREADS,
    )?;
    let moments =
        (fresh(channels, DType::F32, input.device())?, fresh(channels, DType::F32, input.device())?);
    Kernel::new("moments_end")
        .read(input)
        .read(&sums)
        .write(&moments.0)
        .write(&moments.1)
        .write(running.0)
        .write(running.1)
        .real(momentum)
        .sizes([parts, plane, numbers])
        .each(channels)?;
    let output = normalize(input, (&moments.0, &moments.1), weight, bias, epsilon)?;
    Ok((output, moments))
}

/// Gradients of input, weight and bias, for moments that are the batch's own.
pub(crate) fn normalize_backward(
    input: &Tensor,
    (mean, variance): (&Tensor, &Tensor),
    weight: &Tensor,
    gradient: &Tensor,
    epsilon: f32,
) -> Result<[Option<Tensor>; 3]> {
    let channels = weight.elem_count();
    let (plane, numbers) = sizes(input, channels)?;
    let parts = parts(numbers);
    let sums = fresh((channels, parts, 2), DType::F32, input.device())?;
    Kernel::new("normalize_sums")
        .read(input)
        .read(gradient)
        .read(mean)
        .write(&sums)
        .sizes([parts, channels, plane, numbers])
        .blocks(channels * parts, THREADS, THREADS)?;
    let of_channels = || fresh(channels, DType::F32, input.device());
    let (of_weight, of_bias, shift, slope) = (of_channels()?, of_channels()?, of_channels()?, of_channels()?);
    Kernel::new("normalize_sums_end")
        .read(&sums)
        .read(variance)
        .write(&of_weight)
        .write(&of_bias)
        .write(&shift)
        .write(&slope)
        .real(epsilon)
        .sizes([parts, numbers])
        .each(channels)?;
    let of_input = fresh(input.shape(), input.dtype(), input.device())?;
    Kernel::new("normalize_backward")
        .read(input)
        .read(gradient)
        .read(mean)
        .read(variance)
        .read(weight)
        .read(&shift)
        .read(&slope)
        .write(&of_input)
        .real(epsilon)
        .sizes([channels, plane])
        .each(input.elem_count())?;
    Ok([Some(of_input), Some(of_weight), Some(of_bias)])
}
