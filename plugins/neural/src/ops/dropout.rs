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
        let (scale, threshold) = (self.scale(), self.threshold());
        let factor = |place: usize| if random(self.seed, place as u64) < threshold { 0.0 } else { scale };
        let values = values(numbers)?;
        let mut kept = Unwritten::new(values.len());
        // Whole spans, so that nothing is divided for every number.
        let span = self.span.max(1);
        let spans = BLOCK.div_ceil(span);
        let blocks = kept.all().par_chunks_mut(spans * span).zip(values.par_chunks(spans * span));
        blocks.enumerate().for_each(|(block, (kept, values))| {
            if span == 1 {
                wide(
                    #[inline(always)]
                    |_| {
                        for (at, (kept, value)) in kept.iter_mut().zip(values).enumerate() {
                            kept.write(value * factor(block * spans + at));
                        }
                    },
                );
            } else {
                let of_span = kept.chunks_mut(span).zip(values.chunks(span));
                for (at, (kept, values)) in of_span.enumerate() {
                    let factor = factor(block * spans + at);
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

/// The upper half of SplitMix64's number at a place of its sequence (G. Steele, D. Lea and C. Flood, OOPSLA
/// 2014).
#[inline(always)]
fn random(seed: u64, place: u64) -> u32 {
    let mut state = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 32) as u32
}
