use rand::Rng;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// How many times [`Bootstrap`] draws.
const RESAMPLES: usize = 1000;

/// A figure, or a difference of two, with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The figure: the mean over folds, or the statistic of the one test part.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What the ends were computed by.
    pub method: IntervalMethod,
}

impl Interval {
    /// The same for a figure that cannot leave a range, such as 0–1.
    pub fn within(self, (least, most): (f64, f64)) -> Self {
        Self { low: self.low.clamp(least, most), high: self.high.clamp(least, most), ..self }
    }
}

/// How an interval was computed, and so what it accounts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// [`corrected_t`].
    CorrectedT,
    /// [`Bootstrap`].
    #[serde(rename = "clip_bootstrap")]
    TrackBootstrap,
    /// [`paired_difference`](super::paired_difference).
    PairedBootstrap,
    /// [`independent_difference`](super::independent_difference).
    IndependentBootstrap,
}

impl IntervalMethod {
    /// One line for the foot of a table.
    pub fn description(self) -> &'static str {
        match self {
            Self::CorrectedT => {
                "95 % t interval over folds, corrected for overlapping training parts (Nadeau & Bengio 2003)"
            }
            Self::TrackBootstrap => {
                "95 % percentile bootstrap over the tracks of one test part, one fitted model"
            }
            Self::PairedBootstrap => {
                "95 % percentile bootstrap, the same tested tracks (or artists) drawn for both runs"
            }
            Self::IndependentBootstrap => {
                "95 % percentile bootstrap, the tested tracks (or artists) of each run drawn by themselves"
            }
        }
    }
}

/// Folds from which on their variance is worth something: with fewer, the interval is hardly more than a guess.
const ENOUGH_FOLDS: usize = 5;

/// What must be said of intervals over so few folds; nothing of enough folds, nor of one, whose interval is another.
///
/// The variance of two or three values is known so badly that the t interval may come out far too narrow, where they
/// happen to lie together, or as wide as the range of the metric.
pub fn few_folds(folds: usize) -> Option<String> {
    (2..ENOUGH_FOLDS).contains(&folds).then(|| {
        format!(
            "The intervals rest on {folds} folds alone: they are rough, and may be far too narrow or too wide \
             (--folds {ENOUGH_FOLDS} or --repeats give better ones)."
        )
    })
}

/// The mean over folds with the corrected resampled t interval; `None` with fewer than two folds.
///
/// Folds share training examples, so their values are correlated and the ordinary t interval is far
/// too narrow. The correction adds the share of test to training examples to `1/J`:
///
/// ```text
/// mean ± t(0.975, J − 1) · √((1/J + test/train) · s²)
/// ```
///
/// `values` are the figures of all `J` = folds × repeats, or differences of two models' figures, `s²` is their variance (divisor
/// `J − 1`), and `test_to_train` is the number of test over training examples, averaged over the
/// folds: 1/9 with ten folds.
///
/// C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003;
/// for repeated cross-validation R. R. Bouckaert and E. Frank, "Evaluating the replicability of
/// significance tests for comparing learning algorithms", PAKDD 2004.
pub fn corrected_t(values: &[f64], test_to_train: f64) -> Option<Interval> {
    let folds = values.len() as f64;
    // Fails where there is no degree of freedom.
    let t = StudentsT::new(0.0, 1.0, folds - 1.0).ok()?.inverse_cdf(0.975);
    let mean = values.iter().sum::<f64>() / folds;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (folds - 1.0);
    let half = t * ((1.0 / folds + test_to_train) * variance).sqrt();
    Some(Interval { mean, low: mean - half, high: mean + half, method: IntervalMethod::CorrectedT })
}

/// Draws of the tracks of one test part, and of the seeds that models were fitted with for it, for percentile bootstrap
/// intervals of as many figures and models as were tested on it.
///
/// Segments of one track resemble each other, so whole tracks are drawn with replacement, as many as there are, 1000 times;
/// with each of these draws as many seeds as there are.
///
/// B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", chapter 13, 1993.
#[derive(Debug)]
pub struct Bootstrap {
    tracks: usize,
    seeds: usize,
    /// The numbers of the drawn tracks, one draw after the other.
    drawn_tracks: Vec<usize>,
    /// The same of seeds.
    drawn_seeds: Vec<usize>,
}

impl Bootstrap {
    /// Draws from so many tracks and seeds, at least one of each.
    pub fn new(tracks: usize, seeds: usize, rng: &mut impl Rng) -> Self {
        let mut drawn = |count| (0..RESAMPLES * count).map(|_| rng.gen_range(0..count)).collect();
        Self { tracks, seeds, drawn_tracks: drawn(tracks), drawn_seeds: drawn(seeds) }
    }

    /// A figure of the test part with its interval.
    ///
    /// `statistic` gets the numbers of the drawn tracks and seeds, repeated where they were drawn repeatedly, and returns a
    /// figure such as the mean over these seeds of the macro F1 of these tracks' examples. The ends are the 2.5 and 97.5 %
    /// quantiles over the draws; those that do not define the figure, for which `statistic` returns NaN, are left out.
    ///
    /// The interval tells how the figure would vary with other test tracks and, where there are several, other seeds, not
    /// with other training parts. With one track and seed it has no width; with very few, draws may miss whole classes and
    /// the ends need not enclose the figure.
    pub fn interval(&self, statistic: impl Fn(&[usize], &[usize]) -> f64) -> Interval {
        let mut drawn = self.drawn(&statistic);
        drawn.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&drawn, 0.025), quantile(&drawn, 0.975));
        let all = |count| (0..count).collect::<Vec<usize>>();
        let mean = statistic(&all(self.tracks), &all(self.seeds));
        Interval { mean, low, high, method: IntervalMethod::TrackBootstrap }
    }

    /// The two-sided p-value of a difference, see [`p_value_of_draws`].
    pub fn p_value(&self, difference: impl Fn(&[usize], &[usize]) -> f64) -> f64 {
        p_value_of_draws(&self.drawn(&difference))
    }

    /// The figure of every draw that defines it.
    fn drawn(&self, statistic: &impl Fn(&[usize], &[usize]) -> f64) -> Vec<f64> {
        let draws =
            self.drawn_tracks.chunks_exact(self.tracks).zip(self.drawn_seeds.chunks_exact(self.seeds));
        let mut drawn: Vec<f64> = draws.map(|(tracks, seeds)| statistic(tracks, seeds)).collect();
        drawn.retain(|figure| !figure.is_nan());
        drawn
    }
}

/// Twice the share of drawn differences on the rarer side of 0: how likely draws are that have the other sign.
pub(crate) fn p_value_of_draws(differences: &[f64]) -> f64 {
    let share = |side: fn(f64) -> bool| {
        differences.iter().filter(|difference| side(**difference)).count() as f64 / differences.len() as f64
    };
    (2.0 * share(|d| d <= 0.0).min(share(|d| d >= 0.0))).min(1.0)
}

/// Quantile of ascending values, linear between neighbours (numpy's default); NaN of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share * last as f64;
    let below = sorted[at.floor() as usize];
    below + at.fract() * (sorted[at.ceil() as usize] - below)
}
