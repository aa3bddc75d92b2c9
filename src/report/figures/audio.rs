//! A recording on one sheet: what the features are made from.

use super::{DataTable, Figure, Sheet};
use crate::audio::RATE;
use crate::features::onset::{Aggregate, onset_strength};
use crate::features::stft::{Stft, power};
use crate::features::table::{BANDS, COEFFICIENTS, HOP, N_FFT};
use crate::features::{FeatureError, beat, chroma, decibel, hpss, mel, mfcc, pad::Pad, tempo};
use crate::report::chart::scale::tick_text;
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, font, svg::Image, svg::path_through};
use ndarray::{Array2, Axis};

/// Columns of a picture at most: as fine as a wide sheet is printed.
const COLUMNS: usize = 1300;
/// Rows of pixels of a picture at least.
const SHARP: usize = 120;
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
    /// Shape `(columns, rows)`, 0–1 within each picture.
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
            log_mel: shares(&columns(&log_mel)),
            mfcc: shares_by_row(&columns(&coefficients)),
            chroma: shares(&columns(&chroma::chroma_stft(powers.view(), RATE))),
            tempo,
            beats: beats.into_iter().map(|frame| (frame * HOP) as f64 / f64::from(RATE)).collect(),
        })
    }
}

/// The pixels of numbers of 0–1, shape `(columns, rows)`, their first row lowest. Rows are drawn as often as they need to
/// keep sharp edges, where programs smooth what they stretch.
pub(super) fn pixels(numbers: &Array2<f32>) -> Array2<u8> {
    let (columns, rows) = numbers.dim();
    let times = SHARP.div_ceil(rows.max(1));
    Array2::from_shape_fn((times * rows, columns), |(row, column)| {
        (255.0 * numbers[[column, rows - 1 - row / times]].clamp(0.0, 1.0)).round() as u8
    })
}

/// Least and greatest sample of each column.
fn envelope(samples: &[f32]) -> Vec<(f32, f32)> {
    let chunk = samples.len().div_ceil(COLUMNS).max(1);
    let ends = |chunk: &[f32]| {
        let each = || chunk.iter().copied();
        (each().fold(f32::INFINITY, f32::min), each().fold(f32::NEG_INFINITY, f32::max))
    };
    samples.chunks(chunk).map(ends).collect()
}

/// Frames averaged into columns.
fn columns(frames: &Array2<f32>) -> Array2<f32> {
    let chunk = frames.nrows().div_ceil(COLUMNS).max(1);
    let means: Vec<_> =
        frames.axis_chunks_iter(Axis(0), chunk).filter_map(|part| part.mean_axis(Axis(0))).collect();
    let views: Vec<_> = means.iter().map(|mean| mean.view()).collect();
    // Parts have the same number of rows.
    ndarray::stack(Axis(0), &views).unwrap_or_else(|_| frames.clone())
}

/// Values as shares of the way from the least to the greatest.
pub(super) fn shares(values: &Array2<f32>) -> Array2<f32> {
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

/// A panel: title, what more must be known, height, what its axis says at which share of the height.
struct Panel<'a> {
    title: &'a str,
    more: &'a str,
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
        let panel = |title, more, height, marks| Panel { title, more, height, marks };
        let beats = format!("{:.0} a minute", self.tempo);
        let panels = [
            panel("Waveform and beats", &beats, 76.0, Vec::new()),
            panel(
                "Log-mel spectrogram",
                "Hz, the loudest and 80 dB below it",
                150.0,
                [512.0, 2048.0, 8192.0].map(|hz| (hertz(hz), format!("{hz:.0}"))).to_vec(),
            ),
            panel(
                "MFCC",
                "coefficients, each on a scale of its own",
                90.0,
                [1, 10, 20].map(|at| ((f64::from(at) - 0.5) / COEFFICIENTS as f64, at.to_string())).to_vec(),
            ),
            panel("Chroma", "pitch classes", 90.0, pitches.to_vec()),
            panel("Harmonic part", "on the scale of the waveform", 64.0, Vec::new()),
            panel("Percussive part", "", 64.0, Vec::new()),
        ];
        let mut svg = Svg::new(sheet.width, 0.0, sheet.theme);
        let loudest = self.wave.iter().map(|(low, high)| high.max(-low)).fold(1e-6_f32, f32::max);
        let mut top = 22.0;
        for (number, Panel { title, more, height, marks }) in panels.iter().enumerate() {
            let bottom = top + height;
            svg.text((left, top - 7.0), title, Text::ink().size(SMALL).bold());
            let beside = left + font::width(title, SMALL, true) + 8.0;
            svg.text((beside, top - 7.0), more, Text::muted().size(SMALL));
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
                let size = (right - left, bottom - top);
                svg.image(Image { at: (left, top), size, pixels: pixels(numbers) });
            }
            for (share, text) in marks {
                let y = bottom - height * share;
                svg.text((left - 6.0, y + 4.0), text, Text::muted().size(SMALL).end());
            }
            top = bottom + 32.0;
        }
        let axis = top - 32.0;
        svg.line((left, axis + 6.0), (right, axis + 6.0), Mark::stroke(Paint::Faint, 1.0));
        for tick in time.ticks(8) {
            let x = time.at(tick);
            svg.line((x, axis + 6.0), (x, axis + 10.0), Mark::stroke(Paint::Faint, 1.0));
            svg.text((x, axis + 23.0), &tick_text(tick), Text::muted().size(SMALL).middle());
        }
        let middle = f64::midpoint(left, right);
        svg.text((middle, axis + 40.0), "seconds", Text::muted().size(SMALL).middle());
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
