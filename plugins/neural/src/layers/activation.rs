use super::channels_last::in_own_layout;
use super::{Context, Layer};
use crate::ops::{Activated, Activation};
use candle_core::{Result, Tensor};

/// Any shape to the same.
impl Layer for Activation {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        in_own_layout(batch, |batch| match self.is_gated() {
            true => context.apply([batch], Activated::<true>(*self)),
            false => context.apply([batch], Activated::<false>(*self)),
        })
    }

    fn is_fixed(&self) -> bool {
        true
    }
}
