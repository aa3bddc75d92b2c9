//! Harmonic-percussive separation: what sustains and what strikes.

use super::FeatureError;
use super::median::{LANES, Lanes, RunningMedian};
use super::stft::{Complex, modulus};
use crate::util::simd;
use ndarray::{Array2, ArrayView2};

/// Magnitudes of all frames, one row a frame, each row filled up to a multiple of [`LANES`].
///
/// Rows begin at cache lines: [`LANES`] values then lie in one line and not across two.
#[derive(Debug, Default)]
pub(crate) struct Magnitudes {
    values: Vec<f32>,
    /// First value that lies at the start of a cache line.
    start: usize,
    frames: usize,
    bins: usize,
    stride: usize,
}

impl Magnitudes {
    /// Makes room for `frames` rows of `bins`. What the rows hold then is not defined.
    pub(crate) fn resize(&mut self, frames: usize, bins: usize) {
        self.frames = frames;
        self.bins = bins;
        self.stride = bins.next_multiple_of(LANES);
        self.values.resize(frames * self.stride + LANES, 0.0);
        self.start = self.values.as_ptr().align_offset(size_of::<Lanes>()).min(LANES);
    }

    /// One frame, without what fills it up.
    #[inline(always)]
    pub(crate) fn row(&self, frame: usize) -> &[f32] {
        &self.values[self.at(frame, 0)..][..self.bins]
    }

    /// One frame to be written, without what fills it up.
    #[inline(always)]
    pub(crate) fn row_mut(&mut self, frame: usize) -> &mut [f32] {
        let at = self.at(frame, 0);
        &mut self.values[at..][..self.bins]
    }

    /// Values of one frame from a bin on that is a multiple of [`LANES`].
    #[inline(always)]
    fn lanes(&self, frame: usize, bin: usize) -> Lanes {
        let mut lanes = [0.0; LANES];
        lanes.copy_from_slice(&self.values[self.at(frame, bin)..][..LANES]);
        lanes
    }

    /// Overwrites values of one frame from a bin on that is a multiple of [`LANES`].
    #[inline(always)]
    fn put(&mut self, frame: usize, bin: usize, lanes: &Lanes) {
        let at = self.at(frame, bin);
        self.values[at..][..LANES].copy_from_slice(lanes);
    }

    #[inline(always)]
    fn at(&self, frame: usize, bin: usize) -> usize {
        self.start + frame * self.stride + bin
    }
}

/// Writes to `out` the median of each bin over 31 frames: strokes vanish, tones remain.
pub(crate) fn medians_over_time(filter: &RunningMedian, magnitudes: &Magnitudes, out: &mut Magnitudes) {
    let frames = magnitudes.frames;
    out.resize(frames, magnitudes.bins);
    simd::wide(
        #[inline(always)]
        || {
            for bin in (0..magnitudes.stride).step_by(LANES) {
                filter.run(
                    frames,
                    #[inline(always)]
                    |frame| magnitudes.lanes(frame, bin),
                    #[inline(always)]
                    |frame, lanes| out.put(frame, bin, lanes),
                );
            }
        },
    );
}

/// Writes to `out`, of [`LANES`] rows, the median of each bin of the frames from `first` on over 31
/// bins: tones vanish, strokes remain. `turned` is any vector.
///
/// The frames, as many as there are lanes, are turned so that a bin's values lie side by side.
pub(crate) fn medians_over_frequency(
    filter: &RunningMedian,
    magnitudes: &Magnitudes,
    first: usize,
    turned: &mut Vec<Lanes>,
    out: &mut Magnitudes,
) {
    let stride = magnitudes.stride;
    out.resize(LANES, magnitudes.bins);
    turned.resize(2 * stride, [0.0; LANES]);
    let (values, medians) = turned.split_at_mut(stride);
    // Lanes beyond the last frame repeat it.
    let frame = |lane: usize| (first + lane).min(magnitudes.frames - 1);
    simd::wide(
        #[inline(always)]
        || {
            for (bin, to) in (0..stride).step_by(LANES).zip(values.as_chunks_mut::<LANES>().0) {
                turn(to, |lane| magnitudes.lanes(frame(lane), bin));
            }
            filter.run(
                magnitudes.bins,
                #[inline(always)]
                |bin| values[bin],
                #[inline(always)]
                |bin, lanes| medians[bin] = *lanes,
            );
            let mut square = [[0.0; LANES]; LANES];
            for (bin, from) in (0..stride).step_by(LANES).zip(medians.as_chunks::<LANES>().0) {
                turn(&mut square, |i| from[i]);
                for (lane, values) in square.iter().enumerate() {
                    out.put(lane, bin, values);
                }
            }
        },
    );
}

