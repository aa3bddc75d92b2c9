use super::{Architecture, NetworkShape};
use crate::failure::failed;
use crate::layers::{Builder, Context, Layer};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::{Cost, Params, Result};

/// What a network takes: counted, not computed, so at once even for large ones.
///
/// # Errors
///
/// Examples of a shape that it does not take.
pub fn cost(architecture: &dyn Architecture, shape: &NetworkShape, params: &Params) -> Result<Cost> {
    counted(architecture, shape, params).map(|(cost, _)| cost)
}

/// Roughly the bytes of main memory that a fit on the CPU takes, within a factor of three.
///
/// # Errors
///
/// As [`cost`].
pub(super) fn memory(
    architecture: &dyn Architecture,
    shape: &NetworkShape,
    params: &Params,
    rows: usize,
) -> Result<u64> {
    let (cost, outputs) = counted(architecture, shape, params)?;
    let example = (shape.pixels() + shape.columns) as u64;
    let batch = params.count("batch")?.min(rows) as u64;
    // Weights with their gradients, the optimizer's two means, and those kept as the best; what a layer gives, what
    // normalization, activation and dropout make of it, and the gradients; batches that are made ready; the table.
    let weights = 5 * cost.parameters;
    let activations = 6 * batch * outputs;
    let examples = 5 * batch * example + (rows * shape.columns) as u64;
    Ok(size_of::<f32>() as u64 * (weights + activations + examples) + OVERHEAD)
}

/// Bytes that buffers of operations take whatever the network.
const OVERHEAD: u64 = 32 << 20;

/// What a network takes, and how many numbers its layers give of one example.
fn counted(architecture: &dyn Architecture, shape: &NetworkShape, params: &Params) -> Result<(Cost, u64)> {
    let count = || -> candle_core::Result<(Cost, u64)> {
        let builder = Builder::blank().following(architecture.framework());
        let network = architecture.layers(&builder, shape, params)?;
        let (rows, columns) = shape.spectrogram;
        let example = match (shape.pixels(), shape.columns) {
            (pixels, 0) if pixels > 0 => vec![1, shape.channels, rows, columns],
            (pixels, features) => vec![1, pixels + features],
        };
        let context = Context::counting();
        network.forward(&Tensor::zeros(example, DType::F32, &Device::Cpu)?, &context)?;
        let parameters = builder.finish().parameters() as u64;
        Ok((Cost { parameters, macs: context.macs() }, context.outputs()))
    };
    count().map_err(failed)
}
