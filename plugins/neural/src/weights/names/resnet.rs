use super::super::layout::Layout::{KerasDense, KerasKernel, Same};
use super::{Naming, Rule, Units};
use crate::layers::Framework;
use crate::layers::Preprocessing::{Caffe, Torch};

/// torchvision and timm, whatever the blocks are.
const TORCH: &[Rule] = &[
    ("conv1.{*}", "stem.{*}", Same),
    ("bn1.{*}", "stem.norm.{*}", Same),
    ("layer{s}.{b}.conv{c}.{*}", "stage{s}.block{b+1}.convolution{c}.{*}", Same),
    ("layer{s}.{b}.bn{c}.{*}", "stage{s}.block{b+1}.convolution{c}.norm.{*}", Same),
    ("layer{s}.{b}.downsample.0.{*}", "stage{s}.block{b+1}.shortcut.{*}", Same),
    ("layer{s}.{b}.downsample.1.{*}", "stage{s}.block{b+1}.shortcut.norm.{*}", Same),
    ("fc.{*}", "output.{*}", Same),
];

/// ResNet-18: as torchvision and timm have it, and the same with batch normalization folded into the convolutions. There
/// the convolution's bias is the normalization's, which for the rest does nothing: its variance is 1 with the epsilon
/// that it adds.
pub(super) const OF_18: &[Naming] = &[
    Naming {
        of: "torchvision or timm",
        framework: Framework::Torch,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[TORCH],
        constants: &[],
        ignored: &["num_batches_tracked"],
    },
    Naming {
        of: "torchvision or timm, batch normalization folded",
        framework: Framework::Torch,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[&[
            ("conv1.weight", "stem.weight", Same),
            ("conv1.bias", "stem.norm.bias", Same),
            ("layer{s}.{b}.conv{c}.weight", "stage{s}.block{b+1}.convolution{c}.weight", Same),
            ("layer{s}.{b}.conv{c}.bias", "stage{s}.block{b+1}.convolution{c}.norm.bias", Same),
            ("layer{s}.{b}.downsample.0.weight", "stage{s}.block{b+1}.shortcut.weight", Same),
            ("layer{s}.{b}.downsample.0.bias", "stage{s}.block{b+1}.shortcut.norm.bias", Same),
            ("fc.{*}", "output.{*}", Same),
        ]],
        constants: &[("norm.weight", 1.0), ("norm.running_mean", 0.0), ("norm.running_var", 1.0 - 1e-5)],
        ignored: &[],
    },
];

/// ResNet-50 as in torchvision and timm, with the stride of a bottleneck in its second convolution, and as in Keras's
/// applications, with the stride in the first and with biases.
pub(super) const OF_50: &[Naming] = &[
    Naming {
        of: "torchvision or timm",
        framework: Framework::Torch,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[TORCH],
        constants: &[],
        ignored: &["num_batches_tracked"],
    },
    Naming {
        of: "Keras",
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: Caffe,
        rules: &[&[
            ("conv1_conv/kernel", "stem.weight", KerasKernel),
            ("conv1_conv/bias", "stem.bias", Same),
            ("conv1_bn/gamma", "stem.norm.weight", Same),
            ("conv1_bn/beta", "stem.norm.bias", Same),
            ("conv1_bn/moving_mean", "stem.norm.running_mean", Same),
            ("conv1_bn/moving_variance", "stem.norm.running_var", Same),
            ("conv{s}_block{b}_0_conv/kernel", "stage{s-1}.block{b}.shortcut.weight", KerasKernel),
            ("conv{s}_block{b}_0_conv/bias", "stage{s-1}.block{b}.shortcut.bias", Same),
            ("conv{s}_block{b}_0_bn/gamma", "stage{s-1}.block{b}.shortcut.norm.weight", Same),
            ("conv{s}_block{b}_0_bn/beta", "stage{s-1}.block{b}.shortcut.norm.bias", Same),
            ("conv{s}_block{b}_0_bn/moving_mean", "stage{s-1}.block{b}.shortcut.norm.running_mean", Same),
            ("conv{s}_block{b}_0_bn/moving_variance", "stage{s-1}.block{b}.shortcut.norm.running_var", Same),
            ("conv{s}_block{b}_{c}_conv/kernel", "stage{s-1}.block{b}.convolution{c}.weight", KerasKernel),
            ("conv{s}_block{b}_{c}_conv/bias", "stage{s-1}.block{b}.convolution{c}.bias", Same),
            ("conv{s}_block{b}_{c}_bn/gamma", "stage{s-1}.block{b}.convolution{c}.norm.weight", Same),
            ("conv{s}_block{b}_{c}_bn/beta", "stage{s-1}.block{b}.convolution{c}.norm.bias", Same),
            (
                "conv{s}_block{b}_{c}_bn/moving_mean",
                "stage{s-1}.block{b}.convolution{c}.norm.running_mean",
                Same,
            ),
            (
                "conv{s}_block{b}_{c}_bn/moving_variance",
                "stage{s-1}.block{b}.convolution{c}.norm.running_var",
                Same,
            ),
            ("predictions/kernel", "output.weight", KerasDense),
            ("predictions/bias", "output.bias", Same),
        ]],
        constants: &[],
        ignored: &[],
    },
];
