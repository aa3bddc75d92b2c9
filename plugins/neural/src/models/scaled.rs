//! Convolutional networks with fewer filters than published, for a look that takes seconds.

use candle_core::{Error, Result};
use genre_bench_api::{Param, Params};

/// The hyper-parameter `width`.
pub(super) fn param() -> Param {
    Param::float("width", 1.0, "share of the published filters of every convolution").between(0.01, 4.0)
}

/// The filters that `width` leaves of each layer, at least one.
pub(super) fn filters<const N: usize>(published: [usize; N], params: &Params) -> Result<[usize; N]> {
    let width = params.float("width").map_err(Error::wrap)?;
    Ok(published.map(|filters| ((filters as f64 * width).round() as usize).max(1)))
}
