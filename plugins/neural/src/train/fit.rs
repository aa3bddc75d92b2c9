use super::batch::Batch;
use super::checkpoint::TrainingState;
use super::evaluate::quality;
use super::optimizer::{Optimizer, global_norm};
use super::snapshot::Snapshot;
use super::step::{StepResult, one_hot};
use super::tensorboard::EventFile;
use super::{Awake, Checkpoints, History, Keep, Labelled, Recipe, batch};
use crate::failure::failed;
use crate::layers::{Context, Layer, Weights};
use candle_core::{DType, Device, Tensor, bail};
use genre_bench_api::{Epoch, Error, Quality, Result, Run};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// Batches that are made ready ahead of the step.
const AHEAD: usize = 2;

/// Trains a network that maps samples to logits, shape `(examples, classes)`.
///
/// `valid` may be empty; then nothing stops early and the last weights are kept.
///
/// # Errors
///
/// Nothing to train on, samples of a shape that the network does not take, a loss that is no number any
/// more, a device that fails, or [`Error::Cancelled`].
pub fn fit(
    network: &dyn Layer,
    weights: &Weights,
    train: Labelled,
    valid: Labelled,
    recipe: &Recipe,
    run: &Run,
) -> Result<History> {
    for part in [train, valid] {
        if part.samples.len() != part.labels.len() {
            let (samples, labels) = (part.samples.len(), part.labels.len());
            return Err(Error::failed(format!("{samples} examples have {labels} labels")));
        }
    }
    if !recipe.augment.is_empty() && train.samples.spectrogram_size().is_none() {
        let shape = train.samples.shape();
        return Err(Error::failed(format!(
            "only spectrograms are augmented, not examples of shape {shape:?}"
        )));
    }
    let place = weights.trainable.values().next().map(|weight| (weight.device().clone(), weights.dtype));
    let (false, Some(place)) = (train.samples.is_empty() || recipe.batch == 0, place) else {
        return Err(Error::failed("nothing to train on: no examples, batches of none, or no weights"));
    };
    let optimizer = Optimizer::new(recipe.optimizer, weights).map_err(failed)?;
    let state = TrainingState { weights, optimizer, history: History::default(), best: None };
    let mut fit = Fit { network, train, valid, recipe, run, place, state };
    let identity =
        format!("{} seed {}, {} examples, {}", run.key, run.seed, train.samples.len(), recipe.identity());
    if let Some(path) = recipe.checkpoint.as_ref().map(|kept| &kept.file).filter(|path| path.exists()) {
        fit.state.load(path, &identity)?;
        if fit.epochs() > recipe.epochs {
            let (path, done, wanted) = (path.display(), fit.epochs(), recipe.epochs);
            return Err(Error::Checkpoint(format!(
                "checkpoint {path} has {done} epochs, but only {wanted} are wanted"
            )));
        }
        fit.state.optimizer.steps = fit.epochs() * batch::count(train.samples.len(), recipe.batch);
    }
    let mut events = recipe.tensorboard.as_deref().map(EventFile::create).transpose()?;
    let (started, mut writing) = (Instant::now(), Duration::ZERO);
    while !fit.is_over() {
        let epoch = fit.run_epoch()?;
        if let Some(Checkpoints { file, share }) = &recipe.checkpoint
            && writing.as_secs_f64() <= share * started.elapsed().as_secs_f64()
        {
            let before = Instant::now();
            fit.state.save(file, &identity)?;
            run.checkpointed();
            writing += before.elapsed();
        }
        if let Some(events) = &mut events {
            events.epoch(fit.epochs(), &epoch)?;
        }
        run.progress(fit.epochs(), recipe.epochs, &epoch.to_string());
    }
    if let Some(best) = &fit.state.best {
        best.restore(weights).map_err(failed)?;
    }
    Ok(fit.state.history)
}

/// A fit under way.
struct Fit<'a> {
    network: &'a dyn Layer,
    train: Labelled<'a>,
    valid: Labelled<'a>,
    recipe: &'a Recipe,
    run: &'a Run<'a>,
    place: (Device, DType),
    state: TrainingState<'a>,
}

