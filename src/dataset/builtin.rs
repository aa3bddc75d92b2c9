//! The feature table of the built-in music.

use super::spectrograms::{Painter, Painting};
use super::table::RawTable;
use super::{Dataset, Info, Source};
use crate::audio::Cut;
use crate::error::{Error, Result};
use crate::features::table::{COLUMNS, Convention, Extractor, FEATURE_NAMES};
use crate::recordings::synth::{self as corpus, Recording};
use std::path::Path;

/// Length of a segment when nobody asks for another: three segments a recording, so that the
/// protocols differ.
const DEFAULT_SECONDS: u32 = 10;

/// What is computed of a segment.
struct Row {
    name: String,
    /// Samples.
    length: usize,
    values: [f64; COLUMNS],
    paintings: Vec<Painting>,
}

/// Makes the music of `source.seed` and computes the 57 columns of its segments. `progress` is told how many
/// recordings of how many are done.
///
/// # Errors
///
/// A segment length that does not go into a recording, or a list of artists, who are known here.
pub fn dataset(source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Dataset> {
    if let Some(path) = &source.artists {
        let reason = "the built-in music has artists of its own";
        return Err(Error::new(
            format!("--artists {}", path.display()),
            reason,
            "leave it out, or give --data too",
        ));
    }
    let seconds = source.seconds.unwrap_or(DEFAULT_SECONDS);
    let cut = cut(seconds)?;
    let recordings = corpus::recordings(source.seed);
    let first = Extractor::new(Convention::of_published(seconds.into()))
        .map_err(|e| Error::new("the built-in music", e, "report this as a bug"))?;
    let painter = Painter::new(&source.representations, cut.samples(), source.spectrogram_size)?;
    let of = |e: &mut Extractor, r: &Recording| rows(e, &painter, r, cut);
    let rows = corpus::in_parallel(&recordings, || first.clone(), of, progress)?;

    let rows_of = || recordings.iter().zip(&rows).flat_map(|(r, rows)| rows.iter().map(move |row| (r, row)));
    let mut raw = RawTable::computed(
        FEATURE_NAMES.map(str::to_owned).to_vec(),
        rows_of().map(|(r, _)| r.genre().to_owned()).collect(),
        rows_of().map(|(_, row)| row.name.clone()).collect(),
        rows_of().flat_map(|(_, row)| row.values).collect(),
    )?;
    raw.median_length = rows_of().next().map(|(_, row)| row.length as f64);
    raw.spectrograms = painter.collect(rows.into_iter().flatten().map(|row| row.paintings))?;
    let mut dataset = Dataset::from_raw(raw, Path::new(&name(seconds, source.seed)), Some(seconds))?;
    dataset.info.synthetic = true;
    // Recordings come in the order of their names, as the catalogue's tracks do.
    dataset.artists.of_track = recordings.iter().map(|r| Some(r.artist())).collect();
    Ok(dataset)
}

/// What [`dataset`] would give for seed 0 and its usual segments, without making any music; so it has no
/// fingerprint.
pub fn info() -> Result<Info> {
    let recordings = corpus::recordings(0);
    let mut classes: Vec<String> = recordings.iter().map(|r| r.genre().to_owned()).collect();
    classes.dedup();
    Ok(Info {
        name: name(DEFAULT_SECONDS, 0),
        synthetic: true,
        seconds: Some(DEFAULT_SECONDS),
        examples: recordings.len() * segments(DEFAULT_SECONDS)?,
        tracks: recordings.len(),
        features: COLUMNS,
        classes,
        fingerprint: String::new(),
    })
}

fn name(seconds: u32, seed: u64) -> String {
    format!("built-in music (synthetic, {seconds} s, seed {seed})")
}

fn cut(seconds: u32) -> Result<Cut> {
    let cut = Cut::new(seconds.into(), None).map_err(|e| refused(seconds, e))?;
    cut.ranges(corpus::SAMPLES).map_err(|e| refused(seconds, e))?;
    Ok(cut)
}

/// How many segments of this length a recording has.
fn segments(seconds: u32) -> Result<usize> {
    Ok(cut(seconds)?.ranges(corpus::SAMPLES).map_err(|e| refused(seconds, e))?.len())
}

fn refused(seconds: u32, reason: impl std::fmt::Display) -> Error {
    Error::new(
        format!("--segment {seconds}"),
        reason,
        "30, 10 or 3; a recording of the built-in music has 30 s",
    )
}

fn rows(extractor: &mut Extractor, painter: &Painter, recording: &Recording, cut: Cut) -> Result<Vec<Row>> {
    let samples: Vec<f32> = recording.samples().into_iter().map(|x| f32::from(x) / 32_768.0).collect();
    let ranges =
        cut.ranges(samples.len()).map_err(|e| Error::new(recording.name(), e, "report this as a bug"))?;
    let row = |(segment, range): (Option<usize>, std::ops::Range<usize>)| {
        let segment = segment.map(|s| format!(".{s}")).unwrap_or_default();
        let (name, length) = (format!("{}{segment}.wav", recording.name()), range.len());
        let samples = &samples[range];
        Row { name, length, values: extractor.extract(samples), paintings: painter.of(samples) }
    };
    Ok(ranges.into_iter().map(row).collect())
}
