//! The architectures, one file each; every one says in its documentation where it is from and what of it is our
//! reading.

mod ann;
mod blocks;
mod choi_fcn5;
mod cnn_5block;
mod cnn_7x7;
mod crnn;
mod crnn_resnet18;
mod efficientnet;
mod encoders;
mod inceptionv3;
mod inverted;
mod mlfi;
mod mobilenetv2;
mod pools;
#[cfg(test)]
mod pretrained;
mod recurrent;
mod resized;
mod resnet;
mod resnet152v2;
mod scaled;
mod transfer;
mod vgg19;

use crate::network::{Architecture, NetworkModel};
use ann::Ann;
use choi_fcn5::ChoiFcn5;
use cnn_5block::Cnn5Block;
use cnn_7x7::Cnn7x7;
use crnn::Crnn;
use crnn_resnet18::CrnnResNet18;
use efficientnet::EfficientNet;
pub use encoders::encoders;
use genre_bench_api::Model;
use inceptionv3::InceptionV3;
use mlfi::Mlfi;
use mobilenetv2::MobileNetV2;
use recurrent::RecurrentNetwork;
use resnet::ResNet;
use resnet152v2::ResNet152V2;
use vgg19::Vgg19;

/// All models of this crate, the simplest first.
pub fn models() -> Vec<Box<dyn Model>> {
    architectures().into_iter().map(|architecture| Box::new(NetworkModel(architecture)) as _).collect()
}

/// The networks of [`models`], for whoever wants their layers alone.
pub fn architectures() -> Vec<Box<dyn Architecture>> {
    let mut all = vec![
        boxed(Ann::Table),
        boxed(Ann::Spectrogram),
        boxed(Cnn7x7),
        boxed(Cnn5Block),
        boxed(ChoiFcn5 { dropout: false }),
        boxed(ChoiFcn5 { dropout: true }),
        boxed(Crnn::Base),
        boxed(Crnn::Large),
        boxed(CrnnResNet18::SingleStep),
        boxed(CrnnResNet18::Steps),
        boxed(Vgg19),
        boxed(ResNet::Of18),
        boxed(ResNet::Of50),
        boxed(MobileNetV2),
        boxed(EfficientNet::B0),
        boxed(EfficientNet::Lite0),
        boxed(InceptionV3),
        boxed(ResNet152V2),
    ];
    all.extend(RecurrentNetwork::all().map(boxed));
    all.extend(Mlfi::all().into_iter().map(boxed));
    all
}

fn boxed(architecture: impl Architecture + 'static) -> Box<dyn Architecture> {
    Box::new(architecture)
}
