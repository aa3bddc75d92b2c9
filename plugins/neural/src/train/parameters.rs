//! The hyper-parameters of training that every network's card declares, and the recipe that they make: the one place
//! that names them.

use super::augment::{Mixup, SpecAugment};
use super::optimizer::OptimizerConfig;
use super::{EarlyStopping, Keep, Plateau, Recipe, Schedule};
use genre_bench_api::{Error, Param, Params, Result};

const OPTIMIZERS: [&str; 4] = ["adam", "adamw", "sgd", "nesterov"];
const SCHEDULES: [&str; 5] = ["constant", "plateau", "cosine", "step", "inverse-time"];

/// A network's own recipe: what its hyper-parameters are unless somebody sets others.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    epochs: i64,
    batch: i64,
    learning_rate: f64,
    optimizer: &'static str,
    schedule: &'static str,
    patience: Option<i64>,
    keep: &'static str,
}

impl Defaults {
    /// At most so many epochs of batches of so many examples, by Adam at a constant learning rate.
    pub const fn new(epochs: i64, batch: i64, learning_rate: f64) -> Self {
        Self {
            epochs,
            batch,
            learning_rate,
            optimizer: "adam",
            schedule: "constant",
            patience: None,
            keep: "best",
        }
    }

    /// Keeping the weights of the epoch with the highest validation accuracy.
    pub const fn keep_best_accuracy(self) -> Self {
        Self { keep: "best-accuracy", ..self }
    }

    /// SGD with Nesterov momentum, whose learning rate falls with the inverse of time, as in an example of Keras's.
    pub const fn sgd_of_keras(self) -> Self {
        Self { optimizer: "nesterov", schedule: "inverse-time", ..self }
    }

    /// With a learning rate that falls on a plateau.
    pub const fn plateau(self) -> Self {
        Self { schedule: "plateau", ..self }
    }

    /// Ending after so many epochs without a lower validation loss.
    pub const fn patience(self, epochs: i64) -> Self {
        Self { patience: Some(epochs), ..self }
    }

    /// The hyper-parameters, from which [`Recipe::of`] makes the recipe again.
    pub(crate) fn params(&self) -> Vec<Param> {
        let mut params = vec![
            Param::int("epochs", self.epochs, "training epochs, at most").at_least(1.0),
            Param::int("batch", self.batch, "batch size").at_least(1.0).tries(&["16", "32", "64"]),
            Param::float("lr", self.learning_rate, "learning rate")
                .above(0.0)
                .tries(&["0.0003", "0.001", "0.003"]),
        ];
        params.extend(self.patience.map(|epochs| {
            let help = "early stopping after so many epochs without a lower validation loss";
            Param::int("patience", epochs, help).at_least(1.0)
        }));
        params.extend([
            choice("optimizer", self.optimizer, &OPTIMIZERS, "nesterov is sgd with Nesterov momentum"),
            Param::float("momentum", 0.9, "momentum of sgd and nesterov").between(0.0, 0.9999),
            Param::float("weight-decay", 0.0, "weight decay; 0 is the optimizer's default, 0.01 of adamw")
                .between(0.0, 1.0),
            choice("schedule", self.schedule, &SCHEDULES, "learning-rate schedule"),
            Param::int("schedule-epochs", 5, "epochs that plateau waits and step takes").between(0.0, 1e6),
            Param::float("schedule-factor", 0.1, "what plateau and step multiply the learning rate by")
                .between(0.0, 1.0),
            Param::float("schedule-decay", 1e-6, "decay of inverse-time: lr / (1 + decay · step)")
                .at_least(0.0),
            Param::float("min-lr", 0.0, "lowest learning rate of plateau and cosine").at_least(0.0),
            Param::int("warm-up", 0, "steps of linear warm-up; 0 is none").between(0.0, 1e9),
            Param::float("clip-norm", 0.0, "largest norm of all gradients; 0 is no clipping").at_least(0.0),
            Param::float("label-smoothing", 0.0, "share of a label spread over all classes")
                .between(0.0, 1.0),
            Param::choice(
                "class-weights",
                &["none", "balanced"],
                "whether rare classes count more in the loss",
            ),
            Param::float("mixup", 0.0, "alpha of mixup; 0 is none").between(0.0, 4.0),
            choice(
                "keep",
                self.keep,
                &["best", "best-accuracy", "last"],
                "weights kept: of the lowest validation loss, the highest accuracy, or the last",
            ),
        ]);
        params
    }

