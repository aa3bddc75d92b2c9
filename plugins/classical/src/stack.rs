//! A soft vote of the models that do best together.

use crate::need::Need;
use crate::training::{Classes, require_columns, require_data};
use crate::{Boosting, ExtraTrees, Forest, Lda, Logistic, NearestNeighbours, Svm};
use genre_bench_api::{
    Calibration, CalibrationMethod, Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights,
    Loading, Model, Observer, Param, Params, Result, Run, State, try_zeros,
};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, Axis};
use rand::RngCore;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rounds of the selection: weights are multiples of one over this.
const ROUNDS: usize = 20;

/// A weighted mean of the probabilities of a few models, chosen and weighted inside the training part.
///
/// Every candidate is fitted on inner folds, which keep together what the protocol keeps together, and
/// its scores for the parts left out are made probabilities by Platt's sigmoids. Then, from nothing,
/// the candidate that lowers the log loss of the mean most is added, again and again; how often one
/// was added is its weight. The chosen are fitted again to the whole training part. The test part has
/// no say in any of this.
///
/// Reference: R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes, "Ensemble selection from
/// libraries of models", ICML 2004.
pub struct Stack;

fn candidates() -> Vec<Box<dyn Model>> {
    vec![
        Box::new(Svm::C10),
        Box::new(Logistic),
        Box::new(Lda),
        Box::new(NearestNeighbours::FIVE),
        Box::new(Forest),
        Box::new(ExtraTrees),
        Box::new(Boosting),
    ]
}

