//! Seconds per stage of feature extraction, and the multiple of real time, on one thread.
//!
//! ```text
//! cargo bench --bench features                      a synthetic track of 30 s
//! cargo bench --bench features -- DIR [SECONDS]     the recordings under DIR, cut into SECONDS (30)
//! ```

use genre_bench::audio::{self, Cut, RATE};
use genre_bench::features::table::{Convention, Extractor};
use genre_bench::recordings::recordings;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo passes `--bench`; what is left is for us.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let seconds = arguments.get(1).map_or(Ok(30.0), |text| text.parse())?;
    let cut = Cut::new(seconds, None)?;
    let mut extractor = Extractor::new(Convention::default())?;
    let (mut reading, mut rows, mut samples) = (Duration::ZERO, 0, 0);
    let mut extract = |track: &[f32]| -> Result<(), Box<dyn std::error::Error>> {
        samples += track.len();
        for (_, range) in cut.ranges(track.len())? {
            std::hint::black_box(extractor.extract(&track[range]));
            rows += 1;
        }
        Ok(())
    };
    match arguments.first() {
        Some(folder) => {
            for path in files(folder.as_ref())? {
                let start = Instant::now();
                let recording = audio::read(&path);
                reading += start.elapsed();
                match recording {
                    Ok(recording) => extract(&recording.samples)?,
                    Err(error) => eprintln!("{error}"),
                }
            }
        }
        None => (0..10).try_for_each(|seed| extract(&synthetic(seed)))?,
    }
    let total = (reading + extractor.spent().map(|(_, spent)| spent).sum::<Duration>()).as_secs_f64();
    let audio = samples as f64 / f64::from(RATE);
    println!("{rows} rows from {audio:.0} s of audio in {total:.2} s: {:.0} times real time", audio / total);
    let reading = std::iter::once(("Reading".to_owned(), reading));
    for (stage, spent) in reading.chain(extractor.spent().map(|(stage, spent)| (format!("{stage:?}"), spent)))
    {
        let spent = spent.as_secs_f64();
        println!("{stage:>12} {spent:8.3} s {:5.1} %", 100.0 * spent / total);
    }
    Ok(())
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    Ok(recordings(folder)?.into_iter().map(|(path, _)| path).collect())
}

/// Thirty seconds of a chord that beats, with noise.
fn synthetic(seed: u32) -> Vec<f32> {
    let mut state = seed;
    let sample = |i: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let t = i as f32 / RATE as f32;
        let beat = 1.0 - (2.0 * t).fract();
        let chord: f32 = [220.0, 277.2, 329.6].iter().map(|hz| (std::f32::consts::TAU * hz * t).sin()).sum();
        0.2 * beat * chord + 0.1 * beat * beat * noise
    };
    (0..30 * RATE).map(sample).collect()
}
