//! Metrics of predicted probabilities, for models whose scores are such.

use genre_bench_api::Calibration;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// How far the probabilities of an example may be from adding up to 1: models compute them in single precision.
const TOLERANCE: f32 = 1e-3;

/// Whether scores, of shape `(examples, classes)`, are probabilities: none is negative, and those of every example add up
/// to 1 within 0.001.
pub fn are_probabilities(scores: ArrayView2<f32>) -> bool {
    let is_distribution =
        |row: ArrayView1<f32>| row.iter().all(|&score| score >= 0.0) && (row.sum() - 1.0).abs() <= TOLERANCE;
    scores.rows().into_iter().all(is_distribution)
}

/// Scores as probabilities. Those that are such stay so, to the last bit; others, such as an SVM's decision values, become such by
/// soft-max: in the right order, but no better than that.
pub fn as_probabilities(scores: &Array2<f32>) -> Array2<f32> {
    match are_probabilities(scores.view()) {
        true => scores.clone(),
        false => Calibration::none(scores).apply(scores),
    }
}

/// The probabilities of a track whose examples are at some places: those of its mean scores.
pub fn mean_probabilities(scores: &Array2<f32>, places: &[usize]) -> Array1<f32> {
    let mean = scores.select(Axis(0), places).mapv(f64::from).mean_axis(Axis(0));
    let mean = mean.unwrap_or_default().mapv(|score| score as f32).insert_axis(Axis(0));
    as_probabilities(&mean).remove_axis(Axis(0))
}

/// The negative logarithm of the true class's probability, at least 0; the lower the better, and `ln(classes)` for
/// guessing.
///
/// The mean over examples is scikit-learn's `log_loss(truth, probabilities, labels=range(classes))`. As there,
/// probabilities are clipped to `[ε, 1 − ε]` with the resolution ε of the type they are stored in, here single precision, so
/// an example costs at most 15.9.
pub fn log_loss(class: usize, probabilities: ArrayView1<f32>) -> f64 {
    let resolution = f64::from(f32::EPSILON);
    -f64::from(probabilities[class]).clamp(resolution, 1.0 - resolution).ln()
}

/// The squared distance of the probabilities from the truth, summed over the classes, 0–2; the lower the better, and
/// `1 − 1/classes` for guessing.
///
/// The mean over examples is scikit-learn's `brier_score_loss(truth, probabilities, labels=range(classes),
/// scale_by_half=False)`, which is its default for more than two classes. For two it halves the score unless told not to.
///
/// G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950.
pub fn brier_score(class: usize, probabilities: ArrayView1<f32>) -> f64 {
    let distance = |(c, &p): (usize, &f32)| (f64::from(p) - f64::from(u8::from(c == class))).powi(2);
    probabilities.iter().enumerate().map(distance).sum()
}

/// How well the probability of a class tells its examples from all others, averaged over the classes, 0–1, 0.5 for
/// guessing.
///
/// Scikit-learn's `roc_auc_score(truth, probabilities, multi_class="ovr", average="macro")`. A class that no example or
/// every example is of has no such area and is left out of the mean; scikit-learn then gives no number. `None` if that
/// leaves no class.
///
/// `truth` has one class an example, `probabilities` has shape `(examples, classes)` and holds finite numbers.
pub fn roc_auc(truth: &[usize], probabilities: ArrayView2<f32>) -> Option<f64> {
    let of_class = |(class, column): (usize, ArrayView1<f32>)| one_against_rest(truth, class, column);
    let areas: Vec<f64> = probabilities.columns().into_iter().enumerate().filter_map(of_class).collect();
    (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
}

/// The area under the ROC curve of one class: the share of the pairs of one of its examples and one of another class in
/// which the former has the higher probability, ties counting half.
///
/// It is computed from the sum of the ranks of the class's examples (J. A. Hanley and B. J. McNeil, "The meaning and use
/// of the area under a receiver operating characteristic (ROC) curve", Radiology 143, 1982).
fn one_against_rest(truth: &[usize], class: usize, probability: ArrayView1<f32>) -> Option<f64> {
    let mut ranked: Vec<(f32, bool)> =
        probability.iter().zip(truth).map(|(&probability, &truth)| (probability, truth == class)).collect();
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Twice the numbers of pairs, which are whole even where a tie counts half.
    let (mut won, mut below) = (0_u64, 0_u64);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|(_, own)| *own).count() as u64;
        let others = tied.len() as u64 - own;
        won += own * (2 * below + others);
        below += others;
    }
    let pairs = (ranked.len() as u64 - below) * below;
    (pairs > 0).then(|| won as f64 / (2 * pairs) as f64)
}
