//! A `bench` whose models misbehave, for the tests in `tests/survival.rs`, with the encoders of `tests/encoders.rs`.

#[path = "encoders.rs"]
mod encoders;

use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Model, Param, Params, Result, Run, try_zeros,
};
use ndarray::Array2;
use std::process::ExitCode;
use std::time::Duration;

/// Fails in the way it is named after, unless it is told not to.
struct Faulty(&'static str);

impl Model for Faulty {
    fn card(&self) -> Card {
        Card::new(self.0, Family::Other, "misbehaves").param(Param::bool("mended", false, "behave"))
    }

    fn memory(&self, _params: &Params, _shape: &FitShape) -> Option<u64> {
        (self.0 == "hungry").then_some(1 << 50)
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let shape = train.classes.len();
        if !run.params.bool("mended")? {
            match self.0 {
                "fails" => return Err(Error::failed("this model fails on purpose")),
                "deaf" => std::thread::sleep(Duration::from_secs(120)),
                "panics" => panic!("this model panics on purpose"),
                "wrong-shape" => return Ok(Box::new(Constant(shape + 1, 0.0))),
                "greedy" => drop(try_zeros::<f64>((1 << 25, 1 << 25), "a matrix that nobody has room for")?),
                "nan" => return Ok(Box::new(Constant(shape, f32::NAN))),
                _ => {}
            }
        }
        Ok(Box::new(Constant(shape, 0.0)))
    }
}

/// Takes its time, and leaves a mark for each fit in the folder `GENRE_BENCH_MARKS`.
struct Slow;

impl Model for Slow {
    fn card(&self) -> Card {
        Card::new("slow", Family::Other, "takes its time")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        if let Some(folder) = std::env::var_os("GENRE_BENCH_MARKS") {
            let mark = std::path::Path::new(&folder).join(format!("{}-{}", run.seed, std::process::id()));
            std::fs::write(mark, "").map_err(Error::failed)?;
        }
        for step in 0..20 {
            run.check_cancelled()?;
            run.progress(step, 20, "");
            std::thread::sleep(Duration::from_millis(10));
        }
        // A score that depends on the seed, so that a resumed run that mixed seeds up would show.
        Ok(Box::new(Constant(train.classes.len(), (run.seed % 1000) as f32)))
    }
}

/// The same score for everything.
struct Constant(usize, f32);

impl Fitted for Constant {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(Array2::from_elem((inputs.len(), self.0), self.1))
    }
}

fn main() -> ExitCode {
    let faulty = ["fails", "deaf", "panics", "wrong-shape", "nan", "hungry", "greedy"].map(Faulty);
    faulty
        .into_iter()
        .fold(genre_bench::Bench::new(), |bench, model| bench.with(model))
        .with(Slow)
        .with_all(genre_bench_classical::models())
        .with_encoders(encoders::encoders())
        .opening_encoders(encoders::open)
        .opening_models(genre_bench_external::open)
        .main()
}
