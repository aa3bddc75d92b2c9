use super::CrossEntropy;
use super::optimiser::Rule;

/// How a network is trained.
#[derive(Debug)]
pub struct Recipe {
    /// How often every example is learnt from.
    pub epochs: usize,
    /// Examples of a step.
    pub batch: usize,
    /// What the gradients do to the weights.
    pub rule: Rule,
    /// Learning rate that the schedule starts from.
    pub rate: f64,
    /// Longest the gradients together may be as one vector; longer ones are shortened to it. None where any length goes.
    pub clip: Option<f64>,
    /// What is made small.
    pub loss: CrossEntropy,
}

impl Recipe {
    /// Plain cross-entropy and a constant learning rate.
    pub fn new(epochs: usize, batch: usize, rule: Rule, rate: f64) -> Self {
        Self { epochs, batch, rule, rate, clip: None, loss: CrossEntropy::default() }
    }
}
