use genre_bench_api::Error;

/// What candle says went wrong, in a line: with `RUST_BACKTRACE` it adds a page, which is for nobody who reads a
/// leaderboard.
pub(crate) fn failed(error: candle_core::Error) -> Error {
    match error {
        candle_core::Error::WithBacktrace { inner, .. } => failed(*inner),
        error => Error::failed(error),
    }
}
