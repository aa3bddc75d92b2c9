//! The program `bench` with all models of the suite.

use std::process::ExitCode;

fn main() -> ExitCode {
    let bench = genre_bench::Bench::new()
        .with_all(genre_bench_classical::models())
        .with_all(genre_bench_neural::models())
        .with_encoders(genre_bench_neural::encoders())
        .opening_models(genre_bench_external::open)
        .python(genre_bench_external::FIND_PYTHON)
        .cuda_devices(genre_bench_neural::cuda_devices())
        .built_from(genre_bench_commit::commit!());
    #[cfg(feature = "onnx")]
    let bench = bench.opening_encoders(genre_bench_onnx::open);
    bench.main()
}
