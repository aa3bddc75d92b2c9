use super::{Architecture, EXACT, NORM_MOMENTUM, NetworkShape, Pretrained};
use crate::layers::{Builder, Framework, ImageNetInput, Preprocessing, Sequential};
use candle_core::{Error, Result};
use genre_bench_api::Params;

/// Channels of the pictures that weights of others were trained on.
const COLOURS: usize = 3;

/// The layers of a network as its hyper-parameters say.
pub(super) struct Built {
    layers: Sequential,
    /// Whether they read three channels, whatever comes in, because weights of others do.
    for_imagenet: bool,
}

impl Built {
    /// The network, where the weights of others want pictures in some way.
    pub fn behind(self, preprocessing: Preprocessing) -> Sequential {
        match self.for_imagenet {
            true => self.layers.behind(ImageNetInput(preprocessing)),
            false => self.layers,
        }
    }
}

/// What the layers of a fitted network follow, beside its hyper-parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layers {
    pub framework: Framework,
    pub preprocessing: Preprocessing,
}

/// Builds a network, for the weights of others where its hyper-parameters name some, with the layers of a framework.
pub(super) fn build(
    architecture: &dyn Architecture,
    builder: &Builder,
    shape: &NetworkShape,
    params: &Params,
    framework: Framework,
) -> Result<Built> {
    let mut builder = builder.clone().following(framework);
    if params.iter().any(|(name, _)| name == NORM_MOMENTUM) {
        builder = builder.norm_moving_by(params.float(NORM_MOMENTUM).map_err(Error::wrap)? as f32);
    }
    if params.iter().any(|(name, _)| name == EXACT) && params.bool(EXACT).map_err(Error::wrap)? {
        builder = builder.exact();
    }
    let pretrained = architecture.pretrained().filter(|_| Pretrained::is_asked(params).unwrap_or(false));
    let mut shape = shape.clone();
    if let Some(pretrained) = &pretrained {
        shape.channels = COLOURS;
        if let Some(starts) = pretrained.trained(params).map_err(Error::wrap)? {
            builder = builder.training_only(starts);
        }
    }
    let layers = architecture.layers(&builder, &shape, params)?;
    Ok(Built { layers, for_imagenet: pretrained.is_some() })
}
