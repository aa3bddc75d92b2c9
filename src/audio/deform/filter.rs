use super::noise::white;
use super::{RATE, count};
use realfft::RealFftPlanner;

/// A filter of two poles and two zeros.
///
/// R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients", with a quality of 1/√2: what sox's
/// `lowpass` and `highpass` are.
pub(super) struct Biquad {
    zeros: [f64; 3],
    poles: [f64; 2],
}

impl Biquad {
    /// Halves the power at so many Hz, and what is above falls by 12 decibels an octave.
    pub fn low_pass(hertz: f64) -> Self {
        Self::of(hertz, |cosine| {
            let side = (1.0 - cosine) / 2.0;
            [side, 1.0 - cosine, side]
        })
    }

    /// The same of what is below.
    pub fn high_pass(hertz: f64) -> Self {
        Self::of(hertz, |cosine| {
            let side = f64::midpoint(1.0, cosine);
            [side, -(1.0 + cosine), side]
        })
    }

    fn of(hertz: f64, zeros: impl Fn(f64) -> [f64; 3]) -> Self {
        let (sine, cosine) = (std::f64::consts::TAU * hertz / f64::from(RATE)).sin_cos();
        let alpha = sine * std::f64::consts::FRAC_1_SQRT_2;
        let scale = 1.0 + alpha;
        Self {
            zeros: zeros(cosine).map(|zero| zero / scale),
            poles: [-2.0 * cosine / scale, (1.0 - alpha) / scale],
        }
    }

    /// Filters samples where they are.
    pub fn filter(&self, samples: &mut [f32]) {
        let ([b0, b1, b2], [a1, a2]) = (self.zeros, self.poles);
        let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
        for sample in samples {
            let x = f64::from(*sample);
            let y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
            (x1, x2, y1, y2) = (x, x1, y, y1);
            *sample = y as f32;
        }
    }
}

/// Samples in a room: convolved with noise that falls by 60 decibels in so many seconds, behind the direct sound and together
/// half as loud as it (J. A. Moorer, "About this reverberation business", Computer Music Journal 3, 1979).
pub(super) fn reverberated(samples: &[f32], seconds: f64, seed: u64) -> Vec<f32> {
    if samples.is_empty() {
        return Vec::new();
    }
    let mut response: Vec<f64> = white(count(seconds), seed ^ 0x5eed)
        .into_iter()
        .enumerate()
        .map(|(place, x)| x * 10.0_f64.powf(-3.0 * place as f64 / count(seconds) as f64))
        .collect();
    let energy: f64 = response.iter().map(|x| x * x).sum();
    response.iter_mut().for_each(|x| *x *= (0.5 / energy.max(f64::MIN_POSITIVE)).sqrt());
    response[0] = 1.0;
    let size = (samples.len() + response.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let spectrum = |numbers: &mut dyn Iterator<Item = f64>| {
        let (mut block, mut spectrum) = (forward.make_input_vec(), forward.make_output_vec());
        block.iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
        // Both are as long as the plan says.
        let _ = forward.process(&mut block, &mut spectrum);
        spectrum
    };
    let of_room = spectrum(&mut response.into_iter());
    let mut product = spectrum(&mut samples.iter().map(|x| f64::from(*x)));
    product.iter_mut().zip(of_room).for_each(|(bin, room)| *bin *= room);
    // Of real numbers, whatever rounding says.
    product[0].im = 0.0;
    product[size / 2].im = 0.0;
    let mut out = inverse.make_output_vec();
    let _ = inverse.process(&mut product, &mut out);
    out.into_iter().take(samples.len()).map(|x| (x / size as f64) as f32).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use serde_json::Value;

    /// What sox makes of the same samples (tests/fixtures/sox/make_sox.sh).
    #[test]
    fn filters_are_those_of_sox() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/sox/filters.json")).unwrap();
        let numbers = |name: &str| -> Vec<f32> {
            fixture[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
        };
        for (name, filters) in [
            ("lowpass 4000", vec![Biquad::low_pass(4000.0)]),
            ("highpass 300", vec![Biquad::high_pass(300.0)]),
            ("highpass 300 lowpass 3400", vec![Biquad::high_pass(300.0), Biquad::low_pass(3400.0)]),
        ] {
            let mut samples = numbers("samples");
            filters.iter().for_each(|filter| filter.filter(&mut samples));
            let expected = numbers(name);
            assert_eq!(samples.len(), expected.len());
            let worst = samples.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
            assert!(worst < 2e-6, "{name}: {worst}");
        }
    }

    #[test]
    fn a_room_answers_a_click_with_noise_that_dies_away() {
        let mut click = vec![0.0; RATE as usize];
        click[0] = 1.0;
        let heard = reverberated(&click, 0.5, 1);
        assert!((heard[0] - 1.0).abs() < 1e-6);
        let level = |from: f64| {
            let part = &heard[count(from)..count(from + 0.05)];
            10.0 * (part.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>()).log10()
        };
        // 60 decibels in half a second.
        assert!((level(0.05) - level(0.35) - 36.0).abs() < 1.5, "{}", level(0.05) - level(0.35));
        assert!(heard[count(0.51)..].iter().all(|x| x.abs() < 1e-6));
    }
}
