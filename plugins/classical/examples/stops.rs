//! How long each model takes to be fitted and to score, and how long at most it does not ask whether to stop.
//!
//! `cargo run --release -p genre-bench-classical --example stops -- ROWS COLUMNS CLASSES [MODEL …]`
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example")]

use genre_bench_api::{BLOCK, Examples, Inputs, Observer, Run, random_stream};
use genre_bench_classical::models;
use ndarray::Array2;
use rand::Rng;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// When it was asked last, and the longest time between two questions.
struct Gaps(Mutex<(Instant, Duration)>);

impl Gaps {
    fn new() -> Self {
        Self(Mutex::new((Instant::now(), Duration::ZERO)))
    }

    fn longest(&self) -> f64 {
        self.cancelled();
        self.0.lock().unwrap().1.as_secs_f64()
    }
}

impl Observer for Gaps {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}

    fn cancelled(&self) -> bool {
        let mut gaps = self.0.lock().unwrap();
        *gaps = (Instant::now(), gaps.1.max(gaps.0.elapsed()));
        false
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [rows, columns, classes] =
        [0, 1, 2].map(|at| words.get(at).expect("ROWS COLUMNS CLASSES").parse().unwrap());
    let mut rng = random_stream(0, "stops");
    let table = Array2::from_shape_fn((rows, columns), |(row, column)| {
        let of_class = if column % classes == row % classes { 1.0 } else { 0.0 };
        rng.gen_range(-1.0_f32..1.0) + of_class
    });
    let names = (0..columns).map(|column| column.to_string()).collect();
    let train = Examples {
        inputs: Inputs { table, columns: names, ..Inputs::default() },
        labels: (0..rows).map(|row| row % classes).collect(),
        tracks: (0..rows).collect(),
        groups: (0..rows).collect(),
        classes: (0..classes).map(|class| class.to_string()).collect(),
    };
    println!("{:14} {:>9} {:>9} {:>12} {:>12}", "model", "fit s", "gap s", "score us/row", "block gap s");
    for model in models() {
        let card = model.card();
        if !words[3..].is_empty() && !words[3..].contains(&card.name) {
            continue;
        }
        let (gaps, threads) = (Gaps::new(), rayon::current_num_threads());
        let run = Run { observer: &gaps, threads, ..Run::with(card.resolve([]).unwrap(), 0) };
        let started = Instant::now();
        let fitted = match model.fit(&train, &Examples::default(), &run) {
            Ok(fitted) => fitted,
            Err(error) => {
                println!("{:14} {error}", card.name);
                continue;
            }
        };
        let (seconds, gap) = (started.elapsed().as_secs_f64(), gaps.longest());
        let gaps = Gaps::new();
        let block = train.inputs.select(&(0..rows.min(BLOCK * threads)).collect::<Vec<_>>());
        let started = Instant::now();
        fitted.scores_unless_cancelled(&block, &gaps).unwrap();
        let each = started.elapsed().as_secs_f64() / block.len() as f64;
        println!("{:14} {seconds:9.3} {gap:9.3} {:12.1} {:12.3}", card.name, 1e6 * each, gaps.longest());
    }
}
