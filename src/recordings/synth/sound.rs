//! Arithmetic of sound that gives the same bits on every machine.
//!
//! A platform's own sine or exponential may differ in the last bit from another's. Everything here is
//! made of additions, multiplications, divisions and square roots, which IEEE 754 fixes to the bit.

use crate::audio::RATE;
use rand::RngCore;

/// Samples a second.
pub const SAMPLE_RATE: f32 = RATE as f32;

/// 2 to the power of `x`, for |x| < 126, to about six digits.
pub fn exp2(x: f32) -> f32 {
    let whole = x.floor();
    let part = x - whole;
    // Taylor polynomial of e^(part · ln 2).
    let y = part * std::f32::consts::LN_2;
    let mantissa =
        1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0 * (1.0 + y / 5.0 * (1.0 + y / 6.0)))));
    mantissa * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

/// The sine of `turns` of the circle, for −0.5 ≤ turns < 0.5, to about a thousandth: two parabolas, and
/// their own square to take out what they have of the third harmonic.
pub fn sine(turns: f32) -> f32 {
    let arc = turns * (8.0 - 16.0 * turns.abs());
    arc * (0.775 + 0.225 * arc.abs())
}

/// Amplitude factor of `db` decibels.
pub fn decibels(db: f32) -> f32 {
    exp2(db / 6.0206)
}

/// Frequency of a MIDI note number in Hz: 69 is A = 440 Hz.
pub fn hertz(pitch: f32) -> f32 {
    440.0 * exp2((pitch - 69.0) / 12.0)
}

/// The factor by which something falls from one sample to the next if it halves in `seconds`.
pub fn fade(half_life: f32) -> f32 {
    exp2(-1.0 / (half_life * SAMPLE_RATE))
}

/// A limit that is approached smoothly: close to `x` when small, always within −1…1.
pub fn saturate(x: f32) -> f32 {
    x / (1.0 + x * x).sqrt()
}

/// Where an oscillator is in its cycle. A whole turn is 2³², so it never drifts and wraps by itself.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    at: u32,
    step: f32,
}

impl Phase {
    /// At the start of a cycle of `hertz`.
    pub fn new(hertz: f32) -> Self {
        Self { at: 0, step: hertz / SAMPLE_RATE * 4_294_967_296.0 }
    }

    /// Goes on by one sample, at `bend` times the frequency.
    pub fn advance(&mut self, bend: f32) {
        self.at = self.at.wrapping_add((self.step * bend) as u32);
    }

    /// The phase in turns, −0.5 to 0.5.
    pub fn turns(self) -> f32 {
        self.at as i32 as f32 / 4_294_967_296.0
    }

    /// A sawtooth, its jump rounded over two samples (PolyBLEP) so that it hardly aliases.
    pub fn saw(self) -> f32 {
        let (t, width) = (self.turns(), self.step / 4_294_967_296.0);
        let edge = if t > 0.5 - width {
            let x = (t - 0.5) / width;
            x * x + x + x + 1.0
        } else if t < width - 0.5 {
            let x = (t + 0.5) / width;
            x + x - x * x - 1.0
        } else {
            0.0
        };
        2.0 * t - edge
    }

    /// The same oscillator, half a turn later.
    pub fn opposite(self) -> Self {
        Self { at: self.at.wrapping_add(1 << 31), ..self }
    }
}

/// A low-pass filter of one pole: 6 dB an octave.
#[derive(Debug, Clone, Copy, Default)]
pub struct LowPass {
    /// What share of the difference to its input the output makes up in one sample, 0 to 1.
    pub share: f32,
    pub value: f32,
}

impl LowPass {
    /// With its corner at `hertz`.
    pub fn new(hertz: f32) -> Self {
        // 1 − e^(−2π f / rate), and 2π log₂ e = 9.0647.
        Self { share: 1.0 - exp2(-9.0647 * hertz / SAMPLE_RATE), value: 0.0 }
    }

    /// The next output.
    pub fn next(&mut self, input: f32) -> f32 {
        self.value += self.share * (input - self.value);
        self.value
    }
}

/// Draws that depend on nothing but the generator's bits.
pub trait Draw: RngCore {
    /// Uniform in `low`…`high`.
    fn between(&mut self, (low, high): (f32, f32)) -> f32 {
        low + (high - low) * ((self.next_u32() >> 8) as f32 / 16_777_216.0)
    }

    /// Close to normal, with mean 0 and standard deviation 1: a sum of uniform draws (Irwin and Hall).
    fn bell(&mut self) -> f32 {
        (0..12).map(|_| self.between((-0.5, 0.5))).sum()
    }

    /// One of several, all equally likely.
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[((u64::from(self.next_u32()) * from.len() as u64) >> 32) as usize]
    }
}

impl<R: RngCore> Draw for R {}
