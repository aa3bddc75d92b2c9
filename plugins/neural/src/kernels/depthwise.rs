use super::Kernel;
use super::memory::fresh;
use super::sums::THREADS;
use crate::geometry::{ConvolutionSizes, Unfolding};
use candle_core::{DType, Result, Tensor};

/// The numbers that all kernels of depthwise convolutions take.
fn sizes(&ConvolutionSizes { groups, unfolding, .. }: &ConvolutionSizes) -> impl Iterator<Item = usize> {
    let Unfolding { rows, columns, .. } = unfolding;
    let pairs = [
        (rows.input, columns.input),
        (rows.output, columns.output),
        (rows.kernel, columns.kernel),
        (rows.stride, columns.stride),
        (rows.padding, columns.padding),
        (rows.dilation, columns.dilation),
    ];
    std::iter::once(groups).chain(pairs.into_iter().flat_map(|(rows, columns)| [rows, columns]))
}

/// Into `output`, or with `onto` added to what is there.
pub(super) fn forward(
    of: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    output: &Tensor,
    onto: bool,
) -> Result<()> {
    let kernel = Kernel::new("depthwise").read(input).read(weight).write(output).sizes(sizes(of));
    kernel.size(usize::from(onto)).each(output.elem_count())
}

pub(super) fn input_gradient(
    of: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let of_input = fresh(input.shape(), input.dtype(), input.device())?;
    let kernel = Kernel::new("depthwise_input").read(gradient).read(weight).write(&of_input);
    kernel.sizes(sizes(of)).each(of_input.elem_count())?;
    Ok(of_input)
}

pub(super) fn weight_gradient(
    of: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let of_weight = fresh(weight.shape(), DType::F32, weight.device())?;
    let kernel = Kernel::new("depthwise_weight").read(input).read(gradient).write(&of_weight);
    let numbers = of.batch * of.unfolding.pixels();
    kernel.sizes(sizes(of)).size(numbers).blocks(weight.elem_count(), THREADS, THREADS)?;
    Ok(of_weight)
}
