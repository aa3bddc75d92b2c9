//! A `bench` of your own: the suite's models and yours, scored on identical splits.
//!
//! ```text
//! cargo run --release -p genre-bench-example --example bench -- all --models nearest-centroid,svm
//! ```

use genre_bench_example::NearestCentroid;
use std::process::ExitCode;

fn main() -> ExitCode {
    genre_bench::Bench::new().with_all(genre_bench_classical::models()).with(NearestCentroid).main()
}
