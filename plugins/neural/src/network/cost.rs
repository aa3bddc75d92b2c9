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
    let count = || -> candle_core::Result<Cost> {
        let builder = Builder::blank().following(architecture.framework());
        let network = architecture.layers(&builder, shape, params)?;
        let (rows, columns) = shape.spectrogram;
        let example = match (rows * columns, shape.columns) {
            (pixels, 0) if pixels > 0 => vec![1, 1, rows, columns],
            (pixels, features) => vec![1, pixels + features],
        };
        let context = Context::counting();
        network.forward(&Tensor::zeros(example, DType::F32, &Device::Cpu)?, &context)?;
        let parameters = builder.finish().parameters() as u64;
        Ok(Cost { parameters, macs: context.macs() })
    };
    count().map_err(failed)
}
