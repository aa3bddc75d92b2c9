//! The 57 columns of the published GTZAN tables.
//!
//! Each is the mean or the variance over frames (2048 samples every 512) of one feature, except `tempo`.
//! They reproduce the tables that go around, whose oddities are kept: `tempo` is that of the median
//! onset strength of the log-mel spectrogram, and variances are divided by the count. In two points
//! those tables differ among themselves; see [`Convention`].
//!
//! # How the work is shared
//!
//! One spectrum serves all columns. Magnitudes are kept in full (they are filtered over time and over
//! frequency, and the chroma's tuning is known only after the last frame); everything else is done 16
//! frames at a time, while they are in the cache. The percussive part is the recording minus the
//! harmonic part, so one inverse transform gives both.

use super::chroma::ChromaBank;
use super::hpss::{Magnitudes, harmonic_part, medians_over_frequency, medians_over_time};
use super::median::{LANES, Lanes, RunningMedian};
use super::mel::MelBank;
use super::mfcc::Dct;
use super::moments::mean_var;
use super::onset::{self, Aggregate};
use super::pad::Pad;
use super::stft::{Analyser, Complex, Stft, modulus};
use super::tempo::TempoEstimator;
use super::tuning::{self, Peak};
use super::{FeatureError, bandwidth, centroid, decibel, rms, rolloff, zcr};
use crate::audio::RATE;
use crate::util::simd;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Samples a frame.
pub const N_FFT: usize = 2048;
/// Samples from a frame to the next.
pub const HOP: usize = 512;
/// Mel bands.
pub const BANDS: usize = 128;
/// Mel-frequency cepstral coefficients.
pub const COEFFICIENTS: usize = 20;
/// Columns.
pub const COLUMNS: usize = 57;

/// Names of the columns, in the order of the published tables.
#[rustfmt::skip]
pub const FEATURE_NAMES: [&str; COLUMNS] = [
    "chroma_stft_mean", "chroma_stft_var", "rms_mean", "rms_var",
    "spectral_centroid_mean", "spectral_centroid_var", "spectral_bandwidth_mean", "spectral_bandwidth_var",
    "rolloff_mean", "rolloff_var", "zero_crossing_rate_mean", "zero_crossing_rate_var",
    "harmony_mean", "harmony_var", "perceptr_mean", "perceptr_var", "tempo",
    "mfcc1_mean", "mfcc1_var", "mfcc2_mean", "mfcc2_var", "mfcc3_mean", "mfcc3_var", "mfcc4_mean", "mfcc4_var",
    "mfcc5_mean", "mfcc5_var", "mfcc6_mean", "mfcc6_var", "mfcc7_mean", "mfcc7_var", "mfcc8_mean", "mfcc8_var",
    "mfcc9_mean", "mfcc9_var", "mfcc10_mean", "mfcc10_var", "mfcc11_mean", "mfcc11_var", "mfcc12_mean", "mfcc12_var",
    "mfcc13_mean", "mfcc13_var", "mfcc14_mean", "mfcc14_var", "mfcc15_mean", "mfcc15_var", "mfcc16_mean", "mfcc16_var",
    "mfcc17_mean", "mfcc17_var", "mfcc18_mean", "mfcc18_var", "mfcc19_mean", "mfcc19_var", "mfcc20_mean", "mfcc20_var",
];

/// How an example's ends are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Convention {
    /// As in the Kaggle tables of 30 s and 3 s: frames are reflected at the ends; the harmonic and the
    /// percussive part end with the last whole hop, and zeros follow.
    #[default]
    Reflected,
    /// As librosa 0.10 and later do by default, and as in the published table of 10 s: zeros beyond the
    /// ends; the parts have the length of the example.
    ZeroPadded,
}

impl Convention {
    /// The convention of the published table of examples of `seconds`: zeros for 10 s, reflection for the rest.
    pub fn of_published(seconds: f64) -> Self {
        if seconds == 10.0 { Self::ZeroPadded } else { Self::Reflected }
    }

    /// What it puts beyond the ends.
    pub fn pad(self) -> Pad {
        match self {
            Self::Reflected => Pad::Reflect,
            Self::ZeroPadded => Pad::Zero,
        }
    }
}

