use super::Kernel;
use super::memory::fresh;
use crate::geometry::WindowAxis;
use candle_core::{DType, Result, Tensor};

/// The maxima, and where in their planes they were found.
pub(crate) fn max_pool(input: &Tensor, rows: WindowAxis, columns: WindowAxis) -> Result<(Tensor, Tensor)> {
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

/// Gradient of the input: every number goes to where the largest was found.
pub(crate) fn max_pool_backward(
    gradient: &Tensor,
    places: &Tensor,
    rows: WindowAxis,
    columns: WindowAxis,
) -> Result<Tensor> {
    let (batch, channels, _, _) = gradient.dims4()?;
    let of_input = fresh((batch, channels, rows.input, columns.input), gradient.dtype(), gradient.device())?;
    Kernel::new("max_pool_backward")
        .read(gradient)
        .read(places)
        .write(&of_input)
        .sizes(sizes(rows, columns))
        .each(of_input.elem_count())?;
    Ok(of_input)
}

fn sizes(rows: WindowAxis, columns: WindowAxis) -> impl Iterator<Item = usize> {
    let of =
        |axis: WindowAxis| [axis.input, axis.output, axis.kernel, axis.stride, axis.padding, axis.dilation];
    of(rows).into_iter().zip(of(columns)).flat_map(|(rows, columns)| [rows, columns])
}
