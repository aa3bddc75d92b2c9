use super::{Moments, Normalization};
use crate::ops::cpu::{sum, values};
use candle_core::{Device, Result, Tensor, Var};
use rayon::prelude::*;

/// Numbers of which mean and squares are told one after the other while they are in a core's first cache.
const BLOCK: usize = 4096;

/// How many numbers there are, their mean, and the sum of the squares of how far they are from it.
#[derive(Clone, Copy, Default)]
pub(super) struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn of(numbers: &[f32]) -> Self {
        let count = numbers.len() as f64;
        let mean = sum(numbers, |number| number) / count;
        let near = mean as f32;
        let squares = sum(numbers, |number| (number - near) * (number - near));
        // As if it had been told from the mean itself.
        Self { count, mean, squares: squares - count * (mean - f64::from(near)).powi(2) }
    }

    /// Of one plane, which is read once.
    pub fn of_plane(plane: &[f32]) -> Self {
        plane.chunks(BLOCK).map(Self::of).fold(Self::default(), Self::and)
    }

    /// Of both (T. Chan, G. Golub and R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
    fn and(self, other: Self) -> Self {
        if self.count == 0.0 {
            return other;
        }
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * other.count / count,
            squares: self.squares + other.squares + apart * apart * self.count * other.count / count,
        }
    }
}

/// Mean and variance of a channel of these planes.
fn of_channel(planes: impl Iterator<Item = Spread>) -> (f32, f32) {
    let all = planes.fold(Spread::default(), Spread::and);
    (all.mean as f32, (all.squares / all.count).max(0.0) as f32)
}

impl Normalization {
    /// Mean and variance of every channel: of the batch, which the running ones then follow, or the running ones.
    pub(super) fn moments(&self, channels: &[Vec<&[f32]>]) -> Result<(Vec<f32>, Vec<f32>)> {
        let numbers = channels.first().map_or(0, |planes| planes.iter().map(|plane| plane.len()).sum());
        let measured = |planes: &Vec<&[f32]>| of_channel(planes.iter().map(|plane| Spread::of_plane(plane)));
        self.moments_or_running(numbers, || channels.par_iter().map(measured).unzip())
    }

    /// The same, where the planes are measured already: those of an example after those of another, each of so many numbers.
    pub(super) fn moments_of(
        &self,
        planes: &[Spread],
        channels: usize,
        plane: usize,
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let measured = |channel: usize| of_channel(planes.iter().skip(channel).step_by(channels).copied());
        let own = || (0..channels).into_par_iter().map(measured).unzip();
        self.moments_or_running(planes.len() / channels * plane, own)
    }

    /// The batch's own, told of so many numbers of a channel, where they are used.
    fn moments_or_running(
        &self,
        numbers: usize,
        own: impl FnOnce() -> (Vec<f32>, Vec<f32>),
    ) -> Result<(Vec<f32>, Vec<f32>)> {
        let Some(momentum) = self.momentum else {
            return Ok((self.running_mean.to_vec1()?, self.running_variance.to_vec1()?));
        };
        let (mean, variance) = own();
        self.follow(&mean, &variance, momentum, numbers as f32)?;
        Ok((mean, variance))
    }

    /// For the backward pass, which only statistics of the batch's own have.
    pub(super) fn own_moments(&self, mean: Vec<f32>, variance: Vec<f32>) -> Result<Option<Moments>> {
        if self.momentum.is_none() {
            return Ok(None);
        }
        let channels = mean.len();
        let tensor = |numbers: Vec<f32>| Tensor::from_vec(numbers, channels, &Device::Cpu);
        Ok(Some(Moments { mean: tensor(mean)?, variance: tensor(variance)?, gated: None }))
    }

    /// Moves running statistics towards the batch's.
    fn follow(&self, mean: &[f32], variance: &[f32], momentum: f32, numbers: f32) -> Result<()> {
        let towards = |running: &Var, batch: &mut dyn Iterator<Item = f32>| {
            let moved: Vec<f32> = values(running)?
                .iter()
                .zip(batch)
                .map(|(running, batch)| (1.0 - momentum) * running + momentum * batch)
                .collect();
            running.set(&Tensor::from_vec(moved, running.shape(), &Device::Cpu)?)
        };
        towards(&self.running_mean, &mut mean.iter().copied())?;
        // The batch's variance divides by the count; an estimate of the population's by one less.
        towards(
            &self.running_variance,
            &mut variance.iter().map(|variance| variance * numbers / (numbers - 1.0)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_that_of_all_numbers_however_they_are_cut() {
        // Far from zero and close together, where squares of the numbers themselves would say nothing.
        let numbers: Vec<f32> = (0..10_000).map(|at| 3000.0 + (at * 7919 % 101) as f32 / 64.0).collect();
        let exact = |of: &dyn Fn(f64) -> f64| {
            numbers.iter().map(|number| of(f64::from(*number))).sum::<f64>() / numbers.len() as f64
        };
        let mean = exact(&|number| number);
        let variance = exact(&|number| (number - mean).powi(2));
        for cut in [10_000, 4000, 100, 1] {
            let (of_planes, spread) = of_channel(numbers.chunks(cut).map(Spread::of_plane));
            assert!((f64::from(of_planes) - mean).abs() < 1e-3, "{of_planes} and {mean}");
            assert!((f64::from(spread) / variance - 1.0).abs() < 1e-5, "{spread} and {variance}");
        }
    }
}
