use super::results::{FoldResult, Results};
use crate::score::comparison::FoldDifferences;
use crate::score::{Bootstrap, Combine, FoldPredictions, Interval, Measured, Metric, Statistic, corrected_t};
use genre_bench_api::random_stream;
use std::sync::{Arc, OnceLock};

/// A model on the test parts of a run's folds, for any metric.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// Of each fold, one a seed.
    folds: Vec<Vec<FoldPredictions<'a>>>,
    /// Number of test over training examples, mean over the folds.
    test_to_train: f64,
    seed: u64,
    draws: Draws,
}

/// The draws of a run's only test part, made when the first interval needs them. They are the same for all models and
/// metrics, so evaluations may share them.
pub type Draws = Arc<OnceLock<Bootstrap>>;

impl<'a> Evaluation<'a> {
    /// Of a model's cells, at least one, in the order of the folds, those of one fold's seeds together.
    pub fn of(results: &'a Results, cells: &[FoldResult<'a>]) -> Self {
        let of_one_fold = |a: &FoldResult, b: &FoldResult| std::ptr::eq(a.fold, b.fold);
        let folds = cells.chunk_by(of_one_fold);
        let ratios = cells.iter().map(|cell| cell.fold.test.len() as f64 / cell.fold.train.len() as f64);
        Self {
            folds: folds.map(|fits| fits.iter().map(|cell| predictions(results, cell)).collect()).collect(),
            test_to_train: ratios.sum::<f64>() / cells.len() as f64,
            seed: results.plan.conditions.seed,
            draws: Draws::default(),
        }
    }

    /// Of one test part that models were asked about which were fitted to other data, one a fit.
    pub fn of_fits(fits: Vec<FoldPredictions<'a>>, seed: u64) -> Self {
        // Of one fold intervals are by the bootstrap, which does not ask for sizes.
        Self { folds: vec![fits], test_to_train: 0.0, seed, draws: Draws::default() }
    }

    /// The same with the draws of other models of the run.
    pub fn sharing(self, draws: &Draws) -> Self {
        Self { draws: Arc::clone(draws), ..self }
    }

    /// A metric of every fit: of each fold, one value a seed. `None` if it has no value for one of them.
    pub fn by_fit(&self, metric: &Metric) -> Option<Vec<Vec<f64>>> {
        let of_fits = |fits: &Vec<FoldPredictions>| fits.iter().map(|fit| metric.of_fold(fit)).collect();
        self.folds.iter().map(of_fits).collect()
    }

    /// A metric on each fold, mean over its seeds; `None` if it has no value on one of them. Fits with several seeds are
    /// tested on the same examples, so they make a fold's value steadier and are no folds more.
    pub fn by_fold(&self, metric: &Metric) -> Option<Vec<f64>> {
        Some(self.by_fit(metric)?.iter().map(|fits| metric.of_seeds(fits)).collect())
    }

    /// A metric of all folds together.
    pub fn value(&self, metric: &Metric) -> Option<f64> {
        self.by_fold(metric).map(|values| metric.of_folds(&values))
    }

    /// The same with its interval: over folds where there are several, over the tracks of the test part where there is
    /// one. `None` where the metric has no value, is no mean over folds or, with one fold, is not of the test part.
    pub fn interval(&self, metric: &Metric) -> Option<Interval> {
        let values = self.by_fold(metric).filter(|_| metric.combine == Combine::Mean)?;
        let interval = corrected_t(&values, self.test_to_train).or_else(|| {
            let statistics = self.statistics(metric)?;
            Some(self.bootstrap(&statistics).interval(|tracks, seeds| of_drawn(&statistics, tracks, seeds)))
        })?;
        Some(Interval { mean: metric.of_folds(&values), ..interval }.within(metric.range))
    }

    /// The mean difference of a metric to another model, both of all folds. The models were tested on the same examples,
    /// so fold is compared with fold, which tells far more than two intervals beside each other. `None` where the metric
    /// has no value or is not of the test part.
    pub fn difference(&self, other: &Self, metric: &Metric) -> Option<Interval> {
        let values = self.fold_differences(other, metric)?;
        corrected_t(&values, self.test_to_train).or_else(|| {
            let (own, other) = (self.statistics(metric)?, other.statistics(metric)?);
            Some(
                self.bootstrap(&own).interval(|tracks, seeds| {
                    of_drawn(&own, tracks, seeds) - of_drawn(&other, tracks, seeds)
                }),
            )
        })
    }

    /// How likely a difference as large as that to another model is if there is none: by the corrected resampled t-test
    /// over folds or, of one fold, by the bootstrap over its tracks. `None` where there is no difference, see
    /// [`Evaluation::difference`].
    pub fn p_value(&self, other: &Self, metric: &Metric) -> Option<f64> {
        let differences = self.fold_differences(other, metric)?;
        self.on_folds(&differences).p_value().or_else(|| {
            let (own, other) = (self.statistics(metric)?, other.statistics(metric)?);
            Some(
                self.bootstrap(&own)
                    .p_value(|tracks, seeds| of_drawn(&own, tracks, seeds) - of_drawn(&other, tracks, seeds)),
            )
        })
    }

    /// By how much a metric is above another model's on each fold.
    pub fn fold_differences(&self, other: &Self, metric: &Metric) -> Option<Vec<f64>> {
        let pairs = self.by_fold(metric)?.into_iter().zip(other.by_fold(metric)?);
        Some(pairs.map(|(own, other)| own - other).collect())
    }

    /// Values of all folds, for tests.
    pub fn on_folds<'d>(&self, values: &'d [f64]) -> FoldDifferences<'d> {
        FoldDifferences { values, test_to_train: self.test_to_train }
    }

    /// A metric of the only test part as a function of its tracks, one a seed.
    fn statistics(&self, metric: &Metric) -> Option<Vec<Statistic<'_>>> {
        self.folds[0].iter().map(|fit| metric.statistic(fit)).collect()
    }

    fn bootstrap(&self, statistics: &[Statistic]) -> &Bootstrap {
        let (tracks, seeds) = (statistics[0].tracks, statistics.len());
        let new = || Bootstrap::new(tracks, seeds, &mut random_stream(self.seed, "bootstrap"));
        self.draws.get_or_init(new)
    }
}

/// The mean over drawn seeds of a figure of drawn tracks.
fn of_drawn(statistics: &[Statistic], tracks: &[usize], seeds: &[usize]) -> f64 {
    seeds.iter().map(|&seed| (statistics[seed].of)(tracks)).sum::<f64>() / seeds.len() as f64
}

fn predictions<'a>(results: &Results, cell: &FoldResult<'a>) -> FoldPredictions<'a> {
    let FoldResult { fold, record, .. } = *cell;
    let train_labels = record.train_labels.iter().map(|&label| label.into()).collect();
    FoldPredictions::new(results.catalogue.classes.len(), results.truth(&fold.test), record.scores())
        .with_tracks(results.tracks(&fold.test))
        .with_training(results.truth(&fold.train), train_labels)
        .with_measured(Measured {
            fit_seconds: record.fit_seconds,
            predict_seconds: record.predict_seconds,
            peak_bytes: record.peak_bytes,
            reliability: record.calibrated.as_ref().map(|c| (&c.before, &c.after)),
        })
}
