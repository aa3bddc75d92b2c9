use crate::layers::Weights;
use candle_core::{Result, Tensor, Var};
use std::collections::BTreeMap;

/// A copy of a network's numbers at one time.
pub(crate) struct Snapshot {
    pub trainable: BTreeMap<String, Tensor>,
    pub buffers: BTreeMap<String, Tensor>,
}

impl Snapshot {
    pub fn of(weights: &Weights) -> Result<Self> {
        let copy = |vars: &BTreeMap<String, Var>| -> Result<_> {
            vars.iter().map(|(name, var)| Ok((name.clone(), var.copy()?.detach()))).collect()
        };
        Ok(Self { trainable: copy(&weights.trainable)?, buffers: copy(&weights.buffers)? })
    }

    /// Gives the numbers back to the network that they were taken from.
    pub fn restore(&self, weights: &Weights) -> Result<()> {
        let parts = [(&self.trainable, &weights.trainable), (&self.buffers, &weights.buffers)];
        for (values, vars) in parts {
            for (name, value) in values {
                vars.get(name).map_or(Ok(()), |var| var.set(value))?;
            }
        }
        Ok(())
    }
}
