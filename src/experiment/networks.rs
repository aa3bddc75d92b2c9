use super::{Invalid, Registered};
use crate::dataset::ImageSize;
use genre_bench_api::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of all networks of an experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Networks")]
pub struct Networks {
    /// Training epochs
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Batch size
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Learning rate
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<f64>,
    /// Floating-point type: f32, or bf16 on CUDA devices
    #[arg(long, value_name = "TYPE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Resize larger spectrograms to this size [default: 50x50 in the reduced configuration, else as large as they are]
    #[arg(long, alias = "picture-size", value_name = "WxH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spectrogram_size: Option<ImageSize>,
    /// Leave out the trained weights that models and encoders start from by default; their rows say so
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_scratch: bool,
    /// Convolve on the CPU with every product of the definition, not with Winograd's fewer ones: slower, rounded less
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Which recipes networks are trained by: auto (reduced on the CPU, as published on a CUDA device), reduced or published
    #[arg(skip)]
    #[serde(skip_serializing_if = "Configuration::is_auto")]
    pub configuration: Configuration,
}

/// Which recipes networks are trained by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Configuration {
    /// Reduced on the CPU, as published on a CUDA device.
    #[default]
    Auto,
    /// Fewer epochs and filters, smaller spectrograms: minutes instead of days.
    Reduced,
    /// As published.
    Published,
}

impl Configuration {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl Networks {
    /// The hyper-parameters that these settings are, by name.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let Self { epochs, batch, lr, precision, exact, .. } = self;
        [
            ("epochs", epochs.map(|epochs| Value::Int(epochs.into()))),
            ("batch", batch.map(|batch| Value::Int(batch.into()))),
            ("lr", lr.map(Value::Float)),
            ("precision", precision.clone().map(Value::Text)),
            ("exact", exact.then_some(Value::Bool(true))),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Keeps the settings that some model has.
    pub(super) fn only_of(&mut self, entrants: &[&Registered]) {
        let known = |name: &str| entrants.iter().any(|entrant| entrant.has_parameter(name));
        self.epochs = self.epochs.filter(|_| known("epochs"));
        self.batch = self.batch.filter(|_| known("batch"));
        self.lr = self.lr.filter(|_| known("lr"));
        self.precision = self.precision.take().filter(|_| known("precision"));
        self.exact &= known("exact");
        self.from_scratch &= entrants.iter().any(|entrant| entrant.starts_from_weights());
    }

    /// Refuses a setting that no model of the experiment has.
    pub(super) fn check(&self, entrants: &[&Registered]) -> Result<(), Invalid> {
        if self.from_scratch && !entrants.iter().any(|entrant| entrant.starts_from_weights()) {
            let reason = "no model of this run starts from trained weights";
            return Err(Invalid::new("networks.from-scratch", reason, "leave it out"));
        }
        let known = |name: &str| entrants.iter().any(|entrant| entrant.has_parameter(name));
        match self.parameters().find(|(name, _)| !known(name)) {
            Some((name, _)) => {
                let reason = "no model of this run has such a parameter";
                Err(Invalid::new(format!("networks.{name}"), reason, "--models neural runs those that have"))
            }
            None => Ok(()),
        }
    }
}
