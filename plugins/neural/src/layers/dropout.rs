use super::buffer::zeros;
use super::operation::Operation;
use super::tape::Keep;
use super::values::values;
use super::{Layer, Pass, kernels};
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;

/// In training, sets numbers to zero by chance and makes the others larger, so that the mean stays (N.
/// Srivastava et al., JMLR 15, 2014); in evaluation, nothing.
#[derive(Debug, Clone, Copy)]
pub struct Dropout(f32);

impl Dropout {
    /// With a chance for every number to be dropped, at least 0 and below 1.
    ///
    /// # Errors
    ///
    /// Any other chance.
    pub fn new(chance: f32) -> Result<Self> {
        if !(0.0..1.0).contains(&chance) {
            bail!("the chance to be dropped must be at least 0 and below 1, not {chance}");
        }
        Ok(Self(chance))
    }
}

impl Layer for Dropout {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        match pass.seed() {
            Some(seed) if self.0 > 0.0 => {
                pass.apply([&batch.contiguous()?], Mask { chance: self.0, seed }, Keep::NOTHING)
            }
            _ => Ok(batch.clone()),
        }
    }
}

/// Which numbers are dropped follows from the seed and their places alone: nothing needs to be kept for the
/// backward pass, and nothing depends on the threads.
struct Mask {
    chance: f32,
    seed: u64,
}

impl Mask {
    fn apply(&self, numbers: &Tensor) -> Result<Tensor> {
        let scale = 1.0 / (1.0 - self.chance);
        let threshold = (f64::from(self.chance) * 2.0f64.powi(32)) as u32;
        if kernels::run_on(numbers.device()) {
            return kernels::dropout(numbers, self.seed, threshold, scale);
        }
        let values = values(numbers)?;
        let factor = |place: usize| if random(self.seed, place as u64) < threshold { 0.0 } else { scale };
        let mut kept = zeros(values.len());
        let pairs = kept.par_iter_mut().zip(&*values).enumerate();
        pairs.for_each(|(place, (kept, value))| *kept = value * factor(place));
        Tensor::from_vec(kept, numbers.shape(), &Device::Cpu)
    }
}

impl Operation<1> for Mask {
    fn forward(&self, [input]: [&Tensor; 1]) -> Result<Tensor> {
        self.apply(input)
    }

    fn backward(&self, _: [&Tensor; 1], _output: &Tensor, gradient: &Tensor) -> Result<[Option<Tensor>; 1]> {
        Ok([Some(self.apply(gradient)?)])
    }
}

/// The upper half of SplitMix64's number at a place of its sequence (G. Steele, D. Lea and C. Flood, OOPSLA
/// 2014).
fn random(seed: u64, place: u64) -> u32 {
    let mut state = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 32) as u32
}
