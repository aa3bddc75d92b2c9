use ndarray::Array2;
use std::sync::Arc;

/// What is known of some examples except their labels.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Feature table, shape `(examples, columns)`, each column standardised to mean 0 and
    /// standard deviation 1 over the training part (a column constant there is only centred).
    pub table: Array2<f32>,
    /// Names of the table's columns, such as `mfcc1_mean`.
    pub columns: Arc<[String]>,
}

impl Inputs {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.table.nrows()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Labelled examples to fit a model to. All vectors have one entry an example.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// The features.
    pub inputs: Inputs,
    /// Class of each example, an index into [`Examples::classes`].
    pub labels: Vec<usize>,
    /// Recording each example was cut from. Examples with equal numbers are pieces of one
    /// recording: a model that splits its training part again must keep them together.
    pub clips: Vec<usize>,
    /// Names of all classes of the dataset, whether or not they occur among the labels.
    pub classes: Arc<[String]>,
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no example, as in a validation part that the protocol did not ask for.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}
