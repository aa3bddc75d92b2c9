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

/// Whether the true class is among the `k` that are predicted first.
///
/// Among equal scores the lower class index comes first, as in [`labels_of`], so with `k = 1` this is whether the
/// predicted class is the true one. The mean over examples is scikit-learn's `top_k_accuracy_score(truth, scores, k=k,
/// labels=range(classes))` where no scores are equal; there the *higher* index comes first, so that its `k = 1` is not
/// its accuracy.
///
/// # Panics
///
/// Where the class has no score.
pub fn in_top_k(class: usize, scores: ArrayView1<f32>, k: usize) -> bool {
    let own = scores[class];
    let ahead =
        scores.iter().enumerate().filter(|&(c, &score)| score > own || (score == own && c < class)).count();
    ahead < k
}
