//! What a score changes by from one division of the data to another.

use super::Results;
use crate::protocol::Fold;
use crate::score::{FoldPredictions, Interval, Metric, Resampled, independent_difference, paired_difference};
use genre_bench_api::random_stream;
use ndarray::{Axis, concatenate};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is drawn as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Single tracks.
    Tracks,
    /// All tracks of an artist; a track of an unknown one is drawn by itself.
    Artists,
}

impl Unit {
    /// As it stands in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tracks => "tracks",
            Self::Artists => "artists",
        }
    }
}

/// What a score is higher by where nothing leaks, and how that was found.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Change {
    /// The difference of the metric over all tested examples, with its interval. So it may differ a little from that of
    /// the scores, which are means over folds.
    #[serde(flatten)]
    pub interval: Interval,
    /// What was drawn.
    pub unit: Unit,
    /// How many there are: where nothing leaks, and as published.
    pub units: (usize, usize),
}

impl Change {
    /// Of the model at `at` of both runs; `None` where one has no such score.
    ///
    /// Two cross-validations test the same tracks, but for those whose artist is not known, so every draw takes the same
    /// units of both, those that both tested. Hold-outs with different tracks are drawn from independently.
    pub fn between(
        (honest, at): (&Results, usize),
        (theirs, their_at): (&Results, usize),
        metric: &Metric,
        unit: Unit,
    ) -> Option<Self> {
        let mut sides = [Tested::of(honest, at, unit)?, Tested::of(theirs, their_at, unit)?];
        let paired = sides[0].names == sides[1].names
            || [honest, theirs].iter().all(|run| is_cross_validation(&run.folds));
        if paired {
            let both: BTreeSet<String> = sides[0].names.intersection(&sides[1].names).cloned().collect();
            sides = [
                Tested::only(honest, at, unit, Some(&both))?,
                Tested::only(theirs, their_at, unit, Some(&both))?,
            ];
        }
        let [a, b] = &sides;
        let [a, b] = [a.resampled(metric)?, b.resampled(metric)?];
        let rng = &mut random_stream(honest.plan.conditions.seed, "difference");
        let units = (a.units.len(), b.units.len());
        let interval =
            if paired { paired_difference(&a, &b, rng) } else { independent_difference(&a, &b, rng) };
        Some(Self { interval, unit, units })
    }
}

/// Whether folds of one draw together test every example once.
fn is_cross_validation(folds: &[Fold]) -> bool {
    folds.iter().any(|fold| fold.fold > 0)
}

/// What a model was tested on, all folds together.
struct Tested {
    predictions: FoldPredictions<'static>,
    /// Names of the tracks.
    names: BTreeSet<String>,
    /// Unit of each track of each fold, by the track's number in the predictions.
    unit_of: BTreeMap<usize, String>,
}

impl Tested {
    fn of(results: &Results, model: usize, unit: Unit) -> Option<Self> {
        Self::only(results, model, unit, None)
    }

    /// On some tracks alone.
    fn only(results: &Results, model: usize, unit: Unit, names: Option<&BTreeSet<String>>) -> Option<Self> {
        let catalogue = &results.catalogue;
        let (mut truth, mut scores, mut tracks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut tested, mut unit_of) = (BTreeSet::new(), BTreeMap::new());
        for (number, cell) in results.complete(model)?.iter().enumerate() {
            let all = cell.record.scores();
            for (row, &example) in cell.fold.test.iter().enumerate() {
                let track = catalogue.examples[example].track;
                let name = &catalogue.tracks[track];
                if names.is_some_and(|names| !names.contains(name)) {
                    continue;
                }
                // Segments of a track vote fold by fold.
                let of_fold = number * catalogue.tracks.len() + track;
                let artist =
                    catalogue.artists.get(track).copied().flatten().filter(|_| unit == Unit::Artists);
                unit_of.insert(
                    of_fold,
                    artist.map_or_else(|| format!("track {name}"), |a| format!("artist {a}")),
                );
                tested.insert(name.clone());
                truth.push(catalogue.examples[example].label);
                tracks.push(of_fold);
                scores.push(all.row(row).insert_axis(Axis(0)).to_owned());
            }
        }
        let views: Vec<_> = scores.iter().map(|row| row.view()).collect();
        let scores = concatenate(Axis(0), &views).ok()?;
        let predictions = FoldPredictions::new(catalogue.classes.len(), truth, scores).with_tracks(tracks);
        Some(Self { predictions, names: tested, unit_of })
    }

    fn resampled(&self, metric: &Metric) -> Option<Resampled<'_>> {
        let mut units: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        // Tracks are numbered in their order, as the statistic does.
        for (number, unit) in self.unit_of.values().enumerate() {
            units.entry(unit).or_default().push(number);
        }
        let units = units.into_values().collect();
        Some(Resampled { statistic: metric.statistic(&self.predictions)?, units })
    }
}
