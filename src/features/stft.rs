//! Short-time Fourier transform: the spectrum of overlapping frames.

use super::FeatureError;
use super::pad::Pad;
use crate::util::simd;
use ndarray::{Array2, ArrayView2, Axis};
pub use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f64::consts::PI;
use std::sync::Arc;

/// Periodic Hann window: `½ − ½·cos(2πi / length)`, one at its middle, zero only at its start.
pub fn hann(length: usize) -> Vec<f64> {
    (0..length).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / length as f64).cos()).collect()
}

/// Symmetric Hann window, zero at its start and its end; a single one.
///
/// Reference: `numpy.hanning`, `torch.hann_window(periodic=False)`.
pub fn symmetric_hann(length: usize) -> Vec<f64> {
    // A periodic window of one less, and its first zero again.
    let mut window = hann(length.saturating_sub(1));
    window.push(if length > 1 { 0.0 } else { 1.0 });
    window
}

/// Frequency in Hz of each of the `n_fft / 2 + 1` bins of a spectrum.
pub fn frequencies(rate: u32, n_fft: usize) -> Vec<f64> {
    (0..=n_fft / 2).map(|k| f64::from(rate) * k as f64 / n_fft as f64).collect()
}

/// Short-time Fourier transform with a Hann window and centred frames.
///
/// Frame `t` is centred on sample `t·hop`; what it needs from beyond the recording comes from a
/// [`Pad`]. A recording of `n` samples has `1 + n / hop` frames of `n_fft / 2 + 1` bins.
///
/// ```
/// # use genre_bench::features::{pad::Pad, stft::Stft};
/// let stft = Stft::new(2048, 512, Pad::Zero)?;
/// let spectrum = stft.forward(&vec![0.5; 22_050]);
/// assert_eq!(spectrum.dim(), (44, 1025));
/// # Ok::<(), genre_bench::features::FeatureError>(())
/// ```
///
/// Reference: J. B. Allen, *Short term spectral analysis, synthesis, and modification by discrete
/// Fourier transform*, IEEE Trans. ASSP 25 (1977); `librosa.stft`, `librosa.istft`.
#[derive(Clone)]
pub struct Stft {
    n_fft: usize,
    hop: usize,
    pad: Pad,
    window: Arc<[f64]>,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl std::fmt::Debug for Stft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stft {{ n_fft: {}, hop: {}, pad: {:?} }}", self.n_fft, self.hop, self.pad)
    }
}

impl Stft {
    /// Plans transforms of `n_fft` samples (even, 2 to 2²⁰; librosa's default is 2048) every `hop`
    /// samples (1 to `n_fft`; librosa's default is a quarter of `n_fft`).
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where a number is outside of these.
    pub fn new(n_fft: usize, hop: usize, pad: Pad) -> Result<Self, FeatureError> {
        let fft_is_right = n_fft.is_multiple_of(2) && (2..=1 << 20).contains(&n_fft);
        FeatureError::unless(fft_is_right, "n_fft", format!("{n_fft}: must be even, from 2 to 1048576"))?;
        FeatureError::unless((1..=n_fft).contains(&hop), "hop", format!("{hop}: must be from 1 to n_fft"))?;
        Ok(Self {
            n_fft,
            hop,
            pad,
            window: hann(n_fft).into(),
            forward: RealFftPlanner::new().plan_fft_forward(n_fft),
            inverse: RealFftPlanner::new().plan_fft_inverse(n_fft),
        })
    }

    /// The same with another window than Hann's, which lies in the middle of a frame; beside it are zeros.
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where it is longer than a frame.
    pub fn windowed(self, window: &[f64]) -> Result<Self, FeatureError> {
        let (length, n_fft) = (window.len(), self.n_fft);
        let fits = (1..=n_fft).contains(&length);
        FeatureError::unless(fits, "win_length", format!("{length}: must be from 1 to n_fft, {n_fft}"))?;
        let mut padded = vec![0.0; n_fft];
        let before = (n_fft - length) / 2;
        padded[before..before + length].copy_from_slice(window);
        Ok(Self { window: padded.into(), ..self })
    }