/// The 57 columns of one example, `samples` at [`RATE`], by the default [`Convention`].
///
/// For many examples make one [`Extractor`] a thread: it plans its transforms once.
///
/// # Errors
///
/// None that a caller could cause: the parameters are constant.
pub fn extract(samples: &[f32]) -> Result<[f64; COLUMNS], FeatureError> {
    Ok(Extractor::new(Convention::default())?.extract(samples))
}

/// What an [`Extractor`] spends its time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Padding, Fourier transforms, magnitudes.
    Spectrum,
    /// Centroid, bandwidth, roll-off.
    Shape,
    /// Root mean square and zero crossings.
    Waveform,
    /// Mel bands, logarithm, MFCC.
    Mel,
    /// Peaks, tuning, chroma.
    Chroma,
    /// Medians over time and over frequency.
    Medians,
    /// Masks, inverse transforms, sums over samples.
    Separation,
    /// Onset strength and tempo.
    Tempo,
}

impl Stage {
    /// All stages, in the order they are gone through.
    pub const ALL: [Self; 8] = [
        Self::Spectrum,
        Self::Shape,
        Self::Waveform,
        Self::Mel,
        Self::Chroma,
        Self::Medians,
        Self::Separation,
        Self::Tempo,
    ];
}

/// What does not change from example to example, shared by all threads.
struct SharedParts {
    convention: Convention,
    stft: Stft,
    mel: MelBank,
    dct: Dct,
    median: RunningMedian,
    tempo: TempoEstimator,
    /// One bank for each of the hundred tunings that can be found, made when first needed.
    chroma: Vec<OnceLock<ChromaBank>>,
    /// 0, 1, 2, … as many as there are bins.
    indices: Vec<f32>,
}

/// Computes the 57 columns of one example after another, reusing its memory.
///
/// A clone shares the plans and has memory of its own, so a thread pool clones one for each thread.
pub struct Extractor {
    plan: Arc<SharedParts>,
    analyser: Analyser,
    scratch: Scratch,
    spent: [Duration; Stage::ALL.len()],
}

#[derive(Default)]
struct Scratch {
    padded: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    magnitudes: Magnitudes,
    over_time: Magnitudes,
    over_frequency: Magnitudes,
    power: Vec<f32>,
    log_mel: Vec<f32>,
    lanes: Vec<Lanes>,
    peaks: Vec<Peak>,
    rises: Vec<f32>,
    masked: Vec<Complex<f32>>,
}

impl Clone for Extractor {
    fn clone(&self) -> Self {
        Self::with_plan(self.plan.clone())
    }
}

impl Extractor {
    /// Plans the transforms and lays out the filters.
    ///
    /// # Errors
    ///
    /// None that a caller could cause: the parameters are constant.
    pub fn new(convention: Convention) -> Result<Self, FeatureError> {
        let stft = Stft::new(N_FFT, HOP, convention.pad())?;
        Ok(Self::with_plan(Arc::new(SharedParts {
            convention,
            mel: MelBank::new(RATE, N_FFT, BANDS, 0.0, f64::from(RATE) / 2.0)?,
            dct: Dct::new(BANDS, COEFFICIENTS),
            median: RunningMedian::new(),
            tempo: TempoEstimator::new(RATE, HOP),
            chroma: (0..tuning::STEPS).map(|_| OnceLock::new()).collect(),
            indices: (0..stft.bins()).map(|k| k as f32).collect(),
            stft,
        })))
    }

    fn with_plan(plan: Arc<SharedParts>) -> Self {
        Self { analyser: plan.stft.analyser(), plan, scratch: Scratch::default(), spent: Default::default() }
    }

