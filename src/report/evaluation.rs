use super::results::{FoldResult, Results};
use crate::protocol::Fold;
use crate::score::{Confusion, Interval, bootstrap, by_track, corrected_t, labels_of, positions_by_track};
use genre_bench_api::random_stream;

/// What a model said of the test parts of a run's folds, beside the truth, and the figures that follow.
pub struct Evaluation<'a> {
    results: &'a Results,
    folds: Vec<EvaluatedFold<'a>>,
}

struct EvaluatedFold<'a> {
    fold: &'a Fold,
    truth: Vec<usize>,
    labels: Vec<usize>,
    /// Recording of each.
    tracks: Vec<usize>,
    confusion: Confusion,
}

impl<'a> Evaluation<'a> {
    /// Of a model's cells, at least one, in the order of the folds.
    pub fn of(results: &'a Results, cells: &[FoldResult<'a>]) -> Self {
        let of_cell = |cell: &FoldResult<'a>| {
            let (truth, labels) = (results.truth(&cell.fold.test), labels_of(cell.record.scores().view()));
            (truth, labels, results.tracks(&cell.fold.test))
        };
        Self::new(results, cells, of_cell)
    }

    /// The same of whole tracks, each with the label that most of its examples got.
    pub fn by_vote(results: &'a Results, cells: &[FoldResult<'a>]) -> Self {
        let of_cell = |cell: &FoldResult<'a>| {
            let (tracks, truth) = (results.tracks(&cell.fold.test), results.truth(&cell.fold.test));
            let voted = by_track(&tracks, &truth, cell.record.scores().view());
            (voted.truth, voted.by_majority, voted.ids)
        };
        Self::new(results, cells, of_cell)
    }

    fn new(
        results: &'a Results,
        cells: &[FoldResult<'a>],
        of_cell: impl Fn(&FoldResult<'a>) -> (Vec<usize>, Vec<usize>, Vec<usize>),
    ) -> Self {
        let fold = |cell: &FoldResult<'a>| {
            let (truth, labels, tracks) = of_cell(cell);
            let confusion = Confusion::new(&truth, &labels, results.catalogue.classes.len());
            EvaluatedFold { fold: cell.fold, truth, labels, tracks, confusion }
        };
        Self { results, folds: cells.iter().map(fold).collect() }
    }

    /// A metric on each fold.
    pub fn by_fold(&self, metric: impl Fn(&Confusion) -> f64) -> Vec<f64> {
        self.folds.iter().map(|fold| metric(&fold.confusion)).collect()
    }

    /// The mean of a metric over the folds.
    pub fn mean(&self, metric: impl Fn(&Confusion) -> f64) -> f64 {
        self.by_fold(metric).iter().sum::<f64>() / self.folds.len() as f64
    }

    /// The same with its interval: over folds where there are several, over the tracks of the test part where there is
    /// one.
    pub fn interval(&self, metric: impl Fn(&Confusion) -> f64) -> Interval {
        let values = self.by_fold(&metric);
        self.over(&values, |drawn| metric(&self.folds[0].drawn(drawn, self.results))).of_share()
    }

    /// The mean difference of a metric to another model, both of all folds. The models were tested on the same examples,
    /// so fold is compared with fold, which tells far more than two intervals beside each other.
    pub fn difference(&self, other: &Self, metric: impl Fn(&Confusion) -> f64) -> Interval {
        let pairs = self.by_fold(&metric).into_iter().zip(other.by_fold(&metric));
        let values: Vec<f64> = pairs.map(|(own, other)| own - other).collect();
        self.over(&values, |drawn| {
            let of = |tested: &Self| metric(&tested.folds[0].drawn(drawn, self.results));
            of(self) - of(other)
        })
    }

    fn over(&self, values: &[f64], of_drawn: impl Fn(&[usize]) -> f64) -> Interval {
        let ratios = self.folds.iter().map(|f| f.fold.test.len() as f64 / f.fold.train.len() as f64);
        let test_to_train = ratios.sum::<f64>() / self.folds.len() as f64;
        corrected_t(values, test_to_train).unwrap_or_else(|| {
            let tracks = positions_by_track(&self.folds[0].tracks);
            let tracks: Vec<Vec<usize>> = tracks.into_values().collect();
            bootstrap(&tracks, &mut random_stream(self.results.plan.conditions.seed, "bootstrap"), of_drawn)
        })
    }
}

impl EvaluatedFold<'_> {
    /// The confusion of the examples at some positions of the test part.
    fn drawn(&self, positions: &[usize], results: &Results) -> Confusion {
        let at = |labels: &[usize]| positions.iter().map(|&position| labels[position]).collect::<Vec<_>>();
        Confusion::new(&at(&self.truth), &at(&self.labels), results.catalogue.classes.len())
    }
}
