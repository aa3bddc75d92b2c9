use serde::{Deserialize, Serialize};

/// What a fitted model can tell about its fit besides scores. It is stored with the cell and shown
/// by `bench show --insights`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Insights {
    /// Named numbers, such as `out-of-bag accuracy`, in the order to show them.
    pub numbers: Vec<(String, f64)>,
    /// How much each column of the table counts, none below 0, together 1; empty if the model
    /// cannot tell.
    pub importances: Vec<f64>,
}

impl Insights {
    /// Adds a number.
    pub fn number(mut self, name: impl Into<String>, value: f64) -> Self {
        self.numbers.push((name.into(), value));
        self
    }
}
