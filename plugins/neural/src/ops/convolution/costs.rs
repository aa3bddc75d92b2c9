//! What each way of a convolution takes, for the layers of the suite's networks: what the counts of products go by. They are fitted
//! to the sums of the three passes, on an AMD EPYC with two threads, where a product took 0.022 ns (0.026 when strided
//! layers were added).
//!
//! `cargo test --release -p genre-bench-neural --lib what_each_way_takes -- --ignored --nocapture`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is there to print")]

use super::cases::Case;
use super::direct::Direct;
use super::indirect::Indirect;
use super::winograd::Winograd;
use crate::geometry::Window;
use std::time::Instant;

/// Kernel, stride, batch, channels, filters, rows and columns.
const LAYERS: [(usize, usize, usize, usize, usize, usize, usize); 35] = [
    (3, 1, 16, 256, 256, 8, 9),
    (3, 2, 16, 256, 512, 8, 9),
    (3, 1, 16, 512, 512, 4, 5),
    (7, 2, 16, 3, 64, 224, 224),
    (3, 2, 16, 64, 128, 56, 56),
    (3, 2, 16, 128, 256, 28, 28),
    (3, 2, 16, 256, 512, 14, 14),
    (1, 2, 16, 64, 128, 56, 56),
    (1, 2, 16, 128, 256, 28, 28),
    (1, 2, 16, 256, 512, 14, 14),
    (3, 1, 16, 512, 512, 7, 7),
    (3, 1, 16, 64, 64, 56, 56),
    (1, 1, 16, 128, 64, 28, 28),
    (3, 1, 32, 1, 8, 48, 48),
    (3, 1, 32, 8, 16, 24, 24),
    (3, 1, 32, 16, 32, 12, 12),
    (3, 1, 32, 32, 64, 6, 6),
    (3, 1, 32, 64, 128, 3, 3),
    (3, 1, 16, 1, 64, 128, 130),
    (3, 1, 16, 64, 128, 64, 65),
    (3, 1, 16, 128, 128, 16, 32),
    (3, 1, 16, 128, 128, 4, 16),
    (3, 1, 32, 1, 16, 128, 130),
    (3, 1, 32, 16, 32, 64, 65),
    (3, 1, 32, 32, 64, 32, 32),
    (3, 1, 32, 64, 128, 16, 16),
    (3, 1, 32, 128, 128, 4, 4),
    (3, 1, 16, 16, 32, 32, 65),
    (3, 1, 16, 32, 32, 8, 32),
    (3, 1, 8, 256, 256, 14, 14),
    (3, 1, 16, 512, 512, 4, 4),
    (5, 1, 16, 16, 32, 28, 28),
    (7, 1, 8, 1, 64, 128, 130),
    (7, 1, 8, 64, 128, 58, 59),
    (7, 1, 8, 128, 256, 26, 26),
];

/// Seconds of the fastest of some runs.
fn least(mut run: impl FnMut() -> Vec<f32>) -> f64 {
    let once = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64()
    };
    (0..5).map(once).fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "takes a while, and says something on a quiet machine only"]
fn what_each_way_takes() {
    println!(
        "ns a hundred products of the definition: output, gradient of the input, of the weights (their count); - is not such a one"
    );
    for (kernel, stride, batch, channels, filters, rows, columns) in LAYERS {
        let window = Window::new((kernel, kernel)).stride((stride, stride)).same();
        let case = Case::new(window, batch, channels, filters, (rows, columns));
        let (sizes, bias) = (&case.sizes, Some(&case.bias[..]));
        let products = sizes.unfolding.pixels() * sizes.unfolding.taps() * filters;
        let all = (products * batch) as f64;
        let shown = |seconds: [f64; 3], cost: usize| {
            let [a, b, c] = seconds.map(|seconds| seconds / all * 1e11);
            format!("{a:5.1} {b:5.1} {c:5.1} ({:4.2})", cost as f64 / products as f64)
        };
        let unfolded = [
            least(|| sizes.forward(&case.input, &case.weight, bias)),
            least(|| sizes.input_gradient(&case.weight, &case.gradient)),
            least(|| sizes.weight_gradient(&case.input, &case.gradient)),
        ];
        let direct = Direct::of(sizes).map(|way| {
            let seconds = [
                least(|| way.forward(&case.input, &case.weight, bias)),
                least(|| way.input_gradient(&case.weight, &case.gradient)),
                least(|| way.weight_gradient(&case.input, &case.gradient)),
            ];
            shown(seconds, way.cost())
        });
        let way = Indirect(*sizes);
        let indirect = [
            least(|| way.forward(&case.input, &case.weight, bias)),
            least(|| way.input_gradient(&case.weight, &case.gradient)),
            least(|| way.weight_gradient(&case.input, &case.gradient)),
        ];
        let winograd = Winograd::of(sizes).map(|way| {
            let seconds = [
                least(|| way.forward(&case.input, &case.weight, bias)),
                least(|| way.input_gradient(&case.weight, &case.gradient)),
                least(|| way.weight_gradient(&case.input, &case.gradient)),
            ];
            shown(seconds, way.cost())
        });
        println!(
            "{kernel}x{kernel}/{stride} {channels:3} > {filters:3}, {rows:3}x{columns:3}: unfolded {}  indirect {}  direct {}  Winograd {}",
            shown(unfolded, sizes.unfolded_cost()),
            shown(indirect, way.cost()),
            direct.unwrap_or("-".into()),
            winograd.unwrap_or("-".into())
        );
    }
}