    /// Samples a frame.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Samples from a frame to the next.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Bins a frame: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Frames of a recording of `length` samples: `1 + length / hop`.
    pub fn frames(&self, length: usize) -> usize {
        1 + length / self.hop
    }

    /// Replaces `out` by `samples` padded as the frames need it: frame `t` is then
    /// `out[t·hop..][..n_fft]`.
    pub fn padded(&self, samples: &[f32], out: &mut Vec<f32>) {
        self.pad.apply(samples, self.n_fft / 2, out);
    }

    /// The spectrum of `samples`, shape `(frames, bins)`.
    pub fn forward(&self, samples: &[f32]) -> Array2<Complex<f32>> {
        let mut padded = Vec::new();
        self.padded(samples, &mut padded);
        let mut analyser = self.analyser();
        let mut out = Array2::zeros((self.frames(samples.len()), self.bins()));
        for (t, mut row) in out.axis_iter_mut(Axis(0)).enumerate() {
            if let Some(row) = row.as_slice_mut() {
                analyser.frame(&padded[t * self.hop..], row);
            }
        }
        out
    }

    /// The signal whose spectrum is nearest to `spectrum`, `hop·(frames − 1)` samples.
    ///
    /// The inverse transforms of the frames are windowed once more, added where they overlap, and
    /// divided by the sum of the squared windows there: the least-squares solution.
    ///
    /// Reference: D. W. Griffin and J. S. Lim, *Signal estimation from modified short-time Fourier
    /// transform*, IEEE Trans. ASSP 32 (1984).
    ///
    /// # Errors
    ///
    /// [`FeatureError`] where `spectrum` has not [`Stft::bins`] columns.
    pub fn inverse(&self, spectrum: ArrayView2<Complex<f32>>) -> Result<Vec<f32>, FeatureError> {
        let bins = format!("{} bins, but n_fft is {}", spectrum.ncols(), self.n_fft);
        FeatureError::unless(spectrum.ncols() == self.bins(), "spectrum", bins)?;
        let mut out = Vec::with_capacity(self.hop * spectrum.nrows());
        let mut synthesiser = self.synthesiser();
        let mut row = vec![Complex::default(); self.bins()];
        for frame in spectrum.axis_iter(Axis(0)) {
            row.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
            synthesiser.push(&mut row, |part| out.extend_from_slice(part));
        }
        synthesiser.finish(0, |part| out.extend_from_slice(part));
        Ok(out)
    }

    /// A worker for single frames, with its own scratch memory.
    pub fn analyser(&self) -> Analyser {
        Analyser {
            window: self.window.clone(),
            input: self.forward.make_input_vec(),
            output: self.forward.make_output_vec(),
            scratch: self.forward.make_scratch_vec(),
            plan: self.forward.clone(),
        }
    }

    /// A worker that puts frames together again, with its own scratch memory.
    pub fn synthesiser(&self) -> Synthesiser {
        let scale = 1.0 / self.n_fft as f64;
        Synthesiser {
            hop: self.hop,
            window: self.window.iter().map(|w| (w * scale) as f32).collect(),
            squares: self.window.iter().map(|w| (w * w) as f32).collect(),
            sum: vec![0.0; self.n_fft],
            weight: vec![0.0; self.n_fft],
            begun: false,
            skip: self.n_fft / 2,
            frame: self.inverse.make_output_vec(),
            scratch: self.inverse.make_scratch_vec(),
            plan: self.inverse.clone(),
        }
    }
}

/// Transforms one frame after another; see [`Stft::analyser`].
pub struct Analyser {
    window: Arc<[f64]>,
    input: Vec<f64>,
    output: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    plan: Arc<dyn RealToComplex<f64>>,
}

