//! Seconds for the windows of ten clips of 30 s, or for a hundred images, of every encoder in a folder:
//!
//! ```text
//! GENRE_BENCH_ENCODERS=FOLDER cargo bench -p genre-bench-onnx
//! ```
//!
//! `benches/encoders.py` runs this and ONNX Runtime on the same files in turn.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program for developers")]

use genre_bench_api::{EncoderInput, Params, Silent};
use genre_bench_onnx::open;
use ndarray::{Array, IxDyn};
use std::time::Instant;

/// Seconds of a clip, and clips; images.
const SECONDS: usize = 30;
const CLIPS: usize = 10;
const IMAGES: usize = 100;
const TIMES: usize = 3;

fn main() {
    let Some(folder) = std::env::var_os("GENRE_BENCH_ENCODERS") else {
        println!("set GENRE_BENCH_ENCODERS to a folder of encoders; scripts/encoders make them");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "onnx"));
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let encoder = open(&name, &file).unwrap();
        let windows_of = |all: usize, length: usize, hop: usize| CLIPS * (1 + (all - length) / hop);
        let shape = match encoder.card().input {
            EncoderInput::Samples { rate, windows } => {
                let length = windows.length.unwrap();
                vec![windows_of(SECONDS * rate as usize, length, windows.hop.unwrap_or(length)), length]
            }
            EncoderInput::Mel { mel, windows } => {
                let length = windows.length.unwrap();
                let frames = 1 + SECONDS * mel.rate as usize / mel.hop;
                vec![windows_of(frames, length, windows.hop.unwrap_or(length)), mel.bands, length]
            }
            EncoderInput::Picture(picture) => vec![IMAGES, 3, picture.height, picture.width],
        };
        let mut state = 1u32;
        let windows = Array::from_shape_simple_fn(IxDyn(&shape), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        });
        let start = Instant::now();
        let loaded = encoder.load(&Params::default()).unwrap();
        let one = windows.index_axis(ndarray::Axis(0), 0).insert_axis(ndarray::Axis(0)).to_owned();
        loaded.embed(&one, &Silent).unwrap();
        let first = start.elapsed().as_secs_f64();
        let time = || {
            let start = Instant::now();
            loaded.embed(&windows, &Silent).unwrap();
            start.elapsed().as_secs_f64()
        };
        let best = (0..TIMES).map(|_| time()).fold(f64::INFINITY, f64::min);
        println!("{name} {} windows {best:.3} s, loaded in {first:.3} s", shape[0]);
    }
}