impl Fit<'_> {
    /// How many epochs are over.
    fn epochs(&self) -> usize {
        self.state.history.epochs.len()
    }

    fn is_over(&self) -> bool {
        let stopped = self.recipe.early_stopping.is_some_and(|stopping| stopping.ends(&self.state.history));
        self.epochs() >= self.recipe.epochs || (stopped && !self.valid.samples.is_empty())
    }

    fn run_epoch(&mut self) -> Result<Epoch> {
        let started = Instant::now();
        let (train_loss, train_accuracy, learning_rate) = self.train_epoch()?;
        let valid = if self.valid.samples.is_empty() { None } else { Some(self.validate()?) };
        let seconds = started.elapsed().as_secs_f64();
        let history = &mut self.state.history;
        let epoch = Epoch { train_loss, train_accuracy, valid, learning_rate, seconds };
        history.epochs.push(epoch);
        let is_best = history.best(self.recipe.keep) == Some(history.epochs.len() - 1);
        if self.recipe.keep != Keep::Last && valid.is_some() && is_best {
            self.state.best = Some(Snapshot::of(self.state.weights).map_err(failed)?);
        }
        Ok(epoch)
    }

    /// One step for every batch. Returns mean loss, accuracy and the last learning rate.
    fn train_epoch(&mut self) -> Result<(f64, f64, f64)> {
        let (epoch, samples, recipe) = (self.epochs() + 1, self.train.samples, self.recipe);
        let mut rng = self.run.rng(&format!("epoch {epoch}"));
        let batches = batch::shuffled(samples.len(), self.recipe.batch, &mut rng);
        let mut augmentation_rng = self.run.rng(&format!("augmentation, epoch {epoch}"));
        let place = self.place.clone();
        let (mut loss, mut correct, mut learning_rate) = (0.0, 0, 0.0);
        let mut add = |result: StepResult| -> Result<()> {
            let (of_batch, correct_of_batch) = result.read().map_err(failed)?;
            if !of_batch.is_finite() {
                return Err(diverged(&format!("loss {of_batch} at step {}", result.step), epoch, recipe));
            }
            loss += of_batch * result.labels.len() as f64;
            correct += correct_of_batch;
            Ok(())
        };
        std::thread::scope(|scope| {
            // The next batches are made ready while the device is busy with one. Leaving early drops the
            // receiver, and the sender ends by it.
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                for rows in batches {
                    if sender
                        .send(Batch::new(rows, samples, recipe, (&place.0, place.1), &mut augmentation_rng))
                        .is_err()
                    {
                        break;
                    }
                }
            });
            // Read a step late: so the device has work while it is waited for.
            let run = self.run;
            let stopped = || run.check_cancelled().is_err();
            let mut last = None;
            for (step, batch) in receiver.into_iter().enumerate() {
                self.run.check_cancelled()?;
                let TrainingState { optimizer, history, .. } = &self.state;
                learning_rate =
                    self.recipe.schedule.learning_rate(self.recipe.learning_rate, optimizer.steps, history);
                let context =
                    Context::training(self.run.rng(&format!("dropout, epoch {epoch}, step {}", step + 1)));
                let result = self.step(step + 1, batch, learning_rate, &context.until(&stopped));
                // What a stop breaks off is no failure.
                run.check_cancelled()?;
                let result = result.map_err(failed)?;
                last.replace(result).map_or(Ok(()), &mut add)?;
            }
            last.map_or(Ok(()), &mut add)
        })?;
        let count = samples.len() as f64;
        Ok((loss / count, correct as f64 / count, learning_rate))
    }

    /// Changes the weights once.
    fn step(
        &mut self,
        step: usize,
        batch: Batch,
        learning_rate: f64,
        context: &Context,
    ) -> candle_core::Result<StepResult> {
        let _awake = self.place.0.is_cpu().then(Awake::new);
        let labels: Vec<usize> = batch.rows.iter().map(|&row| self.train.labels[row]).collect();
        let logits = self.network.forward(&batch.inputs?, context)?;
        let loss = match batch.mix {
            Some(mix) => {
                let classes = logits.dims2()?.1;
                if let Some(label) = labels.iter().find(|&&label| label >= classes) {
                    bail!("label {label} where there are {classes} classes");
                }
                let mut targets = one_hot(&labels, classes);
                mix.blend(&mut targets, classes);
                self.recipe.loss.of_soft_labels(&logits, targets)?
            }
            None => {
                let labels: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
                self.recipe.loss.of_labels(&logits, &labels)?
            }
        };
        let gradients = context.backward(&loss)?;
        let scale = match self.recipe.clip {
            // As `clip_grad_norm_`, which keeps its quotient finite so.
            Some(longest) => (longest / (global_norm(self.state.weights, &gradients)? + 1e-6)).min(1.0),
            None => 1.0,
        };
        self.state.optimizer.step(self.state.weights, &gradients, learning_rate, scale)?;
        let scores = logits.detach().to_dtype(DType::F32)?.flatten_all()?;
        let numbers = Tensor::cat(&[&loss.detach().reshape(1)?, &scores], 0)?;
        Ok(StepResult { step, labels, numbers })
    }

    /// How good the network is on the validation part.
    fn validate(&self) -> Result<Quality> {
        let place = (&self.place.0, self.place.1);
        let quality = quality(self.network, self.valid, place, || self.run.check_cancelled())?;
        if quality.loss.is_finite() {
            Ok(quality)
        } else {
            let what = format!("validation loss {}", quality.loss);
            Err(diverged(&what, self.epochs() + 1, self.recipe))
        }
    }
}

fn diverged(what: &str, epoch: usize, recipe: &Recipe) -> Error {
    let learning_rate = recipe.learning_rate;
    let advice =
        format!("try a lower learning rate than {learning_rate} (lr), or clip the gradients (clip-norm)");
    Error::failed(format!("training diverged: {what} of epoch {epoch}; {advice}"))
}
