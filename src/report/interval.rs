//! Intervals of figures and of differences: over folds where there are several, over the clips of the test part where
//! there is one.

use super::results::{Finished, Results};
use crate::score::{Confusion, Interval, bootstrap, corrected_t, labels_of, positions_by_clip};
use genre_bench_api::random_stream;

/// The mean of a metric over a model's cells, which are of all folds.
pub fn of_metric(results: &Results, cells: &[Finished], metric: &dyn Fn(&Confusion) -> f64) -> Interval {
    let tested: Vec<Tested> = cells.iter().map(|cell| Tested::of(results, cell)).collect();
    let values: Vec<f64> = tested.iter().map(|t| metric(&t.confusion())).collect();
    over(results, cells, &values, |drawn| metric(&tested[0].confusion_of(drawn))).of_share()
}

/// The mean difference of a metric between two models, `first` minus `second`, both of all folds. The models were
/// tested on the same examples, so fold is compared with fold, which tells far more than two intervals beside each
/// other.
pub fn of_difference(
    results: &Results,
    first: &[Finished],
    second: &[Finished],
    metric: &dyn Fn(&Confusion) -> f64,
) -> Interval {
    let pairs: Vec<(Tested, Tested)> =
        first.iter().zip(second).map(|(a, b)| (Tested::of(results, a), Tested::of(results, b))).collect();
    let values: Vec<f64> =
        pairs.iter().map(|(a, b)| metric(&a.confusion()) - metric(&b.confusion())).collect();
    over(results, first, &values, |drawn| {
        let (a, b) = &pairs[0];
        metric(&a.confusion_of(drawn)) - metric(&b.confusion_of(drawn))
    })
}

fn over(
    results: &Results,
    cells: &[Finished],
    values: &[f64],
    of_drawn: impl Fn(&[usize]) -> f64,
) -> Interval {
    let ratios = cells.iter().map(|cell| cell.fold.test.len() as f64 / cell.fold.train.len() as f64);
    let test_to_train = ratios.sum::<f64>() / cells.len() as f64;
    corrected_t(values, test_to_train).unwrap_or_else(|| {
        let clips: Vec<Vec<usize>> =
            positions_by_clip(&results.clips(&cells[0].fold.test)).into_values().collect();
        bootstrap(&clips, &mut random_stream(results.plan.seed, "bootstrap"), of_drawn)
    })
}

/// Truth and prediction of a fold's test part.
struct Tested {
    truth: Vec<usize>,
    labels: Vec<usize>,
    classes: usize,
}

impl Tested {
    fn of(results: &Results, cell: &Finished) -> Self {
        Self {
            truth: results.truth(&cell.fold.test),
            labels: labels_of(cell.record.scores().view()),
            classes: results.catalogue.classes.len(),
        }
    }

    fn confusion(&self) -> Confusion {
        Confusion::new(&self.truth, &self.labels, self.classes)
    }

    fn confusion_of(&self, positions: &[usize]) -> Confusion {
        let at = |labels: &[usize]| positions.iter().map(|&position| labels[position]).collect::<Vec<_>>();
        Confusion::new(&at(&self.truth), &at(&self.labels), self.classes)
    }
}
