use crate::Spectrograms;
use crate::partition::{Group, partition};
use ndarray::{Array2, Axis};
use rand::RngCore;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of some examples except their labels.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Feature table, shape `(examples, columns)`, each column standardised to mean 0 and
    /// standard deviation 1 over the training part (a column constant there is only centred).
    pub table: Array2<f32>,
    /// Names of the table's columns, such as `mfcc1_mean`.
    pub columns: Arc<[String]>,
    /// A spectrogram of each example, every row standardised likewise (colour pictures are not); none unless the model's card asks
    /// for them.
    pub spectrograms: Spectrograms,
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

    /// The examples at `rows`, in that order.
    ///
    /// # Panics
    ///
    /// Where a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        let spectrograms = if self.spectrograms.is_empty() {
            Spectrograms::default()
        } else {
            self.spectrograms.select(rows)
        };
        Self { table: self.table.select(Axis(0), rows), columns: Arc::clone(&self.columns), spectrograms }
    }
}

/// Labelled examples to fit a model to. All vectors have one entry an example.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// The features.
    pub inputs: Inputs,
    /// Class of each example, an index into [`Examples::classes`].
    pub labels: Vec<usize>,
    /// Track each example was cut from; examples with equal numbers are segments of one track.
    pub tracks: Vec<usize>,
    /// What the run's protocol keeps together: artists, tracks or nothing but the example
    /// itself. A model that splits its training part again must not separate equal numbers, and
    /// does best to use [`Examples::folds`].
    pub groups: Vec<usize>,
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

    /// The examples at `rows`, in that order. All classes stay listed.
    ///
    /// # Panics
    ///
    /// Where a row does not exist.
    pub fn select(&self, rows: &[usize]) -> Self {
        let pick = |numbers: &[usize]| rows.iter().map(|&row| numbers[row]).collect();
        Self {
            inputs: self.inputs.select(rows),
            labels: pick(&self.labels),
            tracks: pick(&self.tracks),
            groups: pick(&self.groups),
            classes: Arc::clone(&self.classes),
        }
    }

    /// Divides the examples into `count` parts for a cross-validation inside the training part:
    /// stratified by class, with [`Examples::groups`] kept together, as the harness draws its own
    /// folds. Each part is a list of rows, ascending; a part is empty where there are fewer groups.
    pub fn folds(&self, count: usize, rng: &mut impl RngCore) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for (row, (&group, &label)) in self.groups.iter().zip(&self.labels).enumerate() {
            groups.entry(group).or_insert_with(|| Group::new(self.classes.len())).add(row, label);
        }
        let groups: Vec<Group> = groups.into_values().collect();
        partition(&groups, &vec![1.0 / count as f64; count], rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_stream;

    #[test]
    fn inner_folds_keep_groups_together_and_classes_in_proportion() {
        let examples = Examples {
            labels: (0..120).map(|row| row / 3 % 4).collect(),
            groups: (0..120).map(|row| row / 3).collect(),
            classes: (0..4).map(|class| class.to_string()).collect(),
            ..Examples::default()
        };
        let folds = examples.folds(5, &mut random_stream(0, "inner"));
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [24; 5]);
        for fold in &folds {
            let holds = |row: usize| fold.contains(&row);
            assert!(fold.iter().all(|row| (row / 3 * 3..row / 3 * 3 + 3).all(holds)), "{fold:?}");
            for class in 0..4 {
                assert_eq!(fold.iter().filter(|&&row| examples.labels[row] == class).count(), 6);
            }
        }
    }
}
