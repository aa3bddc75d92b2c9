//! Encoders without any weights, for the tests in `tests/encoders.rs`: quick, and good enough to learn from.

use genre_bench_api::{
    Encoder, EncoderCard, EncoderInput, Error, KnownFile, LoadedEncoder, Observer, Param, Params,
    PictureSettings, Pooling, Result, Windows,
};
use ndarray::{Array2, ArrayD, ArrayView1, Axis};
use std::path::Path;
use std::time::Duration;

/// Windows of a second at this rate.
const RATE: u32 = 8_000;

/// An encoder of samples: loudness, zero crossings and a coarse autocorrelation of every second. It misbehaves as its
/// parameter `fault` says, and leaves a mark for every window in the folder `GENRE_BENCH_MARKS`.
struct Ears {
    name: String,
    content: String,
}

impl Encoder for Ears {
    fn card(&self) -> EncoderCard {
        EncoderCard {
            name: self.name.clone(),
            summary: "loudness, crossings and echoes of every second".to_owned(),
            trained_on: "ten thousand songs".to_owned(),
            content: self.content.clone(),
            input: EncoderInput::Samples {
                rate: RATE,
                windows: Windows { length: Some(RATE as usize), hop: None },
            },
            pooling: Pooling::MeanStd,
            params: vec![
                Param::choice("fault", &["none", "load", "panic", "odd", "one", "slow"], "how it misbehaves"),
                Param::int("lags", 8, "numbers of the autocorrelation").between(1.0, 64.0),
            ],
        }
    }

    fn load(&self, params: &Params) -> Result<Box<dyn LoadedEncoder>> {
        let fault = params.choice("fault")?.to_owned();
        if fault == "load" {
            return Err(Error::failed("its weights are for another ear"));
        }
        Ok(Box::new(LoadedEars { fault, lags: params.count("lags")? }))
    }
}

struct LoadedEars {
    fault: String,
    lags: usize,
}

impl LoadedEncoder for LoadedEars {
    fn embed(&self, windows: &ArrayD<f32>, observer: &dyn Observer) -> Result<Array2<f32>> {
        assert_eq!(windows.shape()[1..], [RATE as usize], "windows as the card says");
        let mut all = Array2::zeros((windows.shape()[0], 2 + self.lags));
        for (window, mut row) in windows.axis_iter(Axis(0)).zip(all.rows_mut()) {
            if observer.cancelled() {
                return Err(Error::Cancelled);
            }
            let samples: Vec<f32> = window.iter().copied().collect();
            mark()?;
            let power = |lag: usize| {
                let pairs = samples.iter().zip(&samples[lag..]);
                pairs.map(|(a, b)| f64::from(a * b)).sum::<f64>() / samples.len() as f64
            };
            let loudness = power(0);
            let crossings = samples.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
            row[0] = loudness as f32;
            row[1] = crossings as f32;
            for lag in 0..self.lags {
                row[2 + lag] = (power(1 << (lag % 12)) / loudness.max(1e-12)) as f32;
            }
            match self.fault.as_str() {
                "panic" => panic!("this encoder panics on purpose"),
                "odd" => row[0] = f32::NAN,
                // Pure tones of 440 Hz are too much for it.
                "one" if (800..=960).contains(&crossings) => return Err(Error::failed("that tone hurts")),
                "slow" => std::thread::sleep(Duration::from_millis(40)),
                _ => {}
            }
        }
        Ok(all)
    }
}

/// Leaves a mark that says how many windows were embedded.
fn mark() -> Result<()> {
    let Some(folder) = std::env::var_os("GENRE_BENCH_MARKS") else { return Ok(()) };
    let file = tempfile::Builder::new().prefix("window-").tempfile_in(folder).map_err(Error::failed)?;
    file.keep().map(drop).map_err(Error::failed)
}

/// An encoder of pictures: the mean of every channel in 8 × 8 fields. It has weights that are nowhere, and does the same
/// without.
struct Eyes;

impl Encoder for Eyes {
    fn card(&self) -> EncoderCard {
        let known = KnownFile {
            word: "sights".to_owned(),
            file: "eyes.bin".to_owned(),
            architecture: "Eyes".to_owned(),
            trained_on: "sights".to_owned(),
            project: "no project".to_owned(),
            licence: "none".to_owned(),
            sha256: String::new(),
        };
        EncoderCard {
            name: "eyes".to_owned(),
            summary: "colours of 64 fields".to_owned(),
            trained_on: "sights".to_owned(),
            content: "eyes".to_owned(),
            input: EncoderInput::Picture(PictureSettings {
                height: 32,
                width: 32,
                mean: [0.5; 3],
                std: [0.5; 3],
            }),
            pooling: Pooling::Mean,
            params: vec![Param::file("weights", vec![known], "its weights").by_default("sights")],
        }
    }

    fn load(&self, _params: &Params) -> Result<Box<dyn LoadedEncoder>> {
        Ok(Box::new(Eyes))
    }
}

impl LoadedEncoder for Eyes {
    fn embed(&self, windows: &ArrayD<f32>, _observer: &dyn Observer) -> Result<Array2<f32>> {
        assert_eq!(windows.shape()[1..], [3, 32, 32], "pictures as the card says");
        let rows = windows.axis_iter(Axis(0)).map(|picture| {
            let pixels: Vec<f32> = picture.iter().copied().collect();
            let field = |number: usize| {
                let (channel, y, x) = (number / 64, number / 8 % 8, number % 8);
                let of_row = |row: usize| &pixels[channel * 1024 + (4 * y + row) * 32 + 4 * x..][..4];
                (0..4).flat_map(of_row).sum::<f32>() / 16.0
            };
            (0..192).map(field).collect::<Vec<f32>>()
        });
        let rows: Vec<Vec<f32>> = rows.collect();
        let mut all = Array2::zeros((rows.len(), 192));
        all.rows_mut().into_iter().zip(&rows).for_each(|(mut to, row)| to.assign(&ArrayView1::from(row)));
        Ok(all)
    }
}

/// The encoders of these tests.
pub fn encoders() -> Vec<Box<dyn Encoder>> {
    vec![Box::new(Ears { name: "ears".to_owned(), content: "ears".to_owned() }), Box::new(Eyes)]
}

/// Takes a file that begins with `ears` for such an encoder; what else it says decides nothing but its content.
pub fn open(name: &str, path: &Path) -> Result<Box<dyn Encoder>> {
    let content = std::fs::read_to_string(path).map_err(Error::failed)?;
    match content.starts_with("ears") {
        true => Ok(Box::new(Ears { name: name.to_owned(), content })),
        false => Err(Error::failed("is no encoder of this test")),
    }
}
