use super::cpu::{BLOCK, change, values, wide};
use super::dispatch::Dispatch;
use super::update::Update;
use crate::kernels::Kernel;
use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

/// A step of `torch.optim.Adam` or `torch.optim.AdamW`.
#[derive(Clone, Copy)]
pub(crate) struct Adam {
    pub betas: (f64, f64),
    pub epsilon: f64,
    /// Of the gradient, as an L2 penalty: Adam.
    pub gradient_decay: f64,
    /// Of the weight itself, in proportion to the learning rate: AdamW.
    pub decoupled_decay: f64,
    /// Number of this step, the first being 1.
    pub step: usize,
}

impl Adam {
    /// Changes the weight and both of its moments, in place.
    pub fn apply(self, update: Update) -> Result<()> {
        let [mean, square] = update.moments else {
            bail!("the optimizer was made for other weights");
        };
        let step = AdamStep { factors: self.factors(update.learning_rate), adam: self, update, mean, square };
        if update.is_f32() { step.run(update.weight.device()) } else { step.in_tensor_operations() }
    }

    fn factors(&self, learning_rate: f64) -> Factors {
        let step = self.step as f64;
        Factors {
            shrink: 1.0 - learning_rate * self.decoupled_decay,
            penalty: self.gradient_decay,
            step: learning_rate / (1.0 - self.betas.0.powf(step)),
            root: 1.0 / (1.0 - self.betas.1.powf(step)).sqrt(),
        }
    }
}

/// What a step multiplies with.
#[derive(Clone, Copy)]
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

struct AdamStep<'a> {
    adam: Adam,
    factors: Factors,
    update: Update<'a>,
    mean: &'a Tensor,
    square: &'a Tensor,
}

impl AdamStep<'_> {
    fn in_tensor_operations(&self) -> Result<()> {
        let Self { adam: Adam { betas, epsilon, .. }, factors, update, mean, square } = self;
        let Factors { shrink, penalty, step, root } = *factors;
        let weight = update.weight.as_detached_tensor();
        let gradient = ((update.gradient * update.scale)? + (&weight * penalty)?)?;
        let now = ((*mean * betas.0)? + (&gradient * (1.0 - betas.0))?)?;
        let now_square = ((*square * betas.1)? + (gradient.sqr()? * (1.0 - betas.1))?)?;
        mean.slice_set(&now, 0, 0)?;
        square.slice_set(&now_square, 0, 0)?;
        let direction = (now / ((now_square.sqrt()? * root)? + *epsilon)?)?;
        update.weight.set(&((weight * shrink)? - (direction * step)?)?)
    }
}

impl Dispatch for AdamStep<'_> {
    type Output = ();

    fn on_cpu(self) -> Result<()> {
        let Self { adam: Adam { betas, epsilon, .. }, factors, update, mean, square } = self;
        let Factors { shrink, penalty, step, root } = factors;
        let (shrink, penalty, step, root) = (shrink as f32, penalty as f32, step as f32, root as f32);
        let (keep, keep_square) = (betas.0 as f32, betas.1 as f32);
        let (take, take_square) = ((1.0 - betas.0) as f32, (1.0 - betas.1) as f32);
        let (scale, epsilon) = (update.scale as f32, epsilon as f32);
        let gradient = values(update.gradient)?;
        change(update.weight, |weight| {
            change(mean, |mean| {
                change(square, |square| {
                    let blocks = (
                        weight.par_chunks_mut(BLOCK),
                        gradient.par_chunks(BLOCK),
                        mean.par_chunks_mut(BLOCK),
                        square.par_chunks_mut(BLOCK),
                    );
                    blocks.into_par_iter().for_each(|(weight, gradient, mean, square)| {
                        wide(
                            #[inline(always)]
                            |_| {
                                for (((w, g), m), s) in weight.iter_mut().zip(gradient).zip(mean).zip(square)
                                {
                                    let g = g * scale + penalty * *w;
                                    *m = keep * *m + take * g;
                                    *s = keep_square * *s + take_square * g * g;
                                    *w = shrink * *w - step * *m / (s.sqrt() * root + epsilon);
                                }
                            },
                        );
                    });
                    Ok(())
                })
            })
        })
    }

    fn on_cuda(self) -> Result<()> {
        let Self { adam: Adam { betas, epsilon, .. }, factors, update, mean, square } = self;
        let Factors { shrink, penalty, step, root } = factors;
        let reals = [
            update.scale,
            penalty,
            betas.0,
            1.0 - betas.0,
            betas.1,
            1.0 - betas.1,
            shrink,
            step,
            root,
            epsilon,
        ];
        let kernel = Kernel::new("adam").read(update.gradient).write(update.weight).write(mean).write(square);
        reals.into_iter().fold(kernel, |kernel, real| kernel.real(real as f32)).each(mean.elem_count())
    }
}
