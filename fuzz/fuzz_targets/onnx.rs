//! An encoder's ONNX file. Only with `--features encoders`, because tract takes minutes to build.
//!
//! A panic of tract is an error to the program, so only what it cannot catch counts here: memory, stacks, time.
#![no_main]

use genre_bench_onnx::{Limits, embed_zeros};
use libfuzzer_sys::fuzz_target;
use std::sync::Once;

/// For the tiny graph of the tests, which is the seed.
const SETTINGS: &str = include_str!("../../plugins/onnx/tests/fixtures/tiny.toml");

/// libFuzzer ends the program on every panic, also on those that are caught.
fn catching() {
    static DONE: Once = Once::new();
    DONE.call_once(|| std::panic::set_hook(Box::new(|_| ())));
}

fuzz_target!(|data: &[u8]| {
    catching();
    let limits = Limits {
        messages: 10_000,
        numbers: 1 << 16,
        tensor: 1 << 18,
        tensors: 1 << 20,
        multiplications: 1 << 26,
        ..Limits::default()
    };
    match embed_zeros(SETTINGS, data.to_vec(), &limits) {
        Ok(embedding) => assert!(!embedding.is_empty() && embedding.iter().all(|number| number.is_finite())),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
