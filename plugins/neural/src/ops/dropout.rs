use super::cpu::{BLOCK, Unwritten, made, values, wide};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

/// Zeroes some numbers and makes the others larger, so that the mean stays.
///
/// Which ones follows from the seed and their places alone: nothing needs to be kept for the backward pass, and
/// nothing depends on the threads.
pub(crate) struct DropoutMask {
    /// The probability of a number to be zeroed, at least 0 and below 1.
    pub probability: f32,
    pub seed: u64,
    /// So many numbers in a row share their fate.
    pub span: usize,
}

impl DropoutMask {
    fn scale(&self) -> f32 {
        1.0 / (1.0 - self.probability)
    }

    /// Numbers whose random one is below it are dropped.
    fn threshold(&self) -> u32 {
        (f64::from(self.probability) * 2.0f64.powi(32)) as u32
    }

    fn on_cpu(&self, numbers: &Tensor) -> Result<Tensor> {
        // Copies, and no references into the mask: only of these the compiler makes eight numbers at once.
        let (seed, scale, threshold) = (self.seed, self.scale(), self.threshold());
        let factor = move |place: u32| if random(seed, place) < threshold { 0.0 } else { scale };
        let values = values(numbers)?;
        let mut kept = Unwritten::new(values.len());
        // Whole spans, so that nothing is divided for every number.
        let span = self.span.max(1);
        let spans = BLOCK.div_ceil(span);
        let blocks = kept.all().par_chunks_mut(spans * span).zip(values.par_chunks(spans * span));
        blocks.enumerate().for_each(|(block, (kept, values))| {
            let places = ((block * spans) as u32)..;
            if span == 1 {
                wide(
                    #[inline(always)]
                    move |_| {
                        for ((kept, value), place) in kept.iter_mut().zip(values).zip(places) {
                            kept.write(value * factor(place));
                        }
                    },
                );
            } else {
                let of_span = kept.chunks_mut(span).zip(values.chunks(span));
                for ((kept, values), place) in of_span.zip(places) {
                    let factor = factor(place);
                    made(kept, values, |value| value * factor);
                }
            }
        });
        // SAFETY: every number of every block was written.
        Tensor::from_vec(unsafe { kept.written() }, numbers.shape(), &Device::Cpu)
    }

    fn on_cuda(&self, numbers: &Tensor) -> Result<Tensor> {
        kernels::dropout(numbers, self.seed, self.threshold(), self.scale(), self.span)
    }
}

impl Operation<1> for DropoutMask {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::NEITHER;

    fn forward_cpu(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        Ok((self.on_cpu(input)?, ()))
    }

    fn forward_cuda(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        Ok((self.on_cuda(input)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        Ok([Some(self.on_cpu(of.gradient)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        Ok([Some(self.on_cuda(of.gradient)?)])
    }
}

/// A random number of a place, of 32 bits so that wide registers make eight at once: the mixing function `lowbias32` (C. Wellons,
/// hash-prospector, 2018), with half of the seed before it and half between its two products. Seeds have to be random themselves.
#[inline(always)]
fn random(seed: u64, place: u32) -> u32 {
    let mut number = place ^ seed as u32;
    number = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
    number = (number ^ (number >> 15) ^ (seed >> 32) as u32).wrapping_mul(0x846c_a68b);
    number ^ (number >> 16)
}

#[cfg(test)]
mod tests {
    use super::random;
    use genre_bench_api::random_stream;
    use rand::RngCore;

    const PLACES: u32 = 1 << 18;

    /// How often two of the masks of probability 1/2 agree, in standard deviations from one half.
    fn agreement(one: impl Fn(u32) -> u32, other: impl Fn(u32) -> u32) -> f64 {
        let agree = (0..PLACES).filter(|&place| (one(place) ^ other(place)) >> 31 == 0).count();
        (agree as f64 - f64::from(PLACES) / 2.0) / (f64::from(PLACES) / 4.0).sqrt()
    }

    #[test]
    fn masks_of_seeds_and_of_neighbours_are_independent() {
        // Seeds are drawn, so two of them differ in about half of their bits.
        let mut seeds = random_stream(1, "seeds of masks");
        for _ in 0..50 {
            let (seed, other) = (seeds.next_u64(), seeds.next_u64());
            let mask = |place| random(seed, place);
            let apart = agreement(mask, |place| random(other, place));
            assert!(apart.abs() < 4.5, "seeds {seed:x} and {other:x}: {apart}");
            for shift in [1, 2, 8, 48, 64, 130] {
                let apart = agreement(mask, |place| random(seed, place + shift));
                assert!(apart.abs() < 4.5, "seed {seed:x}, {shift} places on: {apart}");
            }
        }
    }
}
