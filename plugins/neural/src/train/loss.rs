use candle_core::{D, Result, Tensor, bail};

/// Softmax cross-entropy, PyTorch's `CrossEntropyLoss` with `label_smoothing` and `weight`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CrossEntropy {
    /// How much of every label is spread evenly over all classes, 0–1 (C. Szegedy and others, "Rethinking the Inception
    /// architecture for computer vision", CVPR 2016).
    pub smoothing: f32,
    /// How much each class counts; none where all count alike.
    pub class_weights: Option<Vec<f32>>,
}

impl CrossEntropy {
    /// What the log-probabilities of a batch are multiplied with, shape `(examples, classes)`, row-major: 1 / examples at
    /// the labels and 0 elsewhere where nothing is smoothed or weighted.
    ///
    /// # Errors
    ///
    /// A label that is no class, or another number of class weights than of classes.
    pub fn targets(&self, labels: &[usize], classes: usize) -> Result<Vec<f32>> {
        if let Some(label) = labels.iter().find(|&&label| label >= classes) {
            bail!("label {label} where there are {classes} classes");
        }
        let weights = self.class_weights.as_deref();
        if let Some(weights) = weights.filter(|weights| weights.len() != classes) {
            bail!("{} class weights for {classes} classes", weights.len());
        }
        let weight = |class: usize| weights.map_or(1.0, |weights| weights[class]);
        let total: f32 = labels.iter().map(|&label| weight(label)).sum();
        let spread = self.smoothing / classes as f32;
        let mut targets = Vec::with_capacity(labels.len() * classes);
        for &label in labels {
            targets.extend((0..classes).map(|class| {
                let share = if class == label { 1.0 - self.smoothing + spread } else { spread };
                share * weight(class) / total
            }));
        }
        Ok(targets)
    }

    /// The loss of logits, shape `(examples, classes)`, with targets of the same shape: a scalar in single precision.
    ///
    /// # Errors
    ///
    /// Shapes that differ, or a device that fails.
    pub fn forward(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let logits = logits.to_dtype(candle_core::DType::F32)?;
        // The row's maximum is taken out first, so that nothing overflows.
        let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(D::Minus1)?)?;
        let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
        (shifted.broadcast_sub(&log_sum)? * targets)?.sum_all()?.neg()
    }
}
