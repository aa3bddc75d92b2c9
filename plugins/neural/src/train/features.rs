use super::Samples;
use super::evaluate::outputs;
use crate::failure::failed;
use crate::layers::Layers;
use candle_core::{DType, Device};
use genre_bench_api::Result;

/// Numbers that are kept, at most: a gigabyte.
const MOST: usize = 1 << 28;

/// What layers that training does not change make of the examples of both parts, as samples for the layers behind them; none
/// where it would be too much to keep. `valid` may be empty. `tell` is told how many examples of both are done.
///
/// # Errors
///
/// Samples of a shape that the layers do not take, a device that fails, or what `check` says.
pub(crate) fn fixed_features(
    layers: Layers,
    (train, valid): (&Samples, &Samples),
    place: (&Device, DType),
    check: impl Fn() -> Result<()> + Sync,
    tell: impl Fn(usize),
) -> Result<Option<(Samples, Samples)>> {
    let mut done = 0;
    let mut features = |samples: &Samples| -> Result<Option<Samples>> {
        let (mut values, mut shape, mut fits) = (Vec::new(), Vec::new(), true);
        outputs(&layers, samples, place, &check, |made| {
            done += made.dim(0)?;
            tell(done);
            shape = made.dims()[1..].to_vec();
            fits = samples.len().saturating_mul(shape.iter().product()) <= MOST;
            if fits {
                values.extend(made.flatten_all()?.to_vec1::<f32>()?);
            }
            Ok(fits)
        })?;
        fits.then(|| Samples::new(values, samples.len(), &shape).map_err(failed)).transpose()
    };
    let Some(train) = features(train)? else { return Ok(None) };
    match valid.is_empty() {
        true => Ok(Some((train, valid.clone()))),
        false => Ok(features(valid)?.map(|valid| (train, valid))),
    }
}
