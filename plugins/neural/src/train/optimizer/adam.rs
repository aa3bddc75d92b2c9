use super::in_place::{BLOCK, change, read};
use super::{Decay, Update, Way};
use crate::layers::kernels::Kernel;
use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

/// `torch.optim.Adam` and `torch.optim.AdamW`.
pub(super) struct Adam {
    pub betas: (f64, f64),
    pub epsilon: f64,
    pub weight_decay: f64,
    pub decay: Decay,
    /// Number of this step, the first being 1.
    pub step: usize,
}

impl Adam {
    pub fn apply(&self, update: &Update) -> Result<()> {
        let [mean, square] = update.moments else {
            bail!("the optimizer was made for other weights");
        };
        match update.way() {
            Way::Tensors => return self.apply_to_tensors(update, mean, square),
            Way::Kernel => return self.launch(update, mean, square),
            Way::Slices => {}
        }
        read(update.gradient, |gradient| {
            change(update.weight, |weight| {
                change(mean, |mean| {
                    change(square, |square| {
                        self.apply_to_values(update, weight, gradient, mean, square);
                        Ok(())
                    })
                })
            })
        })
    }

    fn apply_to_values(
        &self,
        update: &Update,
        weight: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
    ) {
        let Factors { shrink, penalty, step, root } = self.factors(update.learning_rate);
        let (shrink, penalty, step, root) = (shrink as f32, penalty as f32, step as f32, root as f32);
        let (keep, keep_square) = (self.betas.0 as f32, self.betas.1 as f32);
        let (take, take_square) = ((1.0 - self.betas.0) as f32, (1.0 - self.betas.1) as f32);
        let (scale, epsilon) = (update.scale as f32, self.epsilon as f32);
        let blocks = (
            weight.par_chunks_mut(BLOCK),
            gradient.par_chunks(BLOCK),
            mean.par_chunks_mut(BLOCK),
            square.par_chunks_mut(BLOCK),
        );
        blocks.into_par_iter().for_each(|(weight, gradient, mean, square)| {
            for (((w, g), m), s) in weight.iter_mut().zip(gradient).zip(mean).zip(square) {
                let g = g * scale + penalty * *w;
                *m = keep * *m + take * g;
                *s = keep_square * *s + take_square * g * g;
                *w = shrink * *w - step * *m / (s.sqrt() * root + epsilon);
            }
        });
    }

    fn launch(&self, update: &Update, mean: &Tensor, square: &Tensor) -> Result<()> {
        let Factors { shrink, penalty, step, root } = self.factors(update.learning_rate);
        let (keep, keep_square) = self.betas;
        let reals = [
            update.scale,
            penalty,
            keep,
            1.0 - keep,
            keep_square,
            1.0 - keep_square,
            shrink,
            step,
            root,
            self.epsilon,
        ];
        let kernel = Kernel::new("adam").read(update.gradient).write(update.weight).write(mean).write(square);
        reals.into_iter().fold(kernel, |kernel, real| kernel.real(real as f32)).each(mean.elem_count())
    }

    fn apply_to_tensors(&self, update: &Update, mean: &Tensor, square: &Tensor) -> Result<()> {
        let Factors { shrink, penalty, step, root } = self.factors(update.learning_rate);
        let weight = update.weight.as_detached_tensor();
        let gradient = ((update.gradient * update.scale)? + (&weight * penalty)?)?;
        let now = ((mean * self.betas.0)? + (&gradient * (1.0 - self.betas.0))?)?;
        let now_square = ((square * self.betas.1)? + (gradient.sqr()? * (1.0 - self.betas.1))?)?;
        mean.slice_set(&now, 0, 0)?;
        square.slice_set(&now_square, 0, 0)?;
        let direction = (now / ((now_square.sqrt()? * root)? + self.epsilon)?)?;
        update.weight.set(&((weight * shrink)? - (direction * step)?)?)
    }

    fn factors(&self, learning_rate: f64) -> Factors {
        let step = self.step as f64;
        let (shrink, penalty) = match self.decay {
            Decay::Gradient => (1.0, self.weight_decay),
            Decay::Weight => (1.0 - learning_rate * self.weight_decay, 0.0),
        };
        Factors {
            shrink,
            penalty,
            step: learning_rate / (1.0 - self.betas.0.powf(step)),
            root: 1.0 / (1.0 - self.betas.1.powf(step)).sqrt(),
        }
    }
}

/// What a step multiplies with.
struct Factors {
    /// The weight itself.
    shrink: f64,
    /// The weight, before it is added to the gradient.
    penalty: f64,
    /// The quotient of the mean gradient and the root of the mean squared one.
    step: f64,
    /// That root. Both means start at 0 and are too small by a known factor, which is taken out here and in
    /// `step`.
    root: f64,
}