impl Analyser {
    /// Writes the spectrum of the first `n_fft` of `samples` to `out`, `n_fft / 2 + 1` bins.
    ///
    /// The transform is done in `f64` and rounded once, like librosa's.
    pub fn frame(&mut self, samples: &[f32], out: &mut [Complex<f32>]) {
        let input = &mut self.input;
        simd::wide(
            #[inline(always)]
            || {
                for ((to, &sample), &weight) in input.iter_mut().zip(samples).zip(self.window.iter()) {
                    *to = f64::from(sample) * weight;
                }
            },
        );
        let done = self.plan.process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers have the plan's own lengths");
        simd::wide(
            #[inline(always)]
            || {
                for (to, from) in out.iter_mut().zip(&self.output) {
                    *to = Complex::new(from.re as f32, from.im as f32);
                }
            },
        );
    }
}

/// Adds overlapping frames up; see [`Stft::synthesiser`].
pub struct Synthesiser {
    hop: usize,
    window: Vec<f32>,
    squares: Vec<f32>,
    /// Windowed frames added up, from the start of the latest frame on.
    sum: Vec<f32>,
    /// Squared windows added up at the same places.
    weight: Vec<f32>,
    begun: bool,
    /// Samples still to come that lie before the centre of frame 0.
    skip: usize,
    frame: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    plan: Arc<dyn ComplexToReal<f32>>,
}

impl Synthesiser {
    /// Takes the next frame's spectrum, which is used up, and gives finished samples to `emit`.
    pub fn push(&mut self, spectrum: &mut [Complex<f32>], emit: impl FnMut(&[f32])) {
        if self.begun {
            self.emit(self.hop, emit);
            let kept = self.sum.len() - self.hop;
            for buffer in [&mut self.sum, &mut self.weight] {
                buffer.copy_within(self.hop.., 0);
                buffer[kept..].fill(0.0);
            }
        }
        self.begun = true;
        // The first and the last bin of a real signal's spectrum are real.
        if let [first, .., last] = spectrum {
            (first.im, last.im) = (0.0, 0.0);
        }
        let done = self.plan.process_with_scratch(spectrum, &mut self.frame, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers have the plan's own lengths");
        simd::wide(
            #[inline(always)]
            || {
                for ((sum, &x), &w) in self.sum.iter_mut().zip(&self.frame).zip(&self.window) {
                    *sum += x * w;
                }
                self.weight.iter_mut().zip(&self.squares).for_each(|(sum, w)| *sum += w);
            },
        );
    }

    /// Gives the last samples to `emit`: up to the centre of the last frame, and `tail` more, which are
    /// at most half a frame.
    pub fn finish(mut self, tail: usize, emit: impl FnMut(&[f32])) {
        if self.begun {
            let half = self.sum.len() / 2;
            self.emit(half + tail.min(half), emit);
        }
    }

    fn emit(&mut self, count: usize, mut emit: impl FnMut(&[f32])) {
        simd::wide(
            #[inline(always)]
            || {
                for (sum, &weight) in self.sum[..count].iter_mut().zip(&self.weight) {
                    *sum /= if weight > f32::MIN_POSITIVE { weight } else { 1.0 };
                }
            },
        );
        let skipped = self.skip.min(count);
        self.skip -= skipped;
        emit(&self.sum[skipped..count]);
    }
}

/// Magnitude of each value of a spectrum, rounded once.
pub fn magnitude(spectrum: ArrayView2<Complex<f32>>) -> Array2<f32> {
    spectrum.map(|c| modulus(*c))
}

/// Power of each value of a spectrum: the square of its [`magnitude`].
pub fn power(spectrum: ArrayView2<Complex<f32>>) -> Array2<f32> {
    spectrum.map(|c| modulus(*c).powi(2))
}

/// |c|, correctly rounded: the squares of `f32` are exact in `f64`, and their sum cannot overflow.
#[inline(always)]
pub(crate) fn modulus(c: Complex<f32>) -> f32 {
    let (re, im) = (f64::from(c.re), f64::from(c.im));
    (re * re + im * im).sqrt() as f32
}
