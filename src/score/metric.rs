use super::predictions::{FoldPredictions, LabelsOf, Measured};
use super::{Confusion, METRICS};
use ndarray::{ArrayView1, ArrayView2};
use std::cmp::Ordering;

/// A figure on the leaderboard. All there are stand in [`METRICS`]; leaderboard, exports, JSON, tuning and reproduction
/// read that table, so a new metric is one entry there and the function it is computed by.
#[derive(Debug)]
pub struct Metric {
    /// Its name in JSON, in files and on the command line.
    pub key: &'static str,
    /// Its column's head where people read.
    pub header: &'static str,
    /// What it is, with the function of scikit-learn it equals.
    pub description: &'static str,
    /// What the foot of a leaderboard says of the column; empty where the header says it all.
    pub footnote: &'static str,
    /// How it is written for people.
    pub format: Format,
    /// Which of two values is the better one.
    pub better: Better,
    /// Least and greatest value it can have.
    pub range: (f64, f64),
    /// Whether leaderboards show it unless other columns are asked for.
    pub is_default: bool,
    /// When there is such a value at all.
    pub when: When,
    /// How it is computed from one fold.
    pub compute: Compute,
    /// How the values of several folds become one.
    pub combine: Combine,
    /// Of which splits a leaderboard gives its confidence interval.
    pub intervals: Intervals,
}

/// How a value is written for people. Files for programs hold it unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A share of 0–1 in percent with one decimal.
    Percent,
    /// With three decimals.
    Plain,
    /// Seconds, with two decimals below ten.
    Seconds,
    /// Bytes in megabytes (10⁶ bytes), with one decimal below ten.
    Megabytes,
}

/// Which of two values is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The greater.
    Higher,
    /// The smaller.
    Lower,
}

/// When a metric has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// Where tracks have several segments.
    Segments,
    /// Where scores were calibrated.
    Calibrated,
    /// Where a model's test scores are probabilities, see [`are_probabilities`](super::are_probabilities).
    Probabilities,
}

/// How a metric is computed from one fold.
#[derive(Debug, Clone, Copy)]
pub enum Compute {
    /// From true and predicted classes.
    Labels(LabelsOf, fn(&Confusion) -> f64),
    /// The mean over the test examples of a function of an example's true class and scores.
    EachExample(fn(usize, ArrayView1<f32>) -> f64),
    /// From the true classes and scores of all test examples together; `None` where they do not define it.
    AllExamples(fn(&[usize], ArrayView2<f32>) -> Option<f64>),
    /// From what the run measured.
    Measured(fn(&Measured) -> Option<f64>),
}

/// How the values of several folds become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
}

/// Of which splits a leaderboard gives a metric's confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervals {
    /// Of none.
    Never,
    /// Of those with several folds: a bootstrap of a single one would take too long.
    OverFolds,
    /// Of all.
    Always,
}

/// A metric as a function of tracks of a test part, for a [`Bootstrap`](super::Bootstrap).
pub struct Statistic<'p> {
    /// How many tracks there are.
    pub tracks: usize,
    /// The metric of the examples of some tracks, given by their numbers below [`Self::tracks`], which may repeat; NaN
    /// where the examples do not define it.
    pub of: OfTracks<'p>,
}

/// A figure of some tracks.
type OfTracks<'p> = Box<dyn Fn(&[usize]) -> f64 + 'p>;

