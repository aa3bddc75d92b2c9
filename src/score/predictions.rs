use super::{Confusion, Reliability, are_probabilities, by_track, labels_of, positions_by_track};
use ndarray::{Array2, ArrayView2, Axis};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a model left behind of one fold: all that a [`Metric`](super::Metric) is computed from.
#[derive(Debug)]
pub struct FoldPredictions<'a> {
    classes: usize,
    truth: Vec<usize>,
    scores: Array2<f32>,
    tracks: Vec<usize>,
    training: Option<(Vec<usize>, Vec<usize>)>,
    measured: Option<Measured<'a>>,
    probabilities: OnceLock<bool>,
    labelled: [OnceLock<Option<Labelled>>; 4],
}

/// What a run measures of a fold beside predictions.
#[derive(Debug, Clone, Copy)]
pub struct Measured<'a> {
    /// Seconds of wall clock to fit.
    pub fit_seconds: f64,
    /// Seconds of wall clock to score the test part.
    pub predict_seconds: f64,
    /// The most bytes of main memory that fitting and scoring held at one time.
    pub peak_bytes: u64,
    /// Reliability on the test part before and after calibration, if the scores were calibrated.
    pub reliability: Option<(&'a Reliability, &'a Reliability)>,
}

/// Which true and predicted classes a confusion is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelsOf {
    /// The test examples, each labelled by its highest score.
    Test,
    /// The training examples.
    Training,
    /// The tracks of the test part, each with the label that most of its segments got.
    TrackVotes,
    /// The same, each labelled by the mean scores of its segments.
    TrackMeans,
}

/// True and predicted classes, one a test example or track.
#[derive(Debug)]
pub(super) struct Labelled {
    pub truth: Vec<usize>,
    pub labels: Vec<usize>,
    /// Track of each; of training examples none is known.
    pub tracks: Vec<usize>,
    pub confusion: Confusion,
}

impl<'a> FoldPredictions<'a> {
    /// Of the true class and the scores, shape `(examples, classes)`, of every test example. Until
    /// [`Self::with_tracks`] says otherwise, each is a track of its own.
    ///
    /// # Panics
    ///
    /// Where the lengths differ.
    pub fn new(classes: usize, truth: Vec<usize>, scores: Array2<f32>) -> Self {
        assert_eq!(truth.len(), scores.nrows(), "one true class an example");
        Self {
            classes,
            tracks: (0..truth.len()).collect(),
            truth,
            scores,
            training: None,
            measured: None,
            probabilities: OnceLock::new(),
            labelled: Default::default(),
        }
    }

    /// With the track of every test example.
    ///
    /// # Panics
    ///
    /// Where there is not one an example.
    pub fn with_tracks(self, tracks: Vec<usize>) -> Self {
        assert_eq!(tracks.len(), self.truth.len(), "one track an example");
        Self { tracks, labelled: Default::default(), ..self }
    }

    /// With the true and the predicted classes of the training examples.
    pub fn with_training(self, truth: Vec<usize>, labels: Vec<usize>) -> Self {
        Self { training: Some((truth, labels)), labelled: Default::default(), ..self }
    }

    /// With what the run measured.
    pub fn with_measured(self, measured: Measured<'a>) -> Self {
        Self { measured: Some(measured), ..self }
    }

    /// True class of every test example.
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// Scores of the test examples, shape `(examples, classes)`.
    pub fn scores(&self) -> ArrayView2<'_, f32> {
        self.scores.view()
    }

    /// What the run measured, if that was given.
    pub fn measured(&self) -> Option<&Measured<'a>> {
        self.measured.as_ref()
    }

    /// Whether the scores are probabilities, see [`are_probabilities`].
    pub fn are_probabilities(&self) -> bool {
        *self.probabilities.get_or_init(|| are_probabilities(self.scores()))
    }

    /// The confusion of test examples, training examples or tracks; `None` if the training examples are not known.
    pub fn confusion(&self, of: LabelsOf) -> Option<&Confusion> {
        self.labelled(of).map(|labelled| &labelled.confusion)
    }

    /// Positions of each track's test examples.
    pub(super) fn positions(&self) -> Vec<Vec<usize>> {
        positions_by_track(&self.tracks).into_values().collect()
    }

    /// Truth and scores of the test examples at some positions, which may repeat.
    pub(super) fn at(&self, positions: &[usize]) -> (Vec<usize>, Array2<f32>) {
        (positions.iter().map(|&at| self.truth[at]).collect(), self.scores.select(Axis(0), positions))
    }

    pub(super) fn labelled(&self, of: LabelsOf) -> Option<&Labelled> {
        self.labelled[of as usize].get_or_init(|| self.label(of)).as_ref()
    }

    fn label(&self, of: LabelsOf) -> Option<Labelled> {
        let voted = || by_track(&self.tracks, &self.truth, self.scores());
        let (truth, labels, tracks) = match of {
            LabelsOf::Test => (self.truth.clone(), labels_of(self.scores()), self.tracks.clone()),
            LabelsOf::Training => {
                let (truth, labels) = self.training.clone()?;
                (truth, labels, Vec::new())
            }
            LabelsOf::TrackVotes => {
                let voted = voted();
                (voted.truth, voted.by_majority, voted.ids)
            }
            LabelsOf::TrackMeans => {
                let voted = voted();
                (voted.truth, voted.by_mean, voted.ids)
            }
        };
        let confusion = Confusion::new(&truth, &labels, self.classes);
        Some(Labelled { truth, labels, tracks, confusion })
    }
}

impl Labelled {
    /// For each track the cells of the confusion, row by row, that its examples fall into, and how many do.
    pub fn counts_by_track(&self) -> Vec<Vec<(usize, u64)>> {
        let classes = self.confusion.counts.len();
        let of_track = |positions: Vec<usize>| {
            let mut cells = BTreeMap::<usize, u64>::new();
            let cell = |&at: &usize| self.truth[at] * classes + self.labels[at];
            positions.iter().map(cell).for_each(|cell| *cells.entry(cell).or_default() += 1);
            cells.into_iter().collect()
        };
        positions_by_track(&self.tracks).into_values().map(of_track).collect()
    }
}
