use super::Registry;
use super::cache::CacheFlags;
use super::flags::{Change, parse_change, parse_encoder};
use crate::audio::Limits;
use crate::error::Result;
use crate::experiment::DeviceChoice;
use crate::experiment::predict::{EncoderChange, PredictOptions};
use std::borrow::Cow;
use std::path::PathBuf;

/// Flags of commands that open saved models.
#[derive(Debug, clap::Args)]
pub(super) struct OpenFlags {
    /// Longest recording that is read; a longer one is named and left out
    #[arg(
        long, value_name = "SECONDS", default_value_t = Limits::DEFAULT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Limits::MOST_SECONDS))
    )]
    max_seconds: u32,
    /// The file of an encoder that the model stands on
    #[arg(long = "encoder", value_name = "NAME=FILE", value_parser = parse_encoder)]
    encoders: Vec<(String, PathBuf)>,
    /// A parameter of such an encoder: above all, where its weights are
    #[arg(long = "set", value_name = "ENCODER.PARAMETER=VALUE", value_parser = parse_change)]
    changes: Vec<Change>,
    /// Where networks compute: auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    #[command(flatten)]
    cache: CacheFlags,
}

impl OpenFlags {
    /// The registry with the encoders in files.
    pub fn registry<'r>(&self, registry: &'r Registry) -> Result<Cow<'r, Registry>> {
        Ok(registry.opening(&self.encoders.iter().cloned().collect(), &[])?)
    }

    /// What recordings are accepted.
    pub fn limits(&self) -> Limits {
        Limits::of_seconds(self.max_seconds)
    }

    /// As plain values.
    pub fn options(&self, registry: &Registry) -> Result<PredictOptions> {
        Ok(PredictOptions {
            device: self.device.resolve(&registry.cuda_devices)?,
            limits: self.limits(),
            cache: self.cache.open(),
            encoder: self.changes.iter().map(EncoderChange::of).collect(),
        })
    }
}
