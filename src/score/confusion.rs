use serde::Serialize;
use std::ops::AddAssign;

/// How often each class was taken for each class, and the metrics that follow from that alone.
///
/// ```text
///               predicted
///               0    1    2
///  truth   0  [ 9    1    0 ]   row: where the examples of class 0 went
///          1  [ 2    7    1 ]
///          2  [ 0    0    0 ]   no example of class 2
/// ```
///
/// A ratio with an empty denominator is zero, as with scikit-learn's `zero_division=0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Numbers of examples, `classes` rows (truth) of `classes` columns (prediction).
    pub counts: Vec<Vec<u64>>,
}

/// The metrics of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PerClass {
    /// Share of the examples predicted as this class that are of it, 0–1.
    pub precision: f64,
    /// Share of the examples of this class that were predicted as it, 0–1.
    pub recall: f64,
    /// Harmonic mean of precision and recall, 0–1.
    pub f1: f64,
    /// Number of examples of this class.
    pub support: u64,
}

impl Confusion {
    /// Counts pairs of true and predicted class.
    ///
    /// # Panics
    ///
    /// Where the slices differ in length or hold a class that is not below `classes`.
    pub fn new(truth: &[usize], predicted: &[usize], classes: usize) -> Self {
        assert_eq!(truth.len(), predicted.len(), "one prediction an example");
        let mut counts = vec![vec![0; classes]; classes];
        for (&t, &p) in truth.iter().zip(predicted) {
            counts[t][p] += 1;
        }
        Self { counts }
    }

    /// Share of the examples predicted correctly, 0–1.
    pub fn accuracy(&self) -> f64 {
        let correct = (0..self.counts.len()).map(|c| self.counts[c][c]).sum();
        ratio(correct, self.counts.iter().flatten().sum())
    }

    /// The metrics of every class, in the order of the classes.
    pub fn per_class(&self) -> Vec<PerClass> {
        (0..self.counts.len())
            .map(|c| {
                let (correct, support, predicted) = (self.counts[c][c], self.support(c), self.predicted(c));
                PerClass {
                    precision: ratio(correct, predicted),
                    recall: ratio(correct, support),
                    f1: ratio(2 * correct, support + predicted),
                    support,
                }
            })
            .collect()
    }

    /// Mean F1 over the classes that occur as truth or as prediction, 0–1: the value of
    /// scikit-learn's `f1_score(truth, predicted, average="macro")`.
    ///
    /// A class absent from both says nothing about the model and is left out of the mean.
    pub fn macro_f1(&self) -> f64 {
        let occurring = self.per_class().into_iter().enumerate();
        let f1: Vec<f64> = occurring
            .filter(|&(c, class)| class.support + self.predicted(c) > 0)
            .map(|(_, class)| class.f1)
            .collect();
        if f1.is_empty() { 0.0 } else { f1.iter().sum::<f64>() / f1.len() as f64 }
    }

    /// Mean recall over the classes that occur as truth, 0–1: scikit-learn's `balanced_accuracy_score`.
    ///
    /// It is the accuracy that would be had if every class had equally many examples.
    pub fn balanced_accuracy(&self) -> f64 {
        let classes = self.per_class();
        let recalls = || classes.iter().filter(|class| class.support > 0).map(|class| class.recall);
        recalls().sum::<f64>() / recalls().count().max(1) as f64
    }

    /// Matthews correlation coefficient of truth and prediction, −1 to 1, 0 for guessing: scikit-learn's
    /// `matthews_corrcoef`. Zero where truth or predictions have a single class.
    ///
    /// For more than two classes J. Gorodkin, "Comparing two K-category assignments by a K-category correlation
    /// coefficient", Computational Biology and Chemistry 28, 2004.
    pub fn matthews_correlation(&self) -> f64 {
        let Marginals { examples, correct, by_chance, truth, predicted } = self.marginals();
        let spread = (examples.powi(2) - truth) * (examples.powi(2) - predicted);
        if spread == 0.0 { 0.0 } else { (correct * examples - by_chance) / spread.sqrt() }
    }

    /// Cohen's kappa: the share of what chance left to be predicted that was predicted correctly, −1 to 1, 0 for
    /// guessing: scikit-learn's `cohen_kappa_score` without weights. Zero where truth and predictions are one and the same
    /// class, as with `replace_undefined_by=0.0`.
    ///
    /// J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20, 1960.
    pub fn cohens_kappa(&self) -> f64 {
        let Marginals { examples, correct, by_chance, .. } = self.marginals();
        let left = examples.powi(2) - by_chance;
        if left == 0.0 { 0.0 } else { (correct * examples - by_chance) / left }
    }

    /// The sums that agreement and chance are computed from.
    fn marginals(&self) -> Marginals {
        let classes = 0..self.counts.len();
        let sums: Vec<(f64, f64)> =
            classes.clone().map(|c| (self.support(c) as f64, self.predicted(c) as f64)).collect();
        let total = |of: fn(&(f64, f64)) -> f64| sums.iter().map(of).sum::<f64>();
        Marginals {
            examples: total(|(truth, _)| *truth),
            correct: classes.map(|c| self.counts[c][c] as f64).sum(),
            by_chance: total(|(truth, predicted)| truth * predicted),
            truth: total(|(truth, _)| truth * truth),
            predicted: total(|(_, predicted)| predicted * predicted),
        }
    }

    fn support(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }
}

/// Sums over the classes of a confusion. All are whole numbers, so they are exact.
struct Marginals {
    examples: f64,
    correct: f64,
    /// Of true times predicted examples of a class.
    by_chance: f64,
    /// Of the squared numbers of true examples.
    truth: f64,
    /// Of the squared numbers of predicted examples.
    predicted: f64,
}

/// Pools another part's counts into these.
///
/// # Panics
///
/// Where the numbers of classes differ.
impl AddAssign<&Self> for Confusion {
    fn add_assign(&mut self, other: &Self) {
        assert_eq!(self.counts.len(), other.counts.len(), "the same classes");
        for (sum, count) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            *sum += count;
        }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
