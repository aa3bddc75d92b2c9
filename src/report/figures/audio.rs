//! A recording on one sheet: what the features are made from.

use super::{DataTable, Figure, Sheet};
use crate::audio::RATE;
use crate::features::onset::{Aggregate, onset_strength};
use crate::features::stft::{Stft, power};
use crate::features::table::{BANDS, COEFFICIENTS, HOP, N_FFT};
use crate::features::{FeatureError, beat, chroma, decibel, hpss, mel, mfcc, pad::Pad, tempo};
use crate::report::chart::scale::tick_text;
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, svg::path_through};
use ndarray::{Array2, Axis};

/// Columns of pixels of a picture at most: finer than a sheet is wide.
const COLUMNS: usize = 260;
/// Steps of colour.
const STEPS: usize = 12;
/// Pitch classes from C on.
const PITCHES: [&str; 12] = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

/// What is heard in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioSheet {
    name: String,
    seconds: f64,
    /// Least and greatest sample of each column.
    wave: Vec<(f32, f32)>,
    harmonic: Vec<(f32, f32)>,
    percussive: Vec<(f32, f32)>,
    /// One row a column of pixels, 0–1 within each picture.
    log_mel: Array2<f32>,
    mfcc: Array2<f32>,
    chroma: Array2<f32>,
    /// Beats a minute, and where the beats are, in seconds.
    tempo: f64,
    beats: Vec<f64>,
}

impl AudioSheet {
    /// Of samples at [`RATE`], by librosa's defaults: frames of 2048 samples every 512.
    ///
    /// # Errors
    ///
    /// None that a caller could cause: the parameters are constant.
    pub fn of(name: &str, samples: &[f32]) -> Result<Self, FeatureError> {
        let stft = Stft::new(N_FFT, HOP, Pad::Zero)?;
        let spectrum = stft.forward(samples);
        let powers = power(spectrum.view());
        let bank = mel::MelBank::new(RATE, N_FFT, BANDS, 0.0, f64::from(RATE) / 2.0)?;
        let mut log_mel = bank.spectrogram(powers.view());
        if let Some(values) = log_mel.as_slice_mut() {
            decibel::power_to_db(values, Some(80.0));
        }
        let onset = onset_strength(log_mel.view(), Aggregate::Median);
        let tempo = tempo::TempoEstimator::new(RATE, HOP).estimate(&onset);
        let beats = beat::beats(&onset, tempo, RATE, HOP);
        let [harmonic, percussive] = hpss::hpss(spectrum.view())?;
        let parts = [stft.inverse(harmonic.view())?, stft.inverse(percussive.view())?];
        let coefficients = mfcc::mfcc(log_mel.view(), COEFFICIENTS);
        Ok(Self {
            name: name.to_owned(),
            seconds: samples.len() as f64 / f64::from(RATE),
            wave: envelope(samples),
            harmonic: envelope(&parts[0]),
            percussive: envelope(&parts[1]),
            log_mel: shares(&columns(&pooled(&log_mel, 64))),
            mfcc: shares_by_row(&columns(&coefficients)),
            chroma: shares(&columns(&chroma::chroma_stft(powers.view(), RATE))),
            tempo,
            beats: beats.into_iter().map(|frame| (frame * HOP) as f64 / f64::from(RATE)).collect(),
        })
    }

    fn picture(
        &self,
        svg: &mut Svg,
        numbers: &Array2<f32>,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
    ) {
        let (columns, rows) = numbers.dim();
        let (width, height) = ((right - left) / columns.max(1) as f64, (bottom - top) / rows.max(1) as f64);
        svg.rect((left, top), (right - left, bottom - top), Mark::fill(Paint::Magma(0.0)));
        // Each step is painted below the next, so that no ground shows between them.
        for step in 1..STEPS {
            let least = step as f32 / STEPS as f32;
            let mut d = String::new();
            for row in 0..rows {
                let y = bottom - height * (row + 1) as f64;
                let mut start = None;
                for column in 0..=columns {
                    let is_over = column < columns && numbers[[column, row]] >= least;
                    match (start, is_over) {
                        (None, true) => start = Some(column),
                        (Some(from), false) => {
                            let (x, end) = (left + width * from as f64, left + width * column as f64);
                            d += &path_through([
                                (x, y),
                                (end, y),
                                (end, y + height + 0.2),
                                (x, y + height + 0.2),
                            ]);
                            d.push('Z');
                            start = None;
                        }
                        _ => {}
                    }
                }
            }
            if !d.is_empty() {
                svg.path(&d, Mark::fill(Paint::Magma(f64::from(least) + 0.5 / STEPS as f64)));
            }
        }
    }
}

/// Least and greatest sample of each column.
fn envelope(samples: &[f32]) -> Vec<(f32, f32)> {
    let chunk = samples.len().div_ceil(3 * COLUMNS).max(1);
    let ends = |chunk: &[f32]| {
        let each = || chunk.iter().copied();
        (each().fold(f32::INFINITY, f32::min), each().fold(f32::NEG_INFINITY, f32::max))
    };
    samples.chunks(chunk).map(ends).collect()
}

/// Frames averaged into columns.
fn columns(frames: &Array2<f32>) -> Array2<f32> {
    let chunk = frames.nrows().div_ceil(COLUMNS).max(1);
    averaged(frames, chunk, Axis(0))
}

/// Bands averaged until there are so many.
fn pooled(frames: &Array2<f32>, bands: usize) -> Array2<f32> {
    averaged(frames, frames.ncols().div_ceil(bands).max(1), Axis(1))
}