impl Model for Stack {
    fn card(&self) -> Card {
        let summary = "soft vote of the best of seven models, weights from inner folds";
        Card::new("stack", Family::Classical, summary)
            .param(
                Param::int("inner-folds", 3, "folds of the training part that weights come from")
                    .at_least(2.0),
            )
            .param(Param::int("members", 4, "most models in the vote").above(0.0).tries(&["2", "4", "7"]))
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let candidates = candidates();
        let classes = Classes::occurring_in(train);
        let folds = Folds::of(train, run.params.count("inner-folds")?, run);
        let progress = Steps { done: AtomicUsize::new(0), total: candidates.len() * (folds.parts.len() + 1) };

        let shape = shape_of(train, run);
        let in_turns = need(&candidates, &shape).is_none_or(|(of_all, _)| of_all > SIDE_BY_SIDE);
        let out_of_fold = all(&candidates, in_turns, |candidate| {
            folds.out_of_fold(&*candidates[candidate], train, &classes, run, &progress)
        })?;
        let labels = classes.numbers(folds.tested().map(|row| train.labels[row]));
        let calibrations = out_of_fold
            .iter()
            // Without a row that was left out there is nothing to learn from; all count alike then.
            .map(|scores| match labels.is_empty() {
                true => Ok(Calibration::none(scores)),
                false => {
                    Calibration::fit(CalibrationMethod::Platt, scores, &labels, || run.check_cancelled())
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let probabilities: Vec<Array2<f32>> = out_of_fold
            .iter()
            .zip(&calibrations)
            .map(|(scores, calibration)| calibration.apply(scores))
            .collect();
        let weights = select(&probabilities, &labels, run.params.count("members")?);

        let chosen: Vec<usize> =
            (0..candidates.len()).filter(|&candidate| weights[candidate] > 0.0).collect();
        let members = all(&chosen, in_turns, |number| {
            let candidate = chosen[number];
            let fitted = fit_inside(&*candidates[candidate], train, valid, run, "whole", &progress)?;
            let calibration = calibrations[candidate].clone();
            Ok(Member { candidate, fitted, calibration, weight: weights[candidate] })
        })?;
        let mut insights = Insights::default();
        for (candidate, weight) in candidates.iter().zip(weights) {
            insights = insights.number(format!("weight of {}", candidate.card().name), weight);
        }
        Ok(Box::new(Vote { members, classes, columns: train.inputs.table.ncols(), insights }))
    }

    /// The members are loaded as they were fitted: with their default parameters.
    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let mut members = Vec::new();
        for (candidate, model) in candidates().into_iter().enumerate() {
            let card = model.card();
            if !state.has(&card.name) {
                continue;
            }
            let mut member = state.take_nested(&card.name);
            let weight = member.take_number("weight")?;
            let calibration = load_calibration(member.take_nested("calibration"), classes.count())?;
            let inside = Loading { params: card.resolve([])?, ..loading.clone() };
            let fitted = model.load(member.take_nested("model"), &inside)?;
            member.end()?;
            members.push(Member { candidate, fitted, calibration, weight });
        }
        state.end()?;
        if members.is_empty() {
            return Err(Error::failed("there is nobody to vote"));
        }
        Ok(Box::new(Vote { members, classes, columns: loading.columns, insights: Insights::default() }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let candidates = candidates();
        let (of_all, of_largest) = need(&candidates, shape)?;
        // In turns, what was fitted is held beside what is being fitted; that is little against it.
        let fits = if of_all > SIDE_BY_SIDE { 2 * of_largest } else { of_all };
        let rows = (shape.rows + shape.scored) as u64;
        let scores = Need::of(shape.rows, 2 * candidates.len() * shape.classes);
        Some(fits + scores + 8 * rows * shape.classes as u64)
    }
}

/// Bytes that candidates may need together to be fitted side by side.
const SIDE_BY_SIDE: u64 = 1 << 30;

/// What all candidates need, fitted side by side, and what the neediest needs, with their copies of the examples.
fn need(candidates: &[Box<dyn Model>], shape: &FitShape) -> Option<(u64, u64)> {
    let inside = FitShape { scored: shape.rows.max(shape.scored), ..*shape };
    let examples = Need::table(shape) / 2;
    let of = |candidate: &dyn Model| {
        let params = candidate.card().resolve([]).ok()?;
        Some(candidate.memory(&params, &inside)? + examples)
    };
    let needs = candidates.iter().map(|candidate| of(&**candidate)).collect::<Option<Vec<u64>>>()?;
    Some((needs.iter().sum(), needs.iter().copied().max().unwrap_or(0)))
}

fn shape_of(train: &Examples, run: &Run) -> FitShape {
    let (rows, columns) = train.inputs.table.dim();
    FitShape {
        rows,
        scored: rows,
        columns,
        classes: train.classes.len(),
        spectrogram: (0, 0),
        threads: run.threads,
        device: run.device,
    }
}

/// What is made of every item, given its number: in turns, or side by side.
fn all<I: Sync, T: Send>(
    items: &[I],
    in_turns: bool,
    make: impl Fn(usize) -> Result<T> + Send + Sync,
) -> Result<Vec<T>> {
    if in_turns {
        (0..items.len()).map(make).collect()
    } else {
        (0..items.len()).into_par_iter().map(make).collect()
    }
}

/// Parts of the training part, each of which is left out once.
struct Folds {
    /// Rows fitted to, rows left out; neither is empty.
    parts: Vec<(Vec<usize>, Vec<usize>)>,
}

impl Folds {
    fn of(train: &Examples, count: usize, run: &Run) -> Self {
        let folds = train.folds(count, &mut run.rng("inner folds"));
        let parts = (0..count).map(|left_out| {
            let others = folds.iter().enumerate().filter(|(fold, _)| *fold != left_out);
            let mut rest: Vec<usize> = others.flat_map(|(_, rows)| rows.clone()).collect();
            rest.sort_unstable();
            (rest, folds[left_out].clone())
        });
        Self { parts: parts.filter(|(rest, left_out)| !rest.is_empty() && !left_out.is_empty()).collect() }
    }

    /// The rows left out, fold by fold.
    fn tested(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts.iter().flat_map(|(_, left_out)| left_out.iter().copied())
    }

    /// A candidate's scores of those rows for the classes that occur, fitted to the other rows.
    fn out_of_fold(
        &self,
        candidate: &dyn Model,
        train: &Examples,
        classes: &Classes,
        run: &Run,
        progress: &Steps,
    ) -> Result<Array2<f32>> {
        let mut scores = Array2::zeros((0, classes.count()));
        for (fold, (rest, left_out)) in self.parts.iter().enumerate() {
            let purpose = format!("fold {fold}");
            let rest = train.select(rest);
            let fitted = fit_inside(candidate, &rest, &Examples::default(), run, &purpose, progress)?;
            let left_out = train.inputs.select(left_out);
            let of_fold = classes.narrow(&fitted.scores_unless_cancelled(&left_out, run.observer)?);
            // The columns are equally many by construction.
            let _ = scores.append(Axis(0), of_fold.view());
        }
        Ok(scores)
    }
}

/// How many fits are done.
struct Steps {
    done: AtomicUsize,
    total: usize,
}

/// Fits a candidate with its default parameters and a random stream of its own.
fn fit_inside(
    candidate: &dyn Model,
    train: &Examples,
    valid: &Examples,
    run: &Run,
    purpose: &str,
    progress: &Steps,
) -> Result<Box<dyn Fitted>> {
    run.check_cancelled()?;
    let card = candidate.card();
    let inside = Run {
        key: format!("{}, {} {purpose}", run.key, card.name),
        params: card.resolve([])?,
        seed: run.rng(&format!("{} {purpose}", card.name)).next_u64(),
        threads: run.threads,
        device: run.device,
        scratch: None,
        tensorboard: None,
        observer: &Inside(run.observer),
    };
    let fitted = candidate.fit(train, valid, &inside)?;
    run.progress(progress.done.fetch_add(1, Ordering::Relaxed) + 1, progress.total, "fits of its candidates");
    Ok(fitted)
}

/// Hands cancellation down to a candidate, but not its progress up.
struct Inside<'a>(&'a dyn Observer);

impl Observer for Inside<'_> {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// Weights, adding up to 1, of the candidates whose probabilities of some examples with these labels
/// are given; at most `members` of them are above 0.
fn select(probabilities: &[Array2<f32>], labels: &[usize], members: usize) -> Vec<f64> {
    let of_label = |candidate: &Array2<f32>| -> Vec<f64> {
        labels.iter().enumerate().map(|(row, &label)| f64::from(candidate[[row, label]])).collect()
    };
    // Log loss only looks at the probability of the true class.
    let of_label: Vec<Vec<f64>> = probabilities.iter().map(of_label).collect();
    let mut counts = vec![0_usize; probabilities.len()];
    let mut sums = vec![0.0; labels.len()];
    for _ in 0..ROUNDS {
        let full = counts.iter().filter(|&&count| count > 0).count() == members;
        let log_likelihood = |candidate: usize| -> f64 {
            sums.iter().zip(&of_label[candidate]).map(|(sum, p)| (sum + p).max(f64::MIN_POSITIVE).ln()).sum()
        };
        let open = (0..counts.len()).filter(|&candidate| !full || counts[candidate] > 0);
        let scored = open.map(|candidate| (candidate, log_likelihood(candidate)));
        let Some((best, _)) = scored.reduce(|best, next| if next.1 > best.1 { next } else { best }) else {
            break;
        };
        counts[best] += 1;
        sums.iter_mut().zip(&of_label[best]).for_each(|(sum, p)| *sum += p);
    }
    counts.into_iter().map(|count| count as f64 / ROUNDS as f64).collect()
}

fn save_calibration(calibration: &Calibration) -> State {
    let state = State::default();
    match calibration {
        Calibration::Temperature { temperature, of_probabilities } => state
            .with_number("temperature", *temperature)
            .with_number("of probabilities", u64::from(*of_probabilities)),
        Calibration::Platt { slopes, offsets } => {
            state.with("slopes", Array1::from(slopes.clone())).with("offsets", Array1::from(offsets.clone()))
        }
    }
}

/// What [`save_calibration`] gave, of so many classes.
fn load_calibration(mut state: State, classes: usize) -> Result<Calibration> {
    let calibration = if state.has("temperature") {
        let of_probabilities = state.take_number::<u64>("of probabilities")? != 0;
        Calibration::Temperature { temperature: state.take_number("temperature")?, of_probabilities }
    } else {
        let mut sigmoids = |name| Ok::<_, Error>(state.take(name, [classes])?.to_vec());
        Calibration::Platt { slopes: sigmoids("slopes")?, offsets: sigmoids("offsets")? }
    };
    state.end()?;
    Ok(calibration)
}

struct Member {
    /// Its number among the [`candidates`].
    candidate: usize,
    fitted: Box<dyn Fitted>,
    calibration: Calibration,
    weight: f64,
}

struct Vote {
    members: Vec<Member>,
    classes: Classes,
    columns: usize,
    insights: Insights,
}

impl Vote {
    fn scored(
        &self,
        inputs: &Inputs,
        score: impl Fn(&dyn Fitted) -> Result<Array2<f32>>,
    ) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut mean = try_zeros((inputs.len(), self.classes.count()), "the scores")?;
        for Member { fitted, calibration, weight, .. } in &self.members {
            let probabilities = calibration.apply(&self.classes.narrow(&score(&**fitted)?));
            mean.zip_mut_with(&probabilities, |mean: &mut f64, &p| *mean += weight * f64::from(p));
        }
        Ok(self.classes.widen(&mean, 0.0))
    }
}

impl Fitted for Vote {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        self.scored(inputs, |member| member.scores(inputs))
    }

    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        self.scored(inputs, |member| member.scores_unless_cancelled(inputs, observer))
    }

