use crate::autograd;
use crate::ops::cross_entropy;
use candle_core::{Result, Tensor, bail};

/// Cross-entropy of the softmax, as PyTorch's `CrossEntropyLoss`: the mean of `−log p(class)` over a batch.
#[derive(Debug, Clone, Default)]
pub struct CrossEntropyLoss {
    /// The share of every label that is spread evenly over all classes (C. Szegedy et al., CVPR 2016).
    pub smoothing: f32,
    /// What an example of each class counts; all the same if there are none.
    pub weights: Option<Vec<f32>>,
}

impl CrossEntropyLoss {
    /// Loss, a scalar, of scores `(batch, classes)` whose examples are of these classes. With class weights,
    /// the mean is the weighted one.
    ///
    /// # Errors
    ///
    /// Labels that are not one an example or beyond the classes, weights that are not one a class; a device
    /// that fails.
    pub fn of_labels(&self, scores: &Tensor, labels: &[u32]) -> Result<Tensor> {
        let (batch, classes) = scores.dims2()?;
        if labels.len() != batch || labels.iter().any(|label| *label as usize >= classes) {
            bail!("{} labels do not fit scores of {batch} examples and {classes} classes", labels.len());
        }
        let mut targets = vec![0.0; batch * classes];
        for (row, label) in targets.chunks_exact_mut(classes).zip(labels) {
            row[*label as usize] = 1.0;
        }
        let total = match &self.weights {
            Some(weights) if weights.len() == classes => {
                labels.iter().map(|label| weights[*label as usize]).sum()
            }
            _ => batch as f32,
        };
        self.divided_by(total, scores, targets)
    }

    /// Loss of scores whose examples belong to several classes in part, as mixup makes them: `targets` has a
    /// row an example and sums up to 1 in each. The mean is over examples, whatever the class weights.
    ///
    /// # Errors
    ///
    /// As [`CrossEntropyLoss::of_labels`].
    pub fn of_soft_labels(&self, scores: &Tensor, targets: Vec<f32>) -> Result<Tensor> {
        self.divided_by(scores.dims2()?.0 as f32, scores, targets)
    }

    fn divided_by(&self, total: f32, scores: &Tensor, mut targets: Vec<f32>) -> Result<Tensor> {
        let (batch, classes) = scores.dims2()?;
        if targets.len() != batch * classes
            || self.weights.as_ref().is_some_and(|weights| weights.len() != classes)
        {
            bail!("targets or class weights do not fit scores of {batch} examples and {classes} classes");
        }
        for row in targets.chunks_exact_mut(classes) {
            for (class, target) in row.iter_mut().enumerate() {
                let weight = self.weights.as_ref().map_or(1.0, |weights| weights[class]);
                *target =
                    (*target * (1.0 - self.smoothing) + self.smoothing / classes as f32) * weight / total;
            }
        }
        let scores = scores.contiguous()?;
        let (loss, gradient) = cross_entropy(&scores.detach(), targets)?;
        autograd::loss(&scores, &loss, &gradient)
    }
}
