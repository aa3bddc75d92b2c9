use super::super::layout::Layout::{KerasDense, KerasKernel, Same};
use super::Naming;
use crate::layers::Preprocessing::{Caffe, Torch};

/// ResNet-18: as torchvision and timm have it, and the same with batch normalization folded into the convolutions. There
/// the convolution's bias is the normalization's, which for the rest does nothing: its variance is 1 with the epsilon
/// that it adds.
pub(super) const OF_18: &[Naming] = &[
    Naming {
        of: "torchvision or timm",
        preprocessing: Torch,
        rules: &[&[
            ("conv1.{*}", "stem.{*}", Same),
            ("bn1.{*}", "stem.norm.{*}", Same),
            ("layer{s}.{b}.conv{c}.{*}", "stage{s}.block{b+1}.convolution{c}.{*}", Same),
            ("layer{s}.{b}.bn{c}.{*}", "stage{s}.block{b+1}.convolution{c}.norm.{*}", Same),
            ("layer{s}.{b}.downsample.0.{*}", "stage{s}.block{b+1}.shortcut.{*}", Same),
            ("layer{s}.{b}.downsample.1.{*}", "stage{s}.block{b+1}.shortcut.norm.{*}", Same),
            ("fc.{*}", "output.{*}", Same),
        ]],
        constants: &[],
        ignored: &["num_batches_tracked"],
    },
    Naming {
        of: "torchvision or timm, batch normalization folded",
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

/// ResNet-50 as in Keras's applications. torchvision's has the stride of a bottleneck in its second convolution, so that
/// its weights belong to another network than ours.
pub(super) const OF_50: &[Naming] = &[Naming {
    of: "Keras",
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
        ("conv{s}_block{b}_{c}_bn/moving_mean", "stage{s-1}.block{b}.convolution{c}.norm.running_mean", Same),
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
}];
