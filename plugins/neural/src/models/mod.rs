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
    let mut models = vec![
        model(Ann::Table),
        model(Ann::Spectrogram),
        model(Cnn7x7),
        model(Cnn5Block),
        model(ChoiFcn5 { dropout: false }),
        model(ChoiFcn5 { dropout: true }),
        model(Crnn::Base),
        model(Crnn::Large),
        model(CrnnResNet18::SingleStep),
        model(CrnnResNet18::Steps),
    ];
    models.extend([model(Vgg19), model(ResNet::Of18), model(ResNet::Of50)]);
    models.extend([model(MobileNetV2), model(EfficientNet::B0), model(EfficientNet::Lite0)]);
    models.extend([model(InceptionV3), model(ResNet152V2)]);
    models.extend(RecurrentNetwork::all().map(model));
    models.extend(Mlfi::all().into_iter().map(model));
    models
}

fn model(architecture: impl Architecture + 'static) -> Box<dyn Model> {
    Box::new(NetworkModel(architecture))
}
