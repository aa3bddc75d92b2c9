use super::evaluate::argmax;
use candle_core::Tensor;

/// The results of a step, on the device until they are read.
pub(super) struct StepResult {
    /// Its number in the epoch, the first being 1.
    pub step: usize,
    /// Classes of the examples.
    pub labels: Vec<usize>,
    /// The loss, and the scores before the step.
    pub numbers: Tensor,
}

impl StepResult {
    /// The loss, and how many predictions were correct. Waits for the device.
    pub fn read(&self) -> candle_core::Result<(f64, usize)> {
        let numbers = self.numbers.to_vec1::<f32>()?;
        let scores = numbers[1..].chunks_exact((numbers.len() - 1) / self.labels.len());
        let correct = scores.zip(&self.labels).filter(|(row, label)| argmax(row) == **label).count();
        Ok((f64::from(numbers[0]), correct))
    }
}

/// 1 at every label and 0 elsewhere, shape `(labels, classes)`, row-major.
pub(super) fn one_hot(labels: &[usize], classes: usize) -> Vec<f32> {
    let is = |label: usize| (0..classes).map(move |class| f32::from(u8::from(class == label)));
    labels.iter().copied().flat_map(is).collect()
}
