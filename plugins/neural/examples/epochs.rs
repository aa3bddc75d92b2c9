//! Seconds that an epoch of every network takes on the CPU, for a thousand examples of 3 s with its default
//! parameters: what `bench list` shows, from `data/epoch_seconds.csv`.
//!
//! Usage: `cargo run --release -p genre-bench-neural --example epochs -- [NAME ...] > data/epoch_seconds.csv`
//!
//! Measured on 64 random examples, one epoch after one to warm up. Threads are as many as `RAYON_NUM_THREADS` says.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use genre_bench_api::{
    Examples, Inputs, Model, Recycling, Result, Run, Spectrograms, Spectrum, random_stream,
};
use ndarray::{Array2, Array3, Array4};
use rand::Rng;

/// As in `bench`.
#[global_allocator]
static ALLOCATOR: Recycling = Recycling::new();

/// Samples of 3 s, and columns of the table.
const SAMPLES: usize = 66_150;
const COLUMNS: usize = 57;
const EXAMPLES: usize = 64;
const CLASSES: usize = 10;

fn examples(model: &dyn Model) -> Result<Examples> {
    let card = model.card();
    let mut rng = random_stream(0, "examples");
    let spectrograms = match card.reads.spectrograms() {
        None => Spectrograms::default(),
        Some(kind) => match kind.spectrum {
            Spectrum::MelPicture { margins } => {
                let (rows, columns) = if margins { (288, 432) } else { (217, 335) };
                let levels = |_| rng.r#gen::<u8>();
                Spectrograms::colour(Array4::from_shape_fn(
                    (EXAMPLES, kind.channels(), rows, columns),
                    levels,
                ))
            }
            _ => {
                let shape = (EXAMPLES, kind.rows, SAMPLES / kind.hop + 1);
                Spectrograms::new(Array3::from_shape_fn(shape, |_| rng.r#gen::<f32>()))
            }
        },
    };
    let table = Array2::from_shape_fn((EXAMPLES, COLUMNS - card.leaves_out.len()), |_| rng.r#gen::<f32>());
    Ok(Examples {
        inputs: Inputs { table, spectrograms, ..Inputs::default() },
        labels: (0..EXAMPLES).map(|example| example % CLASSES).collect(),
        tracks: (0..EXAMPLES).collect(),
        groups: (0..EXAMPLES).collect(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
    })
}

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    println!("model,seconds");
    for model in genre_bench_neural::models() {
        let card = model.card();
        if named.is_empty() || named.contains(&card.name) {
            let examples = examples(model.as_ref())?;
            let changes = [("epochs", "2"), ("weights", "none")].into_iter();
            let known = changes.filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
            let run = Run::with(card.resolve(known)?, 0);
            // A validation part of one, so that none of the others is set aside.
            let fitted = model.fit(&examples, &examples.select(&[0]), &run)?;
            let seconds = fitted.insights().history.last().map_or(0.0, |epoch| epoch.seconds);
            println!("{},{:.2}", card.name, seconds * 1000.0 / EXAMPLES as f64);
        }
    }
    Ok(())
}