impl Metric {
    /// The metric of a key. Hyphens may stand for underscores.
    pub fn of_key(key: &str) -> Option<&'static Self> {
        let key = key.replace('-', "_");
        METRICS.iter().find(|metric| metric.key == key)
    }

    /// Macro-averaged F1, by which models are compared unless another metric is asked for.
    pub fn macro_f1() -> &'static Self {
        &METRICS[0]
    }

    /// Whether the true classes and scores of a test part are all it takes, as parameters can be tuned by.
    pub fn is_of_test(&self) -> bool {
        matches!(
            self.compute,
            Compute::Labels(LabelsOf::Test, _) | Compute::EachExample(_) | Compute::AllExamples(_)
        )
    }

    /// Its value on one fold; `None` where it has none: the fold lacks what it is computed from, or the scores should be
    /// probabilities and are not.
    pub fn of_fold(&self, fold: &FoldPredictions) -> Option<f64> {
        if !self.is_defined_on(fold) {
            return None;
        }
        match self.compute {
            Compute::Labels(of, metric) => fold.confusion(of).map(metric),
            Compute::EachExample(_) => self.each(fold).map(|values| mean(values.into_iter())),
            Compute::AllExamples(metric) => metric(fold.truth(), fold.scores()),
            Compute::Measured(metric) => fold.measured().and_then(metric),
        }
    }

    /// The value of several folds' values; NaN of none.
    pub fn of_folds(&self, values: &[f64]) -> f64 {
        match self.combine {
            Combine::Mean => mean(values.iter().copied()),
            Combine::Sum => values.iter().sum(),
            Combine::Max => values.iter().copied().fold(f64::NAN, f64::max),
        }
    }

    /// The value of one fold of those that fits with several seeds have there: the greatest where the greatest counts, else
    /// the mean; NaN of none.
    pub fn of_seeds(&self, values: &[f64]) -> f64 {
        match self.combine {
            Combine::Mean | Combine::Sum => mean(values.iter().copied()),
            Combine::Max => self.of_folds(values),
        }
    }

    /// The metric as a function of the tracks of a fold's test part; `None` where it is not computed from that, or has no
    /// value there.
    ///
    /// Counts and sums of a track are the same in every draw, so they are made once.
    pub fn statistic<'p>(&self, fold: &'p FoldPredictions) -> Option<Statistic<'p>> {
        if !self.is_defined_on(fold) {
            return None;
        }
        Some(match self.compute {
            Compute::Measured(_) | Compute::Labels(LabelsOf::Training, _) => return None,
            Compute::Labels(of, metric) => {
                let labelled = fold.labelled(of)?;
                let (tracks, classes) = (labelled.counts_by_track(), labelled.confusion.counts.len());
                Statistic {
                    tracks: tracks.len(),
                    of: Box::new(move |drawn| {
                        let mut counts = vec![0; classes * classes];
                        for &track in drawn {
                            tracks[track].iter().for_each(|&(cell, examples)| counts[cell] += examples);
                        }
                        metric(&Confusion { counts: counts.chunks(classes).map(<[u64]>::to_vec).collect() })
                    }),
                }
            }
            Compute::EachExample(_) => {
                let values = self.each(fold)?;
                let total = |track: Vec<usize>| (track.iter().map(|&at| values[at]).sum(), track.len());
                let totals: Vec<(f64, usize)> = fold.positions().into_iter().map(total).collect();
                Statistic {
                    tracks: totals.len(),
                    of: Box::new(move |drawn| {
                        let add = |(sum, examples), &track: &usize| {
                            (sum + totals[track].0, examples + totals[track].1)
                        };
                        let (sum, examples) = drawn.iter().fold((0.0, 0), add);
                        sum / examples as f64
                    }),
                }
            }
            Compute::AllExamples(metric) => {
                let tracks = fold.positions();
                Statistic {
                    tracks: tracks.len(),
                    of: Box::new(move |drawn| {
                        let positions: Vec<usize> =
                            drawn.iter().flat_map(|&track| &tracks[track]).copied().collect();
                        let (truth, scores) = fold.at(&positions);
                        metric(&truth, scores.view()).unwrap_or(f64::NAN)
                    }),
                }
            }
        })
    }

    /// Whether there is anything to compute it from, and of the kind it wants.
    fn is_defined_on(&self, fold: &FoldPredictions) -> bool {
        let is_probabilities = self.when != When::Probabilities || fold.are_probabilities();
        is_probabilities && (!self.is_of_test() || !fold.truth().is_empty())
    }

    /// The order of two values, the better one being the greater.
    pub fn compare(&self, a: f64, b: f64) -> Ordering {
        match self.better {
            Better::Higher => a.total_cmp(&b),
            Better::Lower => b.total_cmp(&a),
        }
    }

    /// A value for people.
    pub fn show(&self, value: f64) -> String {
        self.format.show(value)
    }

    /// The values of all test examples.
    fn each(&self, fold: &FoldPredictions) -> Option<Vec<f64>> {
        let Compute::EachExample(metric) = self.compute else { return None };
        let scores = fold.scores();
        let rows = scores.rows().into_iter().zip(fold.truth());
        Some(rows.map(|(row, &class)| metric(class, row)).collect())
    }
}

impl Format {
    /// A value as people read it, without its unit.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Percent => format!("{:.1}", 100.0 * value),
            Self::Plain => format!("{value:.3}"),
            Self::Seconds if value < 9.995 => format!("{value:.2}"),
            Self::Seconds => format!("{value:.0}"),
            Self::Megabytes if value < 9.95e6 => format!("{:.1}", value / 1e6),
            Self::Megabytes => format!("{:.0}", value / 1e6),
        }
    }
}

impl Intervals {
    /// Whether there is one where a run has so many folds.
    pub fn cover(self, folds: usize) -> bool {
        match self {
            Self::Never => false,
            Self::OverFolds => folds > 1,
            Self::Always => true,
        }
    }
}

impl Better {
    /// `higher` or `lower`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    values.sum::<f64>() / count as f64
}
