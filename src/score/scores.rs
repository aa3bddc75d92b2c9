use ndarray::{ArrayView1, ArrayView2};

/// The class with the highest score of every example, the lowest index where several are equal.
///
/// `scores` has shape `(examples, classes)` and holds finite numbers.
pub fn labels_of(scores: ArrayView2<f32>) -> Vec<usize> {
    scores.rows().into_iter().map(first_maximum).collect()
}

/// Position of the largest value, the first where several are equal.
pub(super) fn first_maximum<T: PartialOrd>(values: ArrayView1<T>) -> usize {
    values.iter().enumerate().fold(0, |best, (i, value)| if *value > values[best] { i } else { best })
}

/// Share of the examples whose true class is among the `k` with the highest scores, 0–1; zero
/// where there is no example.
///
/// `scores` has shape `(examples, classes)`. Agrees with scikit-learn's
/// `top_k_accuracy_score(truth, scores, k=k, labels=range(classes))`, which lets the *higher* class
/// index win among equal scores. So with ties at `k = 1` it is not the accuracy of [`labels_of`].
///
/// # Panics
///
/// Where `truth` has not one class an example, or one without a score.
pub fn top_k_accuracy(truth: &[usize], scores: ArrayView2<f32>, k: usize) -> f64 {
    assert_eq!(truth.len(), scores.nrows(), "one true class an example");
    let better = |row: ArrayView1<f32>, class: usize| {
        let own = row[class];
        row.iter().enumerate().filter(|&(c, &score)| score > own || (score == own && c > class)).count()
    };
    let hits = scores.rows().into_iter().zip(truth).filter(|&(row, &class)| better(row, class) < k).count();
    if truth.is_empty() { 0.0 } else { hits as f64 / truth.len() as f64 }
}