    /// The hyper-parameter of networks that read spectrograms.
    pub(crate) fn spec_augment() -> Param {
        Param::bool("spec-augment", false, "mask bands and stretches of time of the training spectrograms")
    }
}

/// One of `all`, of which one is the default.
fn choice(name: &str, default: &str, all: &[&str], help: &str) -> Param {
    let others = all.iter().copied().filter(|other| *other != default);
    Param::choice(name, &std::iter::once(default).chain(others).collect::<Vec<_>>(), help)
}

impl Recipe {
    /// What the hyper-parameters of a network's card say.
    ///
    /// # Errors
    ///
    /// The card does not declare them.
    pub fn of(params: &Params) -> Result<Self> {
        let (epochs, batch) = (params.count("epochs")?, params.count("batch")?);
        let mut recipe = Self::new(epochs, batch, optimizer(params)?, params.float("lr")?);
        recipe.schedule = schedule(params, epochs)?;
        recipe.clip = switched(params.float("clip-norm")?);
        recipe.loss.smoothing = params.float("label-smoothing")? as f32;
        recipe.mixup = switched(params.float("mixup")?).map(|alpha| Mixup { alpha });
        recipe.keep = match params.choice("keep")? {
            "last" => Keep::Last,
            "best-accuracy" => Keep::BestAccuracy,
            _ => Keep::Best,
        };
        if has(params, "patience") {
            recipe.early_stopping = Some(EarlyStopping { patience: params.count("patience")? });
        }
        if has(params, "spec-augment") && params.bool("spec-augment")? {
            recipe.augment.push(Box::new(SpecAugment::default()));
        }
        Ok(recipe)
    }

    /// Weighs the classes of these training labels in the loss, if the hyper-parameters say so: scikit-learn's
    /// `class_weight="balanced"`, under which all classes that occur count the same together.
    ///
    /// # Errors
    ///
    /// The card does not declare it.
    pub(crate) fn weigh_classes(&mut self, params: &Params, labels: &[usize], classes: usize) -> Result<()> {
        if params.choice("class-weights")? == "balanced" {
            let mut counts = vec![0; classes];
            for &label in labels {
                // A label that is no class is refused by the loss.
                counts.get_mut(label).into_iter().for_each(|count| *count += 1);
            }
            let occurring = counts.iter().filter(|&&count| count > 0).count();
            let weight = |count: usize| match count {
                0 => 1.0,
                _ => (labels.len() as f64 / (occurring * count) as f64) as f32,
            };
            self.loss.weights = Some(counts.into_iter().map(weight).collect());
        }
        Ok(())
    }
}

fn has(params: &Params, name: &str) -> bool {
    params.iter().any(|(declared, _)| declared == name)
}

/// None where 0 switches it off.
fn switched(value: f64) -> Option<f64> {
    Some(value).filter(|&value| value > 0.0)
}

fn optimizer(params: &Params) -> Result<OptimizerConfig> {
    let (momentum, weight_decay) = (params.float("momentum")?, params.float("weight-decay")?);
    let config = match params.choice("optimizer")? {
        "adam" => OptimizerConfig::adam(),
        "adamw" => OptimizerConfig::adam_w(),
        "sgd" => OptimizerConfig::sgd(momentum),
        "nesterov" => OptimizerConfig::Sgd { momentum, nesterov: true, weight_decay: 0.0 },
        other => return Err(unknown("optimizer", other)),
    };
    Ok(if weight_decay > 0.0 { config.weight_decay(weight_decay) } else { config })
}

fn schedule(params: &Params, epochs: usize) -> Result<Schedule> {
    let (every, factor) = (params.count("schedule-epochs")?, params.float("schedule-factor")?);
    let (decay, lowest) = (params.float("schedule-decay")?, params.float("min-lr")?);
    let schedule = match params.choice("schedule")? {
        "constant" => Schedule::Constant,
        "plateau" => Schedule::Plateau(Plateau {
            factor,
            patience: every,
            threshold: Plateau::TORCH.threshold,
            lowest,
        }),
        "cosine" => Schedule::Cosine { epochs, lowest },
        "step" => Schedule::Step { epochs: every, factor },
        "inverse-time" => Schedule::InverseTime { decay },
        other => return Err(unknown("schedule", other)),
    };
    Ok(match params.count("warm-up")? {
        0 => schedule,
        steps => Schedule::WarmUp { steps, then: Box::new(schedule) },
    })
}

fn unknown(name: &str, value: &str) -> Error {
    Error::Parameter { name: name.to_owned(), reason: format!("`{value}` is not known") }
}
