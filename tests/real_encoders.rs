//! Real encoders on real clips, against the programs that they come from; see `tests/fixtures/encoders/make_encoders.py`.
//!
//! The files are made by `scripts/encoders` and looked for in the folder `$GENRE_BENCH_ENCODERS`, the clips beside the
//! checkout or in `$GENRE_BENCH_GTZAN`.
#![cfg(feature = "onnx")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench::audio::resample::Resampler;
use genre_bench::audio::{self, RATE};
use genre_bench::features::windows::WindowExtractor;
use genre_bench_api::{EncoderInput, LoadedEncoder, Params, PictureSettings, Silent};
use genre_bench_onnx::open;
use ndarray::{Array, ArrayD, Axis, IxDyn};
use serde_json::{Map, Value};
use std::io::Write;
use std::path::{Path, PathBuf};
use zune_png::PngDecoder;
use zune_png::zune_core::bytestream::ZCursor;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Not eprintln!, which the test harness keeps to itself when a test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn gtzan() -> Option<PathBuf> {
    let folder = std::env::var_os("GENRE_BENCH_GTZAN").map_or(root().join("../shared/gtzan"), PathBuf::from);
    folder.join("genres_original").is_dir().then_some(folder)
}

/// The file of an encoder, and what its own program makes of clips; none if something is not there.
fn encoder(name: &str) -> Option<(PathBuf, PathBuf, Map<String, Value>)> {
    let file = std::env::var_os("GENRE_BENCH_ENCODERS")
        .map(|folder| PathBuf::from(folder).join(format!("{name}.onnx")));
    let (Some(gtzan), Some(file)) = (gtzan(), file.filter(|file| file.exists())) else {
        say(&format!(
            "SKIPPED: {name} needs the real data ($GENRE_BENCH_GTZAN) and {name}.onnx in the folder $GENRE_BENCH_ENCODERS; \
             scripts/encoders make it"
        ));
        return None;
    };
    let fixture = std::fs::read(root().join("tests/fixtures/encoders/encoders.json")).unwrap();
    let fixture: Value = serde_json::from_slice(&fixture).unwrap();
    let Some(theirs) = fixture["encoders"][name].as_object() else {
        say(&format!("SKIPPED: tests/fixtures/encoders has nothing of {name}; make_encoders.py makes it"));
        return None;
    };
    Some((gtzan, file, theirs.clone()))
}

/// The largest difference of our embedding, the mean over windows, as a share of the largest number of theirs.
fn difference(loaded: &dyn LoadedEncoder, windows: &ArrayD<f32>, theirs: &Value) -> f64 {
    let theirs: Vec<f64> = theirs.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    let ours = loaded.embed(windows, &Silent).unwrap().mean_axis(Axis(0)).unwrap();
    // Every so-manieth number.
    let every = (1..).find(|every| ours.len().div_ceil(*every) == theirs.len()).unwrap();
    let scale = theirs.iter().fold(0f64, |most, number| most.max(number.abs()));
    let ours = ours.iter().step_by(every);
    ours.zip(&theirs).map(|(ours, theirs)| (f64::from(*ours) - theirs).abs()).fold(0.0, f64::max) / scale
}

/// The whole way from a clip's samples, which are taken to be at the encoder's rate: both programs get the same ones. And,
/// only told, from the file, where each program resamples in its way.
fn sounds_like_the_original(name: &str) {
    let Some((gtzan, file, clips)) = encoder(name) else { return };
    let encoder = open(name, &file).unwrap();
    let extractor = WindowExtractor::new(&encoder.card().input).unwrap();
    let loaded = encoder.load(&Params::default()).unwrap();
    let (mut worst, mut worst_resampled) = (0f64, 0f64);
    for (clip, theirs) in &clips {
        let samples = audio::read(&gtzan.join(clip)).unwrap().samples;
        let mut resampled = Vec::new();
        let mut resampler = Resampler::new(RATE, extractor.rate());
        resampler.push(&samples, &mut resampled);
        resampler.finish(&mut resampled);
        let of =
            |samples: &[f32], theirs| difference(loaded.as_ref(), &extractor.of(samples).unwrap(), theirs);
        worst = worst.max(of(&samples, &theirs["same"]));
        worst_resampled = worst_resampled.max(of(&resampled, &theirs["resampled"]));
    }
    say(&format!(
        "{name}: {worst:.1e} from the same samples, {worst_resampled:.1e} from the file, on {} clips",
        clips.len()
    ));
    assert!(clips.len() == 10 && worst < 1e-3, "{name}: {worst:.1e}");
    assert!(worst_resampled < 0.05, "{name}: {worst_resampled:.1e}");
}

/// An image brought to a size by taking the nearest dot.
fn picture(path: &Path, settings: &PictureSettings) -> ArrayD<f32> {
    let bytes = std::fs::read(path).unwrap();
    let mut decoder = PngDecoder::new(ZCursor::new(&bytes));
    let levels = decoder.decode_raw().unwrap();
    let (columns, rows) = decoder.dimensions().unwrap();
    assert_eq!(levels.len(), rows * columns, "a grey image");
    let PictureSettings { height, width, mean, std } = settings;
    Array::from_shape_fn(IxDyn(&[1, 3, *height, *width]), |at| {
        let level = levels[at[2] * rows / height * columns + at[3] * columns / width];
        (f32::from(level) / 255.0 - mean[at[1]]) / std[at[1]]
    })
}

fn looks_like_the_original(name: &str) {
    let Some((gtzan, file, images)) = encoder(name) else { return };
    let encoder = open(name, &file).unwrap();
    let EncoderInput::Picture(settings) = encoder.card().input else { panic!("{name} reads images") };
    let loaded = encoder.load(&Params::default()).unwrap();
    let of = |(image, theirs): (&String, &Value)| {
        difference(loaded.as_ref(), &picture(&gtzan.join(image), &settings), &theirs["same"])
    };
    let worst = images.iter().map(of).fold(0.0, f64::max);
    say(&format!("{name}: {worst:.1e} on {} images", images.len()));
    assert!(images.len() == 10 && worst < 1e-3, "{name}: {worst:.1e}");
}

#[test]
fn musicnn() {
    sounds_like_the_original("musicnn-mtt");
    sounds_like_the_original("musicnn-msd");
}

#[test]
fn efficientat() {
    sounds_like_the_original("mn04");
}

#[test]
fn yamnet() {
    sounds_like_the_original("yamnet");
}

#[test]
fn mobilenetv2() {
    looks_like_the_original("mobilenetv2");
}

#[test]
fn efficientnet_lite0() {
    looks_like_the_original("efficientnet-lite0");
}
