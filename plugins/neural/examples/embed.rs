//! Seconds that encoders take for pictures, which are compared with PyTorch's (benches/torch_networks.py --embed).
//!
//! Usage: `cargo run --release -p genre-bench-neural --example embed -- NAME WEIGHTS [COUNT [PICTURES.npy]]`
//!
//! Embeds random pictures, or those of an array `(count, 3, rows, columns)` from 0 to 1, in batches of 32, and prints the
//! seconds for `COUNT` of them and the first numbers of the first one's embedding. Threads are as many as
//! `RAYON_NUM_THREADS` says.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use genre_bench_api::{EncoderInput, Error, Result, Silent, random_stream};
use genre_bench_neural::encoders;
use genre_bench_neural::weights::read;
use ndarray::{Array4, ArrayD};
use rand::Rng;
use std::path::Path;
use std::time::Instant;

const BATCH: usize = 32;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, weights, rest @ ..] = &arguments[..] else {
        return Err(Error::failed("embed NAME WEIGHTS [COUNT [PICTURES.npy]]"));
    };
    let encoder = encoders().into_iter().find(|encoder| encoder.card().name == *name);
    let encoder = encoder.ok_or_else(|| Error::failed(format!("{name} is no encoder")))?;
    let card = encoder.card();
    let EncoderInput::Picture(picture) = &card.input else { return Err(Error::failed("reads no pictures")) };
    let params = card.resolve([("weights", weights.as_str())])?;
    let loaded = encoder.load(&params)?;
    let count = rest.first().map_or(Ok(1000), |count| count.parse()).map_err(Error::failed)?;
    let pictures: ArrayD<f32> = match rest.get(1) {
        Some(path) => {
            let file = read(Path::new(path))?;
            file.arrays.into_values().next().ok_or_else(|| Error::failed("no array"))?
        }
        None => {
            let mut rng = random_stream(0, "pictures");
            Array4::from_shape_fn((BATCH, 3, picture.height, picture.width), |_| rng.r#gen()).into_dyn()
        }
    };
    // The first is not counted: it brings the weights into order.
    let first = loaded.embed(&pictures, &Silent)?;
    let start = Instant::now();
    let mut done = 0;
    while done < count {
        loaded.embed(&pictures, &Silent)?;
        done += pictures.shape()[0];
    }
    let seconds = start.elapsed().as_secs_f64() * count as f64 / done.max(1) as f64;
    let numbers: Vec<String> = first.row(0).iter().take(6).map(|number| format!("{number:.5}")).collect();
    println!(
        "{name} {count} pictures {seconds:8.3} s, {} numbers each: {}",
        first.ncols(),
        numbers.join(" ")
    );
    Ok(())
}
