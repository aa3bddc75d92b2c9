use super::cpu::values;
use super::dispatch::Dispatch;
use crate::kernels;
use candle_core::{Device, Result, Tensor};

/// Cross-entropy of the softmax of scores `(batch, classes)` with soft labels, a scalar, and its gradient with
/// respect to the scores. `targets` has as many numbers as the scores.
pub(crate) fn cross_entropy(scores: &Tensor, targets: Vec<f32>) -> Result<(Tensor, Tensor)> {
    SoftmaxCrossEntropy { scores, targets }.run(scores.device())
}

struct SoftmaxCrossEntropy<'a> {
    scores: &'a Tensor,
    targets: Vec<f32>,
}

impl Dispatch for SoftmaxCrossEntropy<'_> {
    type Output = (Tensor, Tensor);

    fn on_cpu(self) -> Result<(Tensor, Tensor)> {
        let Self { scores, targets } = self;
        let (_, classes) = scores.dims2()?;
        let mut gradient = values(scores)?.to_vec();
        let mut loss = 0.0;
        for (row, targets) in gradient.chunks_exact_mut(classes).zip(targets.chunks_exact(classes)) {
            // The largest score is taken away so that no exponential overflows. Not `max`, which passes over what is
            // no number.
            let largest = row.iter().fold(f32::NEG_INFINITY, |most, &x| if most > x { most } else { x });
            let sum: f32 = row.iter().map(|score| (score - largest).exp()).sum();
            let all: f32 = targets.iter().sum();
            for (score, target) in row.iter_mut().zip(targets) {
                let centered = *score - largest;
                loss += f64::from(target * (sum.ln() - centered));
                *score = centered.exp() / sum * all - target;
            }
        }
        let loss = Tensor::new(loss as f32, &Device::Cpu)?;
        Ok((loss, Tensor::from_vec(gradient, scores.shape(), &Device::Cpu)?))
    }

    fn on_cuda(self) -> Result<(Tensor, Tensor)> {
        let targets = kernels::upload(self.targets, self.scores.shape(), self.scores.device())?;
        kernels::cross_entropy(self.scores, &targets)
    }
}
