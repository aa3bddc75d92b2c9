use genre_bench_api::random_stream;
use rand::Rng;

/// White noise: numbers of a normal distribution, drawn by the seed.
pub(super) fn white(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = random_stream(seed, "white noise");
    // G. E. P. Box and M. E. Muller, Annals of Mathematical Statistics 29, 1958: two by two.
    let mut pair = || {
        let radius = (-2.0 * (1.0 - rng.r#gen::<f64>()).ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * rng.r#gen::<f64>()).sin_cos();
        [radius * cosine, radius * sine]
    };
    let mut noise: Vec<f64> = (0..count.div_ceil(2)).flat_map(|_| pair()).collect();
    noise.truncate(count);
    noise
}

/// Pink noise: white noise through a filter that falls by 3 decibels an octave, within 0.05 from 10 Hz at 44.1 kHz, and
/// within 0.5 of that at [`RATE`](super::RATE).
///
/// The filter is P. Kellet's, as R. Bristow-Johnson and others collected it ("DSP generation of pink noise", musicdsp.org).
pub(super) fn pink(count: usize, seed: u64) -> Vec<f64> {
    const POLES: [(f64, f64); 6] = [
        (0.998_86, 0.055_517_9),
        (0.993_32, 0.075_075_9),
        (0.969, 0.153_852),
        (0.866_5, 0.310_485_6),
        (0.55, 0.532_952_2),
        (-0.761_6, -0.016_898),
    ];
    let (mut states, mut before) = ([0.0; 6], 0.0);
    let mut filtered = |white: f64| {
        for (state, (pole, factor)) in states.iter_mut().zip(POLES) {
            *state = pole * *state + factor * white;
        }
        let sum = states.iter().sum::<f64>() + before + 0.536_2 * white;
        before = 0.115_926 * white;
        sum
    };
    white(count, seed).into_iter().map(&mut filtered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean power of bands an octave wide.
    fn octaves(noise: &[f64]) -> Vec<f64> {
        let size = 1 << 12;
        let plan = rustfft::FftPlanner::new().plan_fft_forward(size);
        let mut power = vec![0.0; size / 2];
        for block in noise.chunks_exact(size) {
            let mut block: Vec<_> =
                block.iter().map(|x| rustfft::num_complex::Complex::new(*x, 0.0)).collect();
            plan.process(&mut block);
            power.iter_mut().zip(&block).for_each(|(sum, bin)| *sum += bin.norm_sqr());
        }
        let band = |start: usize| power[start..2 * start].iter().sum::<f64>() / start as f64;
        (4..10).map(|octave| 10.0 * band(1 << octave).log10()).collect()
    }

    #[test]
    fn white_noise_is_flat_and_pink_noise_falls_by_3_decibels_an_octave() {
        for (noise, slope) in [(white(1 << 19, 5), 0.0), (pink(1 << 19, 5), -3.01)] {
            for pair in octaves(&noise).windows(2) {
                assert!((pair[1] - pair[0] - slope).abs() < 0.4, "{} instead of {slope}", pair[1] - pair[0]);
            }
        }
    }
}
