use super::super::layout::Layout::{KerasDense, KerasDenseOfMap, KerasKernel, Same, WholeMap};
use super::{Naming, Rule, Units};
use crate::layers::Framework;
use crate::layers::Preprocessing::{Caffe, Torch};

/// torchvision and timm number all layers, also those without weights.
const FEATURES: &[Rule] = &[
    ("features.0.{*}", "stage1.convolution1.{*}", Same),
    ("features.2.{*}", "stage1.convolution2.{*}", Same),
    ("features.5.{*}", "stage2.convolution1.{*}", Same),
    ("features.7.{*}", "stage2.convolution2.{*}", Same),
    ("features.10.{*}", "stage3.convolution1.{*}", Same),
    ("features.12.{*}", "stage3.convolution2.{*}", Same),
    ("features.14.{*}", "stage3.convolution3.{*}", Same),
    ("features.16.{*}", "stage3.convolution4.{*}", Same),
    ("features.19.{*}", "stage4.convolution1.{*}", Same),
    ("features.21.{*}", "stage4.convolution2.{*}", Same),
    ("features.23.{*}", "stage4.convolution3.{*}", Same),
    ("features.25.{*}", "stage4.convolution4.{*}", Same),
    ("features.28.{*}", "stage5.convolution1.{*}", Same),
    ("features.30.{*}", "stage5.convolution2.{*}", Same),
    ("features.32.{*}", "stage5.convolution3.{*}", Same),
    ("features.34.{*}", "stage5.convolution4.{*}", Same),
];

/// VGG-19 as torchvision, timm and Keras's applications have it.
pub(super) const ALL: &[Naming] = &[
    Naming {
        of: "torchvision",
        // No layer of it differs but in how it starts.
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[
            FEATURES,
            &[
                ("classifier.0.{*}", "dense1.{*}", Same),
                ("classifier.3.{*}", "dense2.{*}", Same),
                ("classifier.6.{*}", "output.{*}", Same),
            ],
        ],
        constants: &[],
        ignored: &[],
    },
    Naming {
        of: "timm",
        // No layer of it differs but in how it starts.
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[
            FEATURES,
            &[
                ("pre_logits.fc1.weight", "dense1.weight", WholeMap),
                ("pre_logits.fc1.bias", "dense1.bias", Same),
                ("pre_logits.fc2.weight", "dense2.weight", WholeMap),
                ("pre_logits.fc2.bias", "dense2.bias", Same),
                ("head.fc.{*}", "output.{*}", Same),
            ],
        ],
        constants: &[],
        ignored: &[],
    },
    Naming {
        of: "Keras",
        // No layer of it differs but in how it starts.
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: Caffe,
        rules: &[&[
            ("block{s}_conv{c}/kernel", "stage{s}.convolution{c}.weight", KerasKernel),
            ("block{s}_conv{c}/bias", "stage{s}.convolution{c}.bias", Same),
            ("fc1/kernel", "dense1.weight", KerasDenseOfMap(7, 7)),
            ("fc1/bias", "dense1.bias", Same),
            ("fc2/kernel", "dense2.weight", KerasDense),
            ("fc2/bias", "dense2.bias", Same),
            ("predictions/kernel", "output.weight", KerasDense),
            ("predictions/bias", "output.bias", Same),
        ]],
        constants: &[],
        ignored: &[],
    },
];
