//! One class out of many from decisions between two.

use ndarray::ArrayViewMut1;

/// All pairs of classes `(first, second)` with `first < second < classes`, in the order
/// (0, 1), (0, 2), …, (1, 2), …
pub(crate) fn class_pairs(classes: usize) -> Vec<(usize, usize)> {
    (0..classes).flat_map(|first| (first + 1..classes).map(move |second| (first, second))).collect()
}

/// An example's scores, one a class, from the decision value of every pair of classes, which is asked for in the order
/// of [`class_pairs`] with the pair and its number; positive is for the pair's first class.
///
/// A class scores its votes plus its summed decision values squashed to between -1/3 and 1/3, as
/// scikit-learn's `decision_function` with `decision_function_shape="ovr"`, so that confidence only
/// orders classes with equal votes. But where libsvm, and so scikit-learn's `predict`, gives equal
/// votes to the lowest class, confidence may say another; so that the highest score is always the
/// predicted class, libsvm's winner here gets the highest score of the row. Also as libsvm, a
/// decision of exactly 0 is a vote for the second class.
pub(crate) fn vote(decide: impl Fn((usize, usize), usize) -> f64, mut scores: ArrayViewMut1<f64>) {
    let classes = scores.len();
    let mut votes = vec![0_usize; classes];
    let mut confidence = vec![0.0; classes];
    let mut pair = 0;
    for first in 0..classes {
        for second in first + 1..classes {
            let decision = decide((first, second), pair);
            votes[if decision > 0.0 { first } else { second }] += 1;
            confidence[first] += decision;
            confidence[second] -= decision;
            pair += 1;
        }
    }
    for (score, (&votes, confidence)) in scores.iter_mut().zip(votes.iter().zip(&confidence)) {
        *score = votes as f64 + confidence / (3.0 * (confidence.abs() + 1.0));
    }
    let most = votes.iter().copied().max().unwrap_or_default();
    if let Some(winner) = votes.iter().position(|&count| count == most) {
        scores[winner] = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    fn scores<const N: usize>(decisions: [f64; N], classes: usize) -> Array1<f64> {
        let mut scores = Array1::zeros(classes);
        assert_eq!(decisions.len(), class_pairs(classes).len());
        vote(|_, pair| decisions[pair], scores.view_mut());
        scores
    }

    #[test]
    fn a_clear_winner_keeps_its_score() {
        // 0 beats 1 by 1, 2 beats 0 by 2, 2 beats 1 by 3.
        let squash = |sum: f64| sum / (3.0 * (sum.abs() + 1.0));
        assert_eq!(scores([1.0, -2.0, -3.0], 3), array![1.0 + squash(-1.0), squash(-4.0), 2.0 + squash(5.0)]);
    }

    #[test]
    fn equal_votes_go_to_the_lowest_class_although_another_is_surer() {
        // Everyone wins once; class 1 by far.
        let scores = scores([0.1, -0.1, 9.0], 3);
        assert_eq!(scores[0], scores[1], "the winner has the highest score");
        assert!(scores[2] < scores[0]);
    }

    #[test]
    fn a_decision_of_zero_is_for_the_second_class() {
        assert_eq!(scores([0.0], 2), array![0.0, 1.0]);
    }
}