fn averaged(values: &Array2<f32>, chunk: usize, axis: Axis) -> Array2<f32> {
    let means: Vec<_> =
        values.axis_chunks_iter(axis, chunk).filter_map(|part| part.mean_axis(axis)).collect();
    let views: Vec<_> = means.iter().map(|mean| mean.view()).collect();
    let stacked = ndarray::stack(axis, &views);
    // Parts have the same length along the other axis.
    stacked.unwrap_or_else(|_| values.clone())
}

/// Values as shares of the way from the least to the greatest.
fn shares(values: &Array2<f32>) -> Array2<f32> {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.mapv(|value| (value - low) / (high - low).max(1e-9))
}

/// The same of each coefficient by itself: the first would leave no colour to the others.
fn shares_by_row(values: &Array2<f32>) -> Array2<f32> {
    let mut out = values.clone();
    for mut row in out.axis_iter_mut(Axis(1)) {
        let low = row.iter().copied().fold(f32::INFINITY, f32::min);
        let high = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.mapv_inplace(|value| (value - low) / (high - low).max(1e-9));
    }
    out
}

/// A panel: title, height, what its axis says at which share of the height.
struct Panel<'a> {
    title: &'a str,
    height: f64,
    marks: Vec<(f64, String)>,
}

impl Figure for AudioSheet {
    fn title(&self) -> String {
        self.name.clone()
    }

    fn note(&self) -> String {
        format!(
            "{:.1} s at {RATE} Hz, {:.0} beats a minute by the tracker of librosa. Frames of {N_FFT} samples every {HOP}.",
            self.seconds, self.tempo
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let (left, right) = (52.0, sheet.width - 10.0);
        let time = Scale::linear((0.0, self.seconds.max(1e-3)), (left, right));
        let hertz = |hz: f64| mel::hz_to_mel(hz) / mel::hz_to_mel(f64::from(RATE) / 2.0);
        let pitches = [0, 4, 7, 9].map(|at| ((at as f64 + 0.5) / 12.0, PITCHES[at].to_owned()));
        let panel = |title, height, marks| Panel { title, height, marks };
        let panels = [
            panel("Waveform and beats", 76.0, Vec::new()),
            panel(
                "Log-mel spectrogram, Hz, 80 dB below the loudest",
                124.0,
                [512.0, 2048.0, 8192.0].map(|hz| (hertz(hz), format!("{hz:.0}"))).to_vec(),
            ),
            panel(
                "MFCC, each coefficient by itself",
                80.0,
                [1, 10, 20].map(|at| ((f64::from(at) - 0.5) / COEFFICIENTS as f64, at.to_string())).to_vec(),
            ),
            panel("Chroma", 80.0, pitches.to_vec()),
            panel("Harmonic part", 64.0, Vec::new()),
            panel("Percussive part", 64.0, Vec::new()),
        ];
        let mut svg = Svg::new(sheet.width, 0.0, sheet.theme);
        let loudest = self.wave.iter().map(|(low, high)| high.max(-low)).fold(1e-6_f32, f32::max);
        let mut top = 22.0;
        for (number, Panel { title, height, marks }) in panels.iter().enumerate() {
            let bottom = top + height;
            svg.text((left, top - 7.0), title, Text::ink().size(SMALL).bold());
            let waves = [(0, &self.wave), (4, &self.harmonic), (5, &self.percussive)];
            let pictures = [(1, &self.log_mel), (2, &self.mfcc), (3, &self.chroma)];
            if let Some((_, wave)) = waves.iter().find(|(at, _)| *at == number) {
                if number == 0 {
                    for beat in &self.beats {
                        let x = time.at(*beat);
                        svg.line((x, top), (x, bottom), Mark::stroke(Paint::Warn, 0.75).faded(0.7));
                    }
                }
                let (middle, half) = (f64::midpoint(top, bottom), height / 2.0);
                let x = |at: usize| left + (right - left) * at as f64 / wave.len().max(1) as f64;
                let y = |value: f32| middle - half * f64::from(value / loudest);
                let over = wave.iter().enumerate().map(|(at, (_, high))| (x(at), y(*high)));
                let under = wave.iter().enumerate().rev().map(|(at, (low, _))| (x(at), y(*low)));
                let d = path_through(over.chain(under)) + "Z";
                svg.path(&d, Mark::fill(Paint::Accent));
            }
            if let Some((_, numbers)) = pictures.iter().find(|(at, _)| *at == number) {
                self.picture(&mut svg, numbers, (left, right), (top, bottom));
            }
            for (share, text) in marks {
                let y = bottom - height * share;
                svg.text((left - 6.0, y + 4.0), text, Text::muted().size(SMALL).end());
            }
            top = bottom + 30.0;
        }
        let axis = top - 30.0;
        svg.line((left, axis + 6.0), (right, axis + 6.0), Mark::stroke(Paint::Faint, 1.0));
        for tick in time.ticks(8) {
            let x = time.at(tick);
            svg.line((x, axis + 6.0), (x, axis + 10.0), Mark::stroke(Paint::Faint, 1.0));
            svg.text((x, axis + 23.0), &tick_text(tick), Text::muted().size(SMALL).middle());
        }
        svg.text((right, axis + 38.0), "seconds", Text::muted().size(SMALL).end());
        svg.height = axis + 46.0;
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(0, ["beat", "seconds"]);
        let row = |(at, beat): (usize, &f64)| vec![(at + 1).to_string(), format!("{beat:.2}")];
        table.rows = self.beats.iter().enumerate().map(row).collect();
        table
    }
}
