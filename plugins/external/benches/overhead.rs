//! What a fit in another process costs beside the fit: `cargo bench -p genre-bench-external`.
//!
//! A model in Python that learns nothing is fitted, asked for scores and let go, with few examples and with many. Beside it
//! Python starts and imports numpy and pyarrow, which nobody can save.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a measurement")]

use genre_bench_api::{Examples, Inputs, Model, Run, Spectrograms};
use ndarray::{Array2, Array3};
use std::process::Command;
use std::time::Instant;

const MODEL: &str = "\
import numpy
class Nothing:
    READS
    def fit(self, x, y, run):
        self.classes = len(run.classes)
    def predict_proba(self, x):
        rows = len(x[0]) if isinstance(x, tuple) else len(x)
        return numpy.zeros((rows, self.classes), dtype=numpy.float32)
";

fn examples(rows: usize, columns: usize, picture: (usize, usize)) -> Examples {
    Examples {
        inputs: Inputs {
            table: Array2::from_shape_fn((rows, columns), |(row, column)| (row * 7 + column) as f32),
            columns: (0..columns).map(|column| format!("c{column}")).collect(),
            spectrograms: Spectrograms::new(Array3::zeros((rows, picture.0, picture.1))),
        },
        labels: (0..rows).map(|row| row % 10).collect(),
        tracks: (0..rows).collect(),
        groups: (0..rows).collect(),
        classes: (0..10).map(|class| class.to_string()).collect(),
    }
}

/// Seconds of a fit and of the scores of some of its examples, and of both with the end of the process.
fn cell(model: &dyn Model, examples: &Examples) -> (f64, f64) {
    let run = Run::with(model.card().resolve([]).unwrap(), 0);
    let asked = examples.inputs.select(&(0..examples.len().min(50)).collect::<Vec<_>>());
    let start = Instant::now();
    let fitted = model.fit(examples, &Examples::default(), &run).unwrap();
    let fit = start.elapsed().as_secs_f64();
    fitted.scores(&asked).unwrap();
    drop(fitted);
    (fit, start.elapsed().as_secs_f64())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() {
    let python = std::env::var(genre_bench_external::PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, reads: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, MODEL.replace("READS", reads)).unwrap();
        genre_bench_external::open(&format!("python:{}", path.display())).unwrap().unwrap()
    };
    let (on_table, on_pictures) = (open("t.py", "pass"), open("p.py", "reads = 'mel-128'"));
    let import = || {
        let start = Instant::now();
        Command::new(&python).args(["-c", "import numpy, pyarrow.ipc"]).status().unwrap();
        start.elapsed().as_secs_f64()
    };
    // Taken in turn, so that what else the machine does counts for both.
    let (few, mut alone, mut cells) = (examples(100, 57, (0, 0)), Vec::new(), Vec::new());
    for _ in 0..15 {
        alone.push(import());
        cells.push(cell(&*on_table, &few).1);
    }
    let (alone, few) = (1000.0 * median(alone), 1000.0 * median(cells));
    println!("Python with numpy and pyarrow, nothing else:  {alone:6.0} ms");
    println!("a cell of 100 examples:                       {few:6.0} ms, {:.0} ms more", few - alone);
    for (what, model, rows, columns, picture) in [
        ("a table of 57 columns", &on_table, 1_000_000, 57, (0, 0)),
        ("a table of 2048 columns", &on_table, 50_000, 2048, (0, 0)),
        ("spectrograms of 128 x 130", &on_pictures, 6_000, 0, (128, 130)),
    ] {
        let examples = examples(rows, columns, picture);
        let gigabytes = (rows * (columns + picture.0 * picture.1) * 4) as f64 / 1e9;
        let seconds = median((0..3).map(|_| cell(&**model, &examples).0).collect()) - few / 1000.0;
        println!("{what}: {gigabytes:.2} GB in {seconds:.2} s: {:.2} GB/s", gigabytes / seconds);
    }
}
