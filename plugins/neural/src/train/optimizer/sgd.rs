use super::in_place::{BLOCK, change, read};
use super::{Update, Way};
use crate::layers::kernels::Kernel;
use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

/// `torch.optim.SGD` with dampening 0.
pub(super) struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

impl Sgd {
    pub fn apply(&self, update: &Update) -> Result<()> {
        let [last] = update.moments else {
            bail!("the optimizer was made for other weights");
        };
        match update.way() {
            Way::Tensors => return self.apply_to_tensors(update, last),
            Way::Kernel => return self.launch(update, last),
            Way::Slices => {}
        }
        read(update.gradient, |gradient| {
            change(update.weight, |weight| {
                change(last, |last| {
                    self.apply_to_values(update, weight, gradient, last);
                    Ok(())
                })
            })
        })
    }

    fn apply_to_values(&self, update: &Update, weight: &mut [f32], gradient: &[f32], last: &mut [f32]) {
        let (learning_rate, scale) = (update.learning_rate as f32, update.scale as f32);
        let (momentum, decay) = (self.momentum as f32, self.weight_decay as f32);
        let blocks = (weight.par_chunks_mut(BLOCK), gradient.par_chunks(BLOCK), last.par_chunks_mut(BLOCK));
        blocks.into_par_iter().for_each(|(weight, gradient, last)| {
            for ((w, g), last) in weight.iter_mut().zip(gradient).zip(last) {
                let g = g * scale + decay * *w;
                *last = momentum * *last + g;
                *w -= learning_rate * if self.nesterov { g + momentum * *last } else { *last };
            }
        });
    }

    fn launch(&self, update: &Update, last: &Tensor) -> Result<()> {
        Kernel::new("sgd")
            .read(update.gradient)
            .write(update.weight)
            .write(last)
            .real(update.scale as f32)
            .real(self.weight_decay as f32)
            .real(self.momentum as f32)
            .real(update.learning_rate as f32)
            .size(usize::from(self.nesterov))
            .each(last.elem_count())
    }

    fn apply_to_tensors(&self, update: &Update, last: &Tensor) -> Result<()> {
        let weight = update.weight.as_detached_tensor();
        let gradient = ((update.gradient * update.scale)? + (&weight * self.weight_decay)?)?;
        let now = ((last * self.momentum)? + &gradient)?;
        last.slice_set(&now, 0, 0)?;
        let direction = if self.nesterov { (gradient + (now * self.momentum)?)? } else { now };
        update.weight.set(&(weight - (direction * update.learning_rate)?)?)
    }
}