    fn save(&self) -> Result<State> {
        let candidates = candidates();
        let mut state = State::default();
        for Member { candidate, fitted, calibration, weight } in &self.members {
            let member = State::default()
                .with_number("weight", *weight)
                .with_nested("calibration", save_calibration(calibration))
                .with_nested("model", fitted.save()?);
            state = state.with_nested(&candidates[*candidate].card().name, member);
        }
        Ok(self.classes.save(state))
    }

    fn insights(&self) -> Insights {
        self.insights.clone()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::{Folds, Stack, select};
    use genre_bench_api::{Examples, Model, Run};
    use ndarray::{Array2, array};

    #[test]
    fn models_that_complement_each_other_share_the_weight() {
        let labels = [0, 0, 1, 1];
        let first: Array2<f32> = array![[0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.6, 0.4]];
        let second: Array2<f32> = array![[0.4, 0.6], [0.9, 0.1], [0.6, 0.4], [0.1, 0.9]];
        let guess = Array2::from_elem((4, 2), 0.5);
        assert_eq!(select(&[guess.clone(), first.clone(), second], &labels, 3), [0.0, 0.5, 0.5]);
        assert_eq!(
            select(&[guess, first.clone(), first], &labels, 1).iter().filter(|w| **w > 0.0).count(),
            1
        );
    }

    #[test]
    fn without_an_example_the_first_model_is_alone() {
        assert_eq!(select(&[Array2::zeros((0, 2)), Array2::zeros((0, 2))], &[], 2), [1.0, 0.0]);
    }

    #[test]
    fn weights_come_from_folds_that_keep_groups_together() {
        let train = Examples {
            labels: (0..60).map(|row| row / 4 % 3).collect(),
            groups: (0..60).map(|row| row / 4).collect(),
            classes: ["a", "b", "c"].map(str::to_owned).into(),
            ..Examples::default()
        };
        let folds = Folds::of(&train, 3, &Run::with(Stack.card().resolve([]).unwrap(), 0));
        assert_eq!(folds.parts.len(), 3);
        let mut tested: Vec<usize> = folds.tested().collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..60).collect::<Vec<_>>(), "every row is left out once");
        for (rest, left_out) in &folds.parts {
            assert_eq!(rest.len() + left_out.len(), 60);
            assert!(left_out.iter().all(|row| rest.iter().all(|other| row / 4 != other / 4)));
        }
    }
}
