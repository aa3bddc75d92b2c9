use super::memory::fresh;
use super::{Kernel, upload};
use crate::geometry::AxisMap;
use candle_core::{Device, Result, Tensor};

/// An [`AxisMap`] on a device: the first input of every output, where its weights start (and the last one's end),
/// and all weights.
pub(crate) struct AxisTables {
    first: Tensor,
    start: Tensor,
    weights: Tensor,
    inputs: usize,
}

impl AxisTables {
    pub fn new(map: &AxisMap, device: &Device) -> Result<Self> {
        let first: Vec<u32> = map.outputs.iter().map(|(first, _)| *first as u32).collect();
        let mut start = vec![0];
        let mut weights = Vec::new();
        for (_, of_output) in &map.outputs {
            weights.extend(of_output);
            start.push(weights.len() as u32);
        }
        // Never empty: the device may refuse to keep nothing.
        weights.push(0.0);
        let (outputs, count) = (first.len(), weights.len());
        Ok(Self {
            first: Tensor::from_vec(first, outputs, device)?,
            start: Tensor::from_vec(start, outputs + 1, device)?,
            weights: upload(weights, count, device)?,
            inputs: map.inputs,
        })
    }
}

/// A linear map of the planes of `(batch, channels, rows, columns)` along both axes.
pub(crate) fn separable(input: &Tensor, rows: &AxisTables, columns: &AxisTables) -> Result<Tensor> {
    let (batch, channels, _, _) = input.dims4()?;
    let (output_rows, output_columns) = (rows.first.elem_count(), columns.first.elem_count());
    let output = fresh((batch, channels, output_rows, output_columns), input.dtype(), input.device())?;
    Kernel::new("separable")
        .read(input)
        .write(&output)
        .read(&rows.first)
        .read(&rows.start)
        .read(&rows.weights)
        .read(&columns.first)
        .read(&columns.start)
        .read(&columns.weights)
        .sizes([rows.inputs, columns.inputs, output_rows, output_columns])
        .each(output.elem_count())?;
    Ok(output)
}
