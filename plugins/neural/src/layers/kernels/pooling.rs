use super::Kernel;
use super::memory::fresh;
use crate::layers::window::Axis;
use candle_core::{DType, Result, Tensor};

/// The maxima, and where in their planes they were found.
pub(in crate::layers) fn max_pool(input: &Tensor, rows: Axis, columns: Axis) -> Result<(Tensor, Tensor)> {
    let (batch, channels, _, _) = input.dims4()?;
    let shape = (batch, channels, rows.output, columns.output);
    let output = fresh(shape, input.dtype(), input.device())?;
    let places = fresh(shape, DType::U32, input.device())?;
    Kernel::new("max_pool")
        .read(input)
        .write(&output)
        .write(&places)
        .sizes(sizes(rows, columns))
        .each(output.elem_count())?;
    Ok((output, places))
}

pub(in crate::layers) fn max_pool_back(
    gradient: &Tensor,
    places: &Tensor,
    rows: Axis,
    columns: Axis,
) -> Result<Tensor> {
    let (batch, channels, _, _) = gradient.dims4()?;
    let of_input = fresh((batch, channels, rows.input, columns.input), gradient.dtype(), gradient.device())?;
    Kernel::new("max_pool_back")
        .read(gradient)
        .read(places)
        .write(&of_input)
        .sizes(sizes(rows, columns))
        .each(of_input.elem_count())?;
    Ok(of_input)
}

fn sizes(rows: Axis, columns: Axis) -> impl Iterator<Item = usize> {
    let of = |axis: Axis| [axis.input, axis.output, axis.kernel, axis.stride, axis.padding, axis.dilation];
    of(rows).into_iter().zip(of(columns)).flat_map(|(rows, columns)| [rows, columns])
}
