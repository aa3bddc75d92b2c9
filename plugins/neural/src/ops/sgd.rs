use super::cpu::{BLOCK, change, values};
use super::dispatch::Dispatch;
use super::update::Update;
use crate::kernels::Kernel;
use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

/// A step of `torch.optim.SGD` with dampening 0.
#[derive(Clone, Copy)]
pub(crate) struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

impl Sgd {
    /// Changes the weight and its momentum, in place.
    pub fn apply(self, update: Update) -> Result<()> {
        let [last] = update.moments else {
            bail!("the optimizer was made for other weights");
        };
        let step = SgdStep { sgd: self, update, last };
        if update.is_f32() { step.run(update.weight.device()) } else { step.in_tensor_operations() }
    }
}

struct SgdStep<'a> {
    sgd: Sgd,
    update: Update<'a>,
    last: &'a Tensor,
}

impl SgdStep<'_> {
    fn in_tensor_operations(&self) -> Result<()> {
        let Self { sgd: Sgd { momentum, nesterov, weight_decay }, update, last } = self;
        let weight = update.weight.as_detached_tensor();
        let gradient = ((update.gradient * update.scale)? + (&weight * *weight_decay)?)?;
        let now = ((*last * *momentum)? + &gradient)?;
        last.slice_set(&now, 0, 0)?;
        let direction = if *nesterov { (gradient + (now * *momentum)?)? } else { now };
        update.weight.set(&(weight - (direction * update.learning_rate)?)?)
    }
}

impl Dispatch for SgdStep<'_> {
    type Output = ();

    fn on_cpu(self) -> Result<()> {
        let Self { sgd, update, last } = self;
        let (learning_rate, scale) = (update.learning_rate as f32, update.scale as f32);
        let (momentum, decay, nesterov) = (sgd.momentum as f32, sgd.weight_decay as f32, sgd.nesterov);
        let gradient = values(update.gradient)?;
        change(update.weight, |weight| {
            change(last, |last| {
                let blocks =
                    (weight.par_chunks_mut(BLOCK), gradient.par_chunks(BLOCK), last.par_chunks_mut(BLOCK));
                blocks.into_par_iter().for_each(|(weight, gradient, last)| {
                    for ((w, g), last) in weight.iter_mut().zip(gradient).zip(last) {
                        let g = g * scale + decay * *w;
                        *last = momentum * *last + g;
                        *w -= learning_rate * if nesterov { g + momentum * *last } else { *last };
                    }
                });
                Ok(())
            })
        })
    }

    fn on_cuda(self) -> Result<()> {
        let Self { sgd, update, last } = self;
        Kernel::new("sgd")
            .read(update.gradient)
            .write(update.weight)
            .write(last)
            .real(update.scale as f32)
            .real(sgd.weight_decay as f32)
            .real(sgd.momentum as f32)
            .real(update.learning_rate as f32)
            .size(usize::from(sgd.nesterov))
            .each(last.elem_count())
    }
}
