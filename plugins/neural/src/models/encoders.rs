//! Networks for photographs with ImageNet's weights as encoders: the features that their last layer reads.

use super::blocks::pooled;
use super::efficientnet::EfficientNet;
use super::inceptionv3::InceptionV3;
use super::mobilenetv2::MobileNetV2;
use super::resnet::ResNet;
use super::resnet152v2::ResNet152V2;
use super::transfer::Trunk;
use super::vgg19::Vgg19;
use crate::failure::failed;
use crate::layers::{Builder, Context, ImageNetInput, Layer, Sequential};
use crate::network::Pretrained;
use crate::weights::{Transfer, names};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::{
    Encoder, EncoderCard, EncoderInput, Error, LoadedEncoder, Observer, Param, Params, PictureSettings,
    Pooling, Result,
};
use ndarray::{Array2, ArrayD};
use rayon::prelude::*;

/// Channels of a picture.
const COLOURS: usize = 3;
/// The hyper-parameter that says up to where a residual network is used.
const LAYER: &str = "layer";

/// All encoders of this crate: for every network for photographs the average over what its convolutions leave of a picture.
///
/// Their parameter `weights` is a file, by default the known one of ImageNet's weights. Those of residual networks can end
/// earlier (`layer`), for files that lack the rest. A picture is given from 0 to 1 and becomes numbers as the file's project
/// has it.
pub fn encoders() -> Vec<Box<dyn Encoder>> {
    vec![
        encoder(ResNet::Of18, 224),
        encoder(ResNet::Of50, 224),
        encoder(Vgg19, 224),
        encoder(MobileNetV2, 224),
        encoder(EfficientNet::B0, 224),
        encoder(EfficientNet::Lite0, 224),
        encoder(InceptionV3, 299),
        encoder(ResNet152V2, 224),
    ]
}

fn encoder(network: impl Trunk + 'static, size: usize) -> Box<dyn Encoder> {
    Box::new(ImageEncoder { network, size })
}

/// A network that looks at pictures of so many rows and columns.
struct ImageEncoder<T> {
    network: T,
    size: usize,
}

impl<T: Trunk> ImageEncoder<T> {
    fn pretrained(&self) -> Result<Pretrained> {
        self.network.pretrained().ok_or_else(|| Error::failed("nobody has weights of this network"))
    }
}

impl<T: Trunk> Encoder for ImageEncoder<T> {
    fn card(&self) -> EncoderCard {
        let card = self.network.card();
        let mut params: Vec<Param> = self.network.pretrained().iter().map(Pretrained::needed_file).collect();
        if !self.network.ends().is_empty() {
            params.push(Param::choice(LAYER, self.network.ends(), "the last layers that are used"));
        }
        EncoderCard {
            name: card.name.clone(),
            summary: format!("pooled features of {}", card.summary),
            trained_on: "ImageNet-1k".to_owned(),
            content: format!("{} of genre-bench-neural", card.name),
            input: EncoderInput::Picture(PictureSettings {
                height: self.size,
                width: self.size,
                // What is taken from a picture depends on whose the weights are.
                mean: [0.0; COLOURS],
                std: [1.0; COLOURS],
            }),
            pooling: Pooling::Mean,
            params,
        }
    }

    fn load(&self, params: &Params) -> Result<Box<dyn LoadedEncoder>> {
        let pretrained = self.pretrained()?;
        let Some(file) = Pretrained::read(params)? else {
            return Err(Error::failed("an encoder without weights says nothing: weights=FILE"));
        };
        let framework = pretrained.framework(&file).unwrap_or(self.network.framework());
        let end = if self.network.ends().is_empty() { None } else { Some(params.choice(LAYER)?) };
        let own = self.network.card().resolve([("weights", "none")])?;
        let builder = Builder::new(0, &Device::Cpu, DType::F32).following(framework).training_only(&[]);
        let network = self.network.trunk_up_to(end, Sequential::new(), &builder, COLOURS, &own);
        let (network, _) = network.map_err(failed)?;
        let transfer = Transfer { namings: names::of(pretrained.of), head: &[], may_lack: &[] };
        let preprocessing = transfer.apply(file, &builder.finish())?.preprocessing;
        Ok(Box::new(LoadedImageEncoder { network: network.behind(ImageNetInput(preprocessing)) }))
    }
}

/// A network whose weights are frozen.
struct LoadedImageEncoder {
    network: Sequential,
}

impl LoadedEncoder for LoadedImageEncoder {
    /// Every thread takes pictures, each by itself: what a layer makes of one stays in the cache for the next, and no
    /// embedding depends on the others.
    fn embed(&self, windows: &ArrayD<f32>, observer: &dyn Observer) -> Result<Array2<f32>> {
        let &[count, COLOURS, height, width] = windows.shape() else {
            return Err(Error::failed(format!(
                "pictures have the shape (…, 3, rows, columns), not {:?}",
                windows.shape()
            )));
        };
        let stopped = || observer.cancelled();
        let embedded = |picture: usize| -> candle_core::Result<Vec<f32>> {
            let numbers: Vec<f32> = windows.index_axis(ndarray::Axis(0), picture).iter().copied().collect();
            let batch = Tensor::from_vec(numbers, (1, COLOURS, height, width), &Device::Cpu)?;
            self.network.forward(&batch, &Context::evaluation().until(&stopped))?.flatten_all()?.to_vec1()
        };
        let rows = (0..count).into_par_iter().map(embedded).collect::<candle_core::Result<Vec<_>>>();
        if observer.cancelled() {
            return Err(Error::Cancelled);
        }
        let rows = rows.map_err(failed)?;
        let columns = rows.first().map_or(0, Vec::len);
        Array2::from_shape_vec((count, columns), rows.concat()).map_err(Error::failed)
    }
}

impl Trunk for ResNet {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> candle_core::Result<(Sequential, usize)> {
        self.trunk_up_to(None, network, builder, channels, params)
    }

    fn ends(&self) -> &'static [&'static str] {
        &["stage4", "stage3", "stage2", "stage1"]
    }

    fn trunk_up_to(
        &self,
        end: Option<&str>,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> candle_core::Result<(Sequential, usize)> {
        let behind = self.ends().iter().position(|stage| Some(*stage) == end).unwrap_or(0);
        let (network, channels) =
            self.stages(network, builder, channels, params, self.ends().len() - behind)?;
        Ok((pooled(network), channels))
    }
}

impl Trunk for Vgg19 {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> candle_core::Result<(Sequential, usize)> {
        let (network, channels) = self.stages(network, builder, (channels, (224, 224)), params)?;
        Ok((pooled(network), channels))
    }
}
