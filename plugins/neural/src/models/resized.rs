//! Networks made for photographs, on spectrograms that are resized to theirs or left as they are.

use crate::layers::{Resize, Sequential};
use candle_core::{Error, Result};
use genre_bench_api::{Param, Params};

/// The hyper-parameter `size`.
pub(super) fn param() -> Param {
    param_of(224)
}

/// The same, of networks whose photographs had another size.
pub(super) fn param_of(size: i64) -> Param {
    let help = "rows and columns that spectrograms are resized to; 0 leaves them as they are";
    Param::int("size", size, help).between(0.0, 1024.0)
}

/// A network that begins with the resizing, and the rows and columns after it.
pub(super) fn start(spectrogram: (usize, usize), params: &Params) -> Result<(Sequential, (usize, usize))> {
    let network = Sequential::new();
    Ok(match params.count("size").map_err(Error::wrap)? {
        0 => (network, spectrogram),
        size => (network.then(Resize::new((size, size))), (size, size)),
    })
}
