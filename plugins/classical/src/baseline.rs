//! Floors: what a classifier scores without looking at the features.

use crate::need::Need;
use crate::training::require_data;
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Params, Result, Run, State,
    random_stream,
};
use ndarray::Array2;
use rand::{Rng, RngCore};

/// Predicts the most frequent class of the training part, the lowest index where several are.
///
/// As scikit-learn's `DummyClassifier(strategy="most_frequent")`. The scores are 1 for that class
/// and 0 for all others.
pub struct Majority;

impl Model for Majority {
    fn card(&self) -> Card {
        Card::new("majority", Family::Baseline, "always the most frequent training class").deterministic()
    }

    fn fit(&self, train: &Examples, _valid: &Examples, _run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let mut counts = vec![0_usize; train.classes.len()];
        for &label in &train.labels {
            counts[label] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or_default();
        let winner = counts.iter().position(|&count| count == most).unwrap_or_default();
        Ok(Box::new(OneClass { winner, classes: counts.len() }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let winner = state.take_places(WINNER, 1, loading.classes)?[0];
        state.end()?;
        Ok(Box::new(OneClass { winner, classes: loading.classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        Some(Need::of(shape.classes, 1))
    }
}

/// The array that a saved [`Majority`] is.
const WINNER: &str = "winner";

impl Majority {
    /// Whether a state is one of it: what other models fall back to where there is nothing to learn.
    pub(crate) fn made(state: &State) -> bool {
        state.has(WINNER)
    }
}

/// Predicts one class whatever the input.
struct OneClass {
    winner: usize,
    classes: usize,
}

impl Fitted for OneClass {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(one_hot(inputs.len(), self.classes, |_| self.winner))
    }

    fn save(&self) -> Result<State> {
        Ok(State::default().with_places(WINNER, [self.winner]))
    }
}

/// Predicts a class drawn uniformly from all classes of the dataset.
///
/// The draw depends on the seed and on the example's features and on nothing else, so an example
/// gets the same class whichever others are scored with it. Examples with equal features get equal
/// classes. The scores are 1 for the class drawn and 0 for all others.
pub struct Random;

impl Model for Random {
    fn card(&self) -> Card {
        Card::new("random", Family::Baseline, "a class drawn at random for every example")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        Ok(Box::new(Drawn { seed: run.rng("classes").next_u64(), classes: train.classes.len() }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let seed = state.take_number("seed")?;
        state.end()?;
        if loading.classes == 0 {
            return Err(Error::failed("there is no class to draw"));
        }
        Ok(Box::new(Drawn { seed, classes: loading.classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        // An example's features as text, and each of them before it is joined.
        Some(Need::of(shape.columns, 8))
    }
}

struct Drawn {
    seed: u64,
    classes: usize,
}

impl Fitted for Drawn {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(one_hot(inputs.len(), self.classes, |example| {
            let bits: String =
                inputs.table.row(example).iter().map(|value| format!("{:08x}", value.to_bits())).collect();
            random_stream(self.seed, &bits).gen_range(0..self.classes)
        }))
    }

    fn save(&self) -> Result<State> {
        Ok(State::default().with_number("seed", self.seed))
    }
}

/// Scores of 1 for the class `class_of` an example and 0 for all others.
fn one_hot(examples: usize, classes: usize, class_of: impl Fn(usize) -> usize) -> Array2<f32> {
    let mut scores = Array2::zeros((examples, classes));
    for (example, mut row) in scores.rows_mut().into_iter().enumerate() {
        row[class_of(example)] = 1.0;
    }
    scores
}
