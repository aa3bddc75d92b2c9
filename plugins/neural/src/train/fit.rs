use super::batch::Batch;
use super::checkpoint::State;
use super::evaluate::{argmax, quality};
use super::optimiser::{Optimiser, global_norm};
use super::snapshot::Snapshot;
use super::tensorboard::EventFile;
use super::{History, Keep, Labelled, Recipe, batch};
use crate::layers::{Layer, Pass, Weights};
use candle_core::{DType, Device, bail};
use genre_bench_api::{Epoch, Error, Quality, Result, Run};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// Batches that are made ready ahead of the step.
const AHEAD: usize = 2;

/// Trains a network that maps samples to logits, shape `(examples, classes)`.
///
/// `valid` may be empty; then nothing stops early and the last weights are kept.
///
/// # Errors
///
/// Nothing to learn from, samples of a shape that the network does not take, a loss that is no number any
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
    if !recipe.augment.is_empty() && !matches!(train.samples.shape(), [1, _, _]) {
        let shape = train.samples.shape();
        return Err(Error::failed(format!(
            "only pictures of shape (1, rows, columns) are augmented, not {shape:?}"
        )));
    }
    let place = weights.trainable.values().next().map(|weight| (weight.device().clone(), weight.dtype()));
    let (false, Some(place)) = (train.samples.is_empty() || recipe.batch == 0, place) else {
        return Err(Error::failed("nothing to learn: no examples, batches of none, or no weights"));
    };
    let optimiser = Optimiser::new(recipe.rule, weights).map_err(Error::failed)?;
    let state = State { weights, optimiser, history: History::default(), best: None };
    let mut fit = Fit { network, train, valid, recipe, run, place, state };
    let checkpoint = recipe.checkpoint.as_deref();
    let identity = format!("seed {}, {} examples, {}", run.seed, train.samples.len(), recipe.identity());
    if let Some(path) = checkpoint.filter(|path| path.exists()) {
        fit.state.load(path, &identity)?;
        if fit.epochs() > recipe.epochs {
            let (path, done, wanted) = (path.display(), fit.epochs(), recipe.epochs);
            return Err(Error::failed(format!(
                "checkpoint {path} has {done} epochs, but only {wanted} are wanted"
            )));
        }
        fit.state.optimiser.steps = fit.epochs() * batch::count(train.samples.len(), recipe.batch);
    }
    let mut events = recipe.tensorboard.as_deref().map(EventFile::create).transpose()?;
    while !fit.is_over() {
        let epoch = fit.run_epoch()?;
        if let Some(path) = checkpoint {
            fit.state.save(path, &identity)?;
        }
        if let Some(events) = &mut events {
            events.epoch(fit.epochs(), &epoch)?;
        }
        run.progress(fit.epochs(), recipe.epochs, &epoch.to_string());
    }
    if let Some(best) = &fit.state.best {
        best.restore(weights).map_err(Error::failed)?;
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
    state: State<'a>,
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
        let (train_loss, train_accuracy, rate) = self.learn()?;
        let valid = if self.valid.samples.is_empty() { None } else { Some(self.judge()?) };
        let seconds = started.elapsed().as_secs_f64();
        let history = &mut self.state.history;
        let epoch = Epoch { train_loss, train_accuracy, valid, rate, seconds };
        history.epochs.push(epoch);
        let is_best = history.best() == Some(history.epochs.len() - 1);
        if self.recipe.keep == Keep::Best && valid.is_some() && is_best {
            self.state.best = Some(Snapshot::of(self.state.weights).map_err(Error::failed)?);
        }
        Ok(epoch)
    }

    /// Learns from every example once. Returns mean loss, accuracy and the last learning rate.
    fn learn(&mut self) -> Result<(f64, f64, f64)> {
        let (epoch, samples, recipe) = (self.epochs() + 1, self.train.samples, self.recipe);
        let mut rng = self.run.rng(&format!("epoch {epoch}"));
        let batches = batch::shuffled(samples.len(), self.recipe.batch, &mut rng);
        let mut chance = self.run.rng(&format!("augmentation, epoch {epoch}"));
        let (mut loss, mut right, mut rate) = (0.0, 0, 0.0);
        std::thread::scope(|scope| {
            // The next batches are made ready while the device is busy with one. Leaving early drops the
            // receiver, and the sender ends by it.
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                for rows in batches {
                    if sender.send(Batch::new(rows, samples, recipe, &mut chance)).is_err() {
                        break;
                    }
                }
            });
            for (step, batch) in receiver.into_iter().enumerate() {
                self.run.check_cancelled()?;
                let State { optimiser, history, .. } = &self.state;
                rate = self.recipe.schedule.rate(self.recipe.rate, optimiser.steps, history);
                let size = batch.rows.len();
                let pass =
                    Pass::training(self.run.rng(&format!("dropout, epoch {epoch}, step {}", step + 1)));
                let (batch_loss, batch_right) = self.step(batch, rate, &pass).map_err(Error::failed)?;
                if !batch_loss.is_finite() {
                    return Err(self.diverged(&format!("loss {batch_loss} at step {}", step + 1)));
                }
                loss += batch_loss * size as f64;
                right += batch_right;
            }
            Ok(())
        })?;
        let count = samples.len() as f64;
        Ok((loss / count, right as f64 / count, rate))
    }

    /// Changes the weights once. Returns the loss and how many examples were right before.
    fn step(&mut self, batch: Batch, rate: f64, pass: &Pass) -> candle_core::Result<(f64, usize)> {
        let (device, dtype) = &self.place;
        let labels: Vec<usize> = batch.rows.iter().map(|&row| self.train.labels[row]).collect();
        let inputs = self.train.samples.tensor(batch.values, device, *dtype)?;
        let logits = self.network.forward(&inputs, pass)?;
        let loss = match batch.mix {
            Some(mix) => {
                let classes = logits.dims2()?.1;
                if let Some(label) = labels.iter().find(|&&label| label >= classes) {
                    bail!("label {label} where there are {classes} classes");
                }
                let mut shares = one_hot(&labels, classes);
                mix.blend(&mut shares, classes);
                self.recipe.loss.of_shares(&logits, shares)?
            }
            None => {
                let labels: Vec<u32> = labels.iter().map(|&label| label as u32).collect();
                self.recipe.loss.of_labels(&logits, &labels)?
            }
        };
        let gradients = pass.backward(&loss)?;
        let scale = match self.recipe.clip {
            // As `clip_grad_norm_`, which keeps its quotient finite so.
            Some(longest) => (longest / (global_norm(self.state.weights, &gradients)? + 1e-6)).min(1.0),
            None => 1.0,
        };
        self.state.optimiser.step(self.state.weights, &gradients, rate, scale)?;
        let scores = logits.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        let right = scores.iter().zip(&labels).filter(|(row, label)| argmax(row) == **label).count();
        Ok((f64::from(loss.to_scalar::<f32>()?), right))
    }

    /// How good the network is on the validation part.
    fn judge(&self) -> Result<Quality> {
        let place = (&self.place.0, self.place.1);
        let quality = quality(self.network, self.valid, place, || self.run.check_cancelled())?;
        if quality.loss.is_finite() {
            Ok(quality)
        } else {
            Err(self.diverged(&format!("validation loss {}", quality.loss)))
        }
    }

    fn diverged(&self, what: &str) -> Error {
        let (epoch, rate) = (self.epochs() + 1, self.recipe.rate);
        let advice = format!("try a lower learning rate than {rate}, or clip the gradients");
        Error::failed(format!("training diverged: {what} of epoch {epoch}; {advice}"))
    }
}

/// 1 at every label and 0 elsewhere, shape `(labels, classes)`, row-major.
fn one_hot(labels: &[usize], classes: usize) -> Vec<f32> {
    let is = |label: usize| (0..classes).map(move |class| f32::from(u8::from(class == label)));
    labels.iter().copied().flat_map(is).collect()
}
