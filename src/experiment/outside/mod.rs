//! How models do on tracks from outside the data that they were fitted to.
//!
//! A score inside a dataset, however honest its split, is on songs that were chosen, cut and labelled by the same people. What
//! is left of it on others' songs is the question that users have.

mod classes;
mod external;

pub use classes::ClassMap;
pub(super) use external::weights_of;
pub use external::{External, ExternalModel};

use super::predict::Predictor;
use crate::dataset::{Dataset, SourceFile};
use crate::error::{Error, Result};
use crate::recordings::{Recording, find};
use crate::report::Evaluation;
use crate::run::saved::Novelty;
use crate::score::{FoldPredictions, mean_probabilities, positions_by_track};
use genre_bench_api::Observer;
use ndarray::{Array2, Axis};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The seed of the draws behind intervals: the same data has the same, whatever the model.
const SEED: u64 = 0;

/// Labelled examples from outside, in terms of a model's classes.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Which examples of the data are scored.
    pub examples: Vec<usize>,
    /// The classes that the model and the data have in common, by the model's names. The model is asked which of these it is.
    pub classes: Vec<String>,
    /// Examples of each class that the model does not have: they are left out.
    pub foreign: BTreeMap<String, usize>,
    /// Tracks that are left out, because the model may have heard them.
    pub seen: usize,
    /// Of each of the classes its place among the model's.
    places: Vec<usize>,
    truth: Vec<usize>,
    tracks: Vec<usize>,
}

impl Outside {
    /// Of data that was loaded, without the tracks in the files `seen`.
    ///
    /// # Errors
    ///
    /// Fewer than two classes in common, or nothing left.
    pub fn of(
        dataset: &Dataset,
        classes: &[String],
        map: &ClassMap,
        seen: &BTreeSet<PathBuf>,
    ) -> Result<Self> {
        let catalogue = &dataset.catalogue;
        let found: Vec<Option<usize>> =
            catalogue.classes.iter().map(|class| map.find(class, classes)).collect::<Result<_>>()?;
        let mut places: Vec<usize> = found.iter().flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let subject = &dataset.info.name;
        if places.len() < 2 {
            let reason = format!(
                "has fewer than two of the model's classes: its are {}, the model's {}",
                catalogue.classes.join(", "),
                classes.join(", ")
            );
            return Err(Error::new(subject, reason, "say which is which: --class-map FILE.csv"));
        }
        let (mut examples, mut truth, mut tracks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut foreign, mut heard) = (BTreeMap::new(), BTreeSet::new());
        for (number, example) in catalogue.examples.iter().enumerate() {
            let path = dataset.source_of(number).and_then(|source| source.path());
            let class =
                found[example.label].and_then(|place| places.iter().position(|other| *other == place));
            match class {
                _ if path.is_some_and(|path| seen.contains(path)) => {
                    heard.insert(example.track);
                }
                None => *foreign.entry(catalogue.classes[example.label].clone()).or_default() += 1,
                Some(class) => {
                    examples.push(number);
                    truth.push(class);
                    tracks.push(example.track);
                }
            }
        }
        if examples.is_empty() {
            let reason =
                "nothing is left of it: all of its tracks are among those that the model was fitted to";
            return Err(Error::new(subject, reason, "name data that the model does not know"));
        }
        let names = places.iter().map(|&place| classes[place].clone()).collect();
        Ok(Self { examples, classes: names, foreign, seen: heard.len(), places, truth, tracks })
    }

    /// Number of tracks that are scored.
    pub fn track_count(&self) -> usize {
        self.tracks.iter().collect::<BTreeSet<_>>().len()
    }

    /// A model's scores of the data's examples, shape `(examples, model's classes)`, as predictions of these.
    pub fn predictions(&self, scores: &Array2<f32>) -> FoldPredictions<'static> {
        let scores = scores.select(Axis(0), &self.examples).select(Axis(1), &self.places);
        FoldPredictions::new(self.classes.len(), self.truth.clone(), scores).with_tracks(self.tracks.clone())
    }

    /// Models that were fitted to different parts or with different seeds, on these examples.
    pub fn evaluation(&self, fits: Vec<FoldPredictions<'static>>) -> Evaluation<'static> {
        Evaluation::of_fits(fits, SEED)
    }
}

/// What a model says of data from outside.
pub struct Answer {
    /// Of the examples that are scored.
    pub predictions: FoldPredictions<'static>,
    /// Tracks of which an example is the same as one that the model was fitted to, to a hundredth of a standard deviation: the
    /// model knows them. Some that it knows may not be among these: copies of other quality, and those that its sample has not.
    pub known: usize,
    /// Tracks that are unlike what the model was fitted to, of the classes in common.
    pub unknown: Flagged,
    /// The same of classes that the model does not have: it would be well if all were.
    pub unknown_foreign: Flagged,
}

/// So many of some tracks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flagged {
    /// That are flagged.
    pub flagged: usize,
    /// All.
    pub all: usize,
}

impl Predictor<'_> {
    /// What the model says of data from outside.
    ///
    /// # Errors
    ///
    /// As [`Predictor::embedded`] and [`Predictor::scores`].
    pub fn outside(&self, dataset: &Dataset, outside: &Outside, observer: &dyn Observer) -> Result<Answer> {
        let (dataset, inputs) = self.embedded(dataset.clone())?;
        let scores = self.scores(&inputs, observer)?;
        if scores.nrows() != dataset.catalogue.examples.len()
            || outside.examples.last() >= Some(&scores.nrows())
        {
            return Err(Error::new(
                &dataset.info.name,
                "some of its examples have no embedding",
                "leave them out",
            ));
        }
        let (novelty, distances) = (self.novelty(), self.novelty().distances(&inputs));
        let known = outside.examples.iter().zip(&outside.tracks);
        let known = known.filter(|(example, _)| Novelty::is_same(distances[**example]));
        let known = known.map(|(_, track)| track).collect::<BTreeSet<_>>().len();
        let (mut unknown, mut unknown_foreign) = (Flagged::default(), Flagged::default());
        let common: BTreeSet<usize> = outside.tracks.iter().copied().collect();
        let (examples, classes) = (&dataset.catalogue.examples, &dataset.catalogue.classes);
        let tracks: Vec<usize> = examples.iter().map(|example| example.track).collect();
        for (track, places) in positions_by_track(&tracks) {
            let probabilities = mean_probabilities(&scores, &places);
            let of_places = places.iter().map(|&place| distances[place]);
            let is_unknown = novelty.of_track(of_places, probabilities.view()).is_unknown;
            let is_foreign = outside.foreign.contains_key(&classes[examples[places[0]].label]);
            let of = match common.contains(&track) {
                true => &mut unknown,
                false if is_foreign => &mut unknown_foreign,
                false => continue,
            };
            of.all += 1;
            of.flagged += usize::from(is_unknown);
        }
        let predictions = outside.predictions(&scores);
        Ok(Answer { predictions, known, unknown, unknown_foreign })
    }
}

/// The recordings of data, each once; none of a table or of images alone.
pub fn recordings_of(dataset: &Dataset) -> Result<Vec<Recording>> {
    let files = (0..dataset.catalogue.examples.len()).filter_map(|example| dataset.source_of(example));
    let audio = files.filter_map(|source| match &source.file {
        SourceFile::Audio(path) => Some(path.to_path_buf()),
        SourceFile::Image(_) | SourceFile::BuiltIn(..) => None,
    });
    find(&audio.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>())
}
