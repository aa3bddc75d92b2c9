use super::super::layout::Layout::{KerasDense, KerasKernel, Same};
use super::{Naming, Units, keras};
use crate::layers::Framework;
use crate::layers::Preprocessing::TensorFlow;

/// ResNet-152V2 as in Keras's applications. Others have no weights of just this network.
pub(super) const ALL: &[Naming] = &[Naming {
    of: "Keras",
    framework: Framework::Keras,
    units: Units::Numbered,
    preprocessing: TensorFlow,
    rules: &[
        keras::layer!("conv1_conv", "stem", KerasKernel),
        keras::norm!("conv{s}_block{b}_preact_bn", "stage{s-1}.block{b}.preactivation"),
        keras::layer!("conv{s}_block{b}_0_conv", "stage{s-1}.block{b}.shortcut", KerasKernel),
        keras::layer!("conv{s}_block{b}_{c}_conv", "stage{s-1}.block{b}.convolution{c}", KerasKernel),
        keras::norm!("conv{s}_block{b}_{c}_bn", "stage{s-1}.block{b}.convolution{c}.norm"),
        keras::norm!("post_bn", "norm"),
        keras::layer!("predictions", "output", KerasDense),
    ],
    constants: &[],
    ignored: &[],
}];