    /// Time spent in each stage so far.
    pub fn spent(&self) -> impl Iterator<Item = (Stage, Duration)> + '_ {
        Stage::ALL.into_iter().zip(self.spent)
    }

    /// The 57 columns of one example, in the order of [`FEATURE_NAMES`].
    ///
    /// All are finite for samples within ±10⁹, and the same to the bit whatever was extracted before and
    /// on whichever thread. Another processor may differ in the last digits: the Fourier transforms are
    /// done by the widest instructions it has.
    pub fn extract(&mut self, samples: &[f32]) -> [f64; COLUMNS] {
        let Self { plan, analyser, scratch, spent } = self;
        let frames = plan.stft.frames(samples.len());
        let bins = plan.stft.bins();
        let width = f64::from(RATE) / N_FFT as f64;
        let mut out = Columns::default();
        let mut clock = Instant::now();
        let mut lap = |stage: Stage| {
            let now = Instant::now();
            spent[stage as usize] += now - clock;
            clock = now;
        };

        plan.stft.padded(samples, &mut scratch.padded);
        scratch.spectrum.resize(frames * bins, Complex::default());
        scratch.magnitudes.resize(frames, bins);
        scratch.power.resize(bins, 0.0);
        scratch.log_mel.resize(frames * BANDS, 0.0);
        scratch.peaks.clear();
        let mut centroids = Vec::with_capacity(frames);
        let mut bandwidths = Vec::with_capacity(frames);
        let mut rolloffs = Vec::with_capacity(frames);
        let mut loudness = Vec::with_capacity(frames);
        for first in (0..frames).step_by(LANES) {
            let tile = first..frames.min(first + LANES);
            for t in tile.clone() {
                let spectrum = &mut scratch.spectrum[t * bins..][..bins];
                analyser.frame(&scratch.padded[t * HOP..], spectrum);
                let to = scratch.magnitudes.row_mut(t);
                simd::wide(
                    #[inline(always)]
                    || to.iter_mut().zip(spectrum.iter()).for_each(|(to, c)| *to = modulus(*c)),
                );
            }
            lap(Stage::Spectrum);
            let magnitudes = &scratch.magnitudes;
            let below = simd::wide(
                #[inline(always)]
                || {
                    for row in tile.clone().map(|t| magnitudes.row(t)) {
                        let (sum, centre) = centroid::of_frame(row, &plan.indices);
                        centroids.push(width * f64::from(centre));
                        let spread = bandwidth::of_frame(row, &plan.indices, sum, centre);
                        bandwidths.push(width * f64::from(spread));
                    }
                    rolloff::of_frames(
                        bins,
                        #[inline(always)]
                        |lane| magnitudes.row((first + lane).min(tile.end - 1)),
                        &mut scratch.lanes,
                    )
                },
            );
            rolloffs.extend(below[..tile.len()].iter().map(|&bin| width * f64::from(bin)));
            lap(Stage::Shape);
            for t in tile.clone() {
                let frame = &scratch.padded[t * HOP..][..N_FFT];
                loudness.push(simd::wide(
                    #[inline(always)]
                    || rms::of_frame(frame),
                ));
            }
            lap(Stage::Waveform);
            for t in tile.clone() {
                square(magnitudes.row(t), &mut scratch.power);
                let (power, to) = (&scratch.power, &mut scratch.log_mel[t * BANDS..][..BANDS]);
                simd::wide(
                    #[inline(always)]
                    || plan.mel.apply(power, to),
                );
            }
            lap(Stage::Mel);
            for t in tile {
                square(magnitudes.row(t), &mut scratch.power);
                tuning::peaks(&scratch.power, RATE, &mut scratch.peaks);
            }
            lap(Stage::Chroma);
        }

        // Chroma, once the tuning is known.
        let step = tuning::of_peaks(&scratch.peaks);
        let bank = plan.chroma[tuning::step_of(step)].get_or_init(|| ChromaBank::new(RATE, N_FFT, step));
        let mut chroma = Vec::with_capacity(frames);
        for t in 0..frames {
            square(scratch.magnitudes.row(t), &mut scratch.power);
            let power = &scratch.power;
            chroma.push(simd::wide(
                #[inline(always)]
                || bank.apply(power),
            ));
        }
        out.put(mean_var(chroma.iter().flatten().copied()));
        lap(Stage::Chroma);

        out.put(mean_var(loudness.iter().copied()));
        for values in [&centroids, &bandwidths, &rolloffs] {
            out.put(mean_var(values.iter().copied()));
        }
        // The parameters are constant and right.
        let crossings = zcr::zero_crossing_rate(samples, N_FFT, HOP).unwrap_or_default();
        out.put(mean_var(crossings.iter().copied()));
        lap(Stage::Waveform);

        medians_over_time(&plan.median, &scratch.magnitudes, &mut scratch.over_time);
        lap(Stage::Medians);
        let mut sums = PartSums::default();
        let mut synthesiser = plan.stft.synthesiser();
        scratch.masked.resize(bins, Complex::default());
        for t in 0..frames {
            if t % LANES == 0 {
                let (turned, to) = (&mut scratch.lanes, &mut scratch.over_frequency);
                medians_over_frequency(&plan.median, &scratch.magnitudes, t, turned, to);
                lap(Stage::Medians);
            }
            let spectrum = &scratch.spectrum[t * bins..][..bins];
            let (harmonic, percussive) = (scratch.over_time.row(t), scratch.over_frequency.row(t % LANES));
            let masked = &mut scratch.masked;
            simd::wide(
                #[inline(always)]
                || {
                    for (((to, from), &h), &p) in
                        masked.iter_mut().zip(spectrum).zip(harmonic).zip(percussive)
                    {
                        *to = from * harmonic_part(h, p);
                    }
                },
            );
            synthesiser.push(masked, |part| sums.add(samples, part));
            if t % LANES == LANES - 1 {
                lap(Stage::Separation);
            }
        }
        let tail = match plan.convention {
            Convention::Reflected => 0,
            Convention::ZeroPadded => samples.len() % HOP,
        };
        synthesiser.finish(tail, |part| sums.add(samples, part));
        out.put(sums.harmonic(samples.len()));
        out.put(sums.percussive(samples.len()));
        lap(Stage::Separation);

        decibel::power_to_db(&mut scratch.log_mel, Some(80.0));
        lap(Stage::Mel);
        let mut strengths = vec![0.0; frames];
        for (t, pair) in scratch.log_mel.windows(2 * BANDS).step_by(BANDS).enumerate() {
            if let Some(to) = strengths.get_mut(t + onset::LAG) {
                let (before, now) = pair.split_at(BANDS);
                *to = onset::of_frame(before, now, Aggregate::Median, &mut scratch.rises);
            }
        }
        out.push(plan.tempo.estimate(&strengths));
        lap(Stage::Tempo);

        let mut coefficients = vec![0f32; frames * COEFFICIENTS];
        for (row, to) in scratch.log_mel.chunks_exact(BANDS).zip(coefficients.chunks_exact_mut(COEFFICIENTS))
        {
            simd::wide(
                #[inline(always)]
                || to.iter_mut().zip(plan.dct.apply(row)).for_each(|(to, value)| *to = value),
            );
        }
        for coefficient in 0..COEFFICIENTS {
            out.put(mean_var(coefficients.iter().skip(coefficient).step_by(COEFFICIENTS).copied()));
        }
        lap(Stage::Mel);
        out.values
    }
}

