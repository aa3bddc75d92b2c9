use super::{Architecture, NetworkShape, Pretrained, build};
use crate::failure::failed;
use crate::layers::{Builder, Context, Layer, Preprocessing};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::{Cost, Params, Result};

/// What a network takes: counted, not computed, so at once even for large ones.
///
/// # Errors
///
/// Examples of a shape that it does not take.
pub fn cost(architecture: &dyn Architecture, shape: &NetworkShape, params: &Params) -> Result<Cost> {
    counted(architecture, shape, params).map(|counted| counted.cost)
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
    let Counted { cost, outputs, given } = counted(architecture, shape, params)?;
    let example = (shape.pixels() + shape.columns) as u64;
    let batch = params.count("batch")?.min(rows) as u64;
    // Weights with their gradients, the optimizer's two means, and those kept as the best; those that are given as they are
    // read and as they are used; what a layer gives, what
    // normalization, activation and dropout make of it, and the gradients; batches that are made ready; the table.
    let weights = 5 * cost.parameters + 4 * given;
    let activations = 6 * batch * outputs;
    let examples = 5 * batch * example + (rows * shape.columns) as u64;
    Ok(size_of::<f32>() as u64 * (weights + activations + examples) + OVERHEAD)
}

/// Bytes that buffers of operations take whatever the network.
const OVERHEAD: u64 = 32 << 20;

/// What was counted of a network.
struct Counted {
    cost: Cost,
    /// Numbers that its layers give of one example.
    outputs: u64,
    /// Numbers that weights of others give it.
    given: u64,
}

fn counted(architecture: &dyn Architecture, shape: &NetworkShape, params: &Params) -> Result<Counted> {
    let is_given = architecture.pretrained().is_some() && Pretrained::is_asked(params)?;
    let count = || -> candle_core::Result<Counted> {
        let builder = Builder::blank();
        let network = build(architecture, &builder, shape, params, architecture.framework())?;
        let (rows, columns) = shape.spectrogram;
        let example = match (shape.pixels(), shape.columns) {
            (pixels, 0) if pixels > 0 => vec![1, shape.channels, rows, columns],
            (pixels, features) => vec![1, pixels + features],
        };
        let context = Context::counting();
        let network = network.behind(Preprocessing::default());
        network.forward(&Tensor::zeros(example, DType::F32, &Device::Cpu)?, &context)?;
        let weights = builder.finish();
        let parameters = weights.parameters() as u64;
        let all = parameters + weights.buffers.values().map(|var| var.elem_count() as u64).sum::<u64>();
        let cost = Cost { parameters, macs: context.macs() };
        Ok(Counted { cost, outputs: context.outputs(), given: if is_given { all } else { 0 } })
    };
    count().map_err(failed)
}