/// Writes `row(0)`, `row(1)`, … to `out` as columns.
#[inline(always)]
fn turn(out: &mut [Lanes; LANES], row: impl Fn(usize) -> Lanes) {
    let mut square = [[0.0; LANES]; LANES];
    for (i, values) in square.iter_mut().enumerate() {
        *values = row(i);
    }
    for (i, to) in out.iter_mut().enumerate() {
        for lane in 0..LANES {
            to[lane] = square[lane][i];
        }
    }
}

/// Part of a value that is harmonic, from the two medians: `h² / (h² + p²)`, a half where both are 0.
///
/// Written with the ratio of the smaller to the larger, so that no square over- or underflows.
#[inline(always)]
pub(crate) fn harmonic_part(harmonic: f32, percussive: f32) -> f32 {
    let (low, high) = if harmonic < percussive { (harmonic, percussive) } else { (percussive, harmonic) };
    let square = (low / high) * (low / high);
    let larger = 1.0 / (1.0 + square);
    let part = if harmonic < percussive { square * larger } else { larger };
    if high < f32::MIN_POSITIVE { 0.5 } else { part }
}

/// Splits a spectrum of shape `(frames, bins)` into a harmonic and a percussive one, which add up to it.
///
/// Tones are ridges along time and strokes are ridges along frequency. So the median over 31 frames
/// estimates how much of each value is tone, that over 31 bins how much is stroke, and the value is
/// divided in proportion to their squares.
///
/// Reference: D. FitzGerald, *Harmonic/percussive separation using median filtering*, DAFx (2010);
/// `librosa.decompose.hpss` with its defaults `kernel_size=31, power=2, margin=1`.
///
/// # Errors
///
/// [`FeatureError`] where `spectrum` has no bins.
pub fn hpss(spectrum: ArrayView2<Complex<f32>>) -> Result<[Array2<Complex<f32>>; 2], FeatureError> {
    FeatureError::unless(spectrum.ncols() > 0, "spectrum", "no bins")?;
    let filter = RunningMedian::new();
    let mut magnitudes = Magnitudes::default();
    magnitudes.resize(spectrum.nrows(), spectrum.ncols());
    for (t, row) in spectrum.rows().into_iter().enumerate() {
        magnitudes.row_mut(t).iter_mut().zip(row).for_each(|(to, from)| *to = modulus(*from));
    }
    let (mut over_time, mut over_frequency) = (Magnitudes::default(), Magnitudes::default());
    let mut turned = Vec::new();
    medians_over_time(&filter, &magnitudes, &mut over_time);
    let mut harmonic = Array2::zeros(spectrum.dim());
    for t in 0..spectrum.nrows() {
        if t % LANES == 0 {
            medians_over_frequency(&filter, &magnitudes, t, &mut turned, &mut over_frequency);
        }
        let medians = over_time.row(t).iter().zip(over_frequency.row(t % LANES));
        for (k, (&h, &p)) in medians.enumerate() {
            harmonic[[t, k]] = spectrum[[t, k]] * harmonic_part(h, p);
        }
    }
    let percussive = &spectrum - &harmonic;
    Ok([harmonic, percussive])
}