/// Columns as they are filled from left to right.
struct Columns {
    values: [f64; COLUMNS],
    filled: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self { values: [0.0; COLUMNS], filled: 0 }
    }
}

impl Columns {
    fn push(&mut self, value: f64) {
        self.values[self.filled] = value;
        self.filled += 1;
    }

    fn put(&mut self, values: [f64; 2]) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

fn square(values: &[f32], out: &mut [f32]) {
    simd::wide(
        #[inline(always)]
        || out.iter_mut().zip(values).for_each(|(to, x)| *to = x * x),
    );
}

/// Sums over the samples of both parts. The percussive part is what the harmonic leaves of the recording.
#[derive(Default)]
struct PartSums {
    done: usize,
    /// Sum and sum of squares of each part.
    harmonic: [f64; 2],
    percussive: [f64; 2],
}

impl PartSums {
    fn add(&mut self, samples: &[f32], harmonic: &[f32]) {
        for (&x, &h) in samples[self.done..].iter().zip(harmonic) {
            let (h, p) = (f64::from(h), f64::from(x - h));
            self.harmonic = [self.harmonic[0] + h, self.harmonic[1] + h * h];
            self.percussive = [self.percussive[0] + p, self.percussive[1] + p * p];
        }
        self.done += harmonic.len();
    }

    fn harmonic(&self, count: usize) -> [f64; 2] {
        Self::moments(self.harmonic, count)
    }

    fn percussive(&self, count: usize) -> [f64; 2] {
        Self::moments(self.percussive, count)
    }

    /// The mean is tiny beside the deviation, so nothing is lost by taking its square off at the end.
    fn moments([sum, squares]: [f64; 2], count: usize) -> [f64; 2] {
        let count = count.max(1) as f64;
        [sum / count, (squares / count - (sum / count).powi(2)).max(0.0)]
    }
}
