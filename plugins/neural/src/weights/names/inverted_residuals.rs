use super::super::layout::Layout::{
    KerasDense, KerasDepthwise, KerasKernel, Same, TfliteDepthwise, TfliteKernel, WholeMap,
};
use super::{Naming, Rule, Units, keras};
use crate::layers::Framework;
use crate::layers::Preprocessing::{TensorFlow, Torch};

/// Blocks of each stage.
const OF_MOBILENET_V2: &[usize] = &[1, 2, 3, 4, 3, 3, 1];
const OF_EFFICIENTNET: &[usize] = &[1, 2, 2, 3, 3, 4, 1];

/// timm has the same names for all of them. Its first block, which expands nothing, is of another class.
const TIMM: &[Rule] = &[
    ("conv_stem.{*}", "stem.{*}", Same),
    ("bn1.{*}", "stem.norm.{*}", Same),
    ("#1.conv_dw.{*}", "block1.depthwise.{*}", Same),
    ("#1.bn1.{*}", "block1.depthwise.norm.{*}", Same),
    ("#1.conv_pw.{*}", "block1.project.{*}", Same),
    ("#1.bn2.{*}", "block1.project.norm.{*}", Same),
    ("#{b}.conv_pw.{*}", "block{b}.expand.{*}", Same),
    ("#{b}.bn1.{*}", "block{b}.expand.norm.{*}", Same),
    ("#{b}.conv_dw.{*}", "block{b}.depthwise.{*}", Same),
    ("#{b}.bn2.{*}", "block{b}.depthwise.norm.{*}", Same),
    ("#{b}.se.conv_reduce.{*}", "block{b}.squeeze.reduce.{*}", Same),
    ("#{b}.se.conv_expand.{*}", "block{b}.squeeze.expand.{*}", Same),
    ("#{b}.conv_pwl.{*}", "block{b}.project.{*}", Same),
    ("#{b}.bn3.{*}", "block{b}.project.norm.{*}", Same),
    ("conv_head.{*}", "head.{*}", Same),
    ("bn2.{*}", "head.norm.{*}", Same),
    ("classifier.{*}", "output.{*}", Same),
];

const fn timm(blocks: &'static [usize]) -> Naming {
    Naming {
        of: "timm",
        framework: Framework::Torch,
        units: Units::Staged { start: "blocks.", first: 0, blocks },
        preprocessing: Torch,
        rules: &[TIMM],
        constants: &[],
        ignored: &["num_batches_tracked"],
    }
}

/// The PyTorch packages efficientnet-pytorch and efficientnet-lite-pytorch, whose weights were TensorFlow's and are padded
/// as there.
const EFFICIENTNET_PYTORCH: Naming = Naming {
    of: "efficientnet-pytorch",
    framework: Framework::Keras,
    units: Units::Numbered,
    preprocessing: Torch,
    rules: &[&[
        ("_conv_stem.{*}", "stem.{*}", Same),
        ("_bn0.{*}", "stem.norm.{*}", Same),
        ("_blocks.{b}._expand_conv.{*}", "block{b+1}.expand.{*}", Same),
        ("_blocks.{b}._bn0.{*}", "block{b+1}.expand.norm.{*}", Same),
        ("_blocks.{b}._depthwise_conv.{*}", "block{b+1}.depthwise.{*}", Same),
        ("_blocks.{b}._bn1.{*}", "block{b+1}.depthwise.norm.{*}", Same),
        ("_blocks.{b}._se_reduce.{*}", "block{b+1}.squeeze.reduce.{*}", Same),
        ("_blocks.{b}._se_expand.{*}", "block{b+1}.squeeze.expand.{*}", Same),
        ("_blocks.{b}._project_conv.{*}", "block{b+1}.project.{*}", Same),
        ("_blocks.{b}._bn2.{*}", "block{b+1}.project.norm.{*}", Same),
        ("_conv_head.{*}", "head.{*}", Same),
        ("_bn1.{*}", "head.norm.{*}", Same),
        ("_fc.{*}", "output.{*}", Same),
    ]],
    constants: &[],
    ignored: &["num_batches_tracked"],
};

/// MobileNetV2: as torchvision, timm and Keras's applications have it, and as TFLite files that were made of the last, with
/// batch normalization folded into the convolutions, through scripts/tflite_to_safetensors.py.
pub(super) const MOBILENET_V2: &[Naming] = &[
    Naming {
        of: "torchvision",
        framework: Framework::Torch,
        units: Units::Numbered,
        preprocessing: Torch,
        rules: &[&[
            ("features.0.0.{*}", "stem.{*}", Same),
            ("features.0.1.{*}", "stem.norm.{*}", Same),
            ("features.18.0.{*}", "head.{*}", Same),
            ("features.18.1.{*}", "head.norm.{*}", Same),
            ("features.1.conv.0.0.{*}", "block1.depthwise.{*}", Same),
            ("features.1.conv.0.1.{*}", "block1.depthwise.norm.{*}", Same),
            ("features.1.conv.1.{*}", "block1.project.{*}", Same),
            ("features.1.conv.2.{*}", "block1.project.norm.{*}", Same),
            ("features.{b}.conv.0.0.{*}", "block{b}.expand.{*}", Same),
            ("features.{b}.conv.0.1.{*}", "block{b}.expand.norm.{*}", Same),
            ("features.{b}.conv.1.0.{*}", "block{b}.depthwise.{*}", Same),
            ("features.{b}.conv.1.1.{*}", "block{b}.depthwise.norm.{*}", Same),
            ("features.{b}.conv.2.{*}", "block{b}.project.{*}", Same),
            ("features.{b}.conv.3.{*}", "block{b}.project.norm.{*}", Same),
            ("classifier.1.{*}", "output.{*}", Same),
        ]],
        constants: &[],
        ignored: &["num_batches_tracked"],
    },
    timm(OF_MOBILENET_V2),
    Naming {
        of: "Keras",
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: TensorFlow,
        rules: &[
            keras::layer!("Conv1", "stem", KerasKernel),
            keras::norm!("bn_Conv1", "stem.norm"),
            keras::depthwise!("expanded_conv_depthwise", "block1.depthwise"),
            keras::norm!("expanded_conv_depthwise_BN", "block1.depthwise.norm"),
            keras::layer!("expanded_conv_project", "block1.project", KerasKernel),
            keras::norm!("expanded_conv_project_BN", "block1.project.norm"),
            keras::layer!("block_{b}_expand", "block{b+1}.expand", KerasKernel),
            keras::norm!("block_{b}_expand_BN", "block{b+1}.expand.norm"),
            keras::depthwise!("block_{b}_depthwise", "block{b+1}.depthwise"),
            keras::norm!("block_{b}_depthwise_BN", "block{b+1}.depthwise.norm"),
            keras::layer!("block_{b}_project", "block{b+1}.project", KerasKernel),
            keras::norm!("block_{b}_project_BN", "block{b+1}.project.norm"),
            keras::layer!("Conv_1", "head", KerasKernel),
            keras::norm!("Conv_1_bn", "head.norm"),
            keras::layer!("predictions", "output", KerasDense),
            keras::layer!("Logits", "output", KerasDense),
        ],
        constants: &[],
        ignored: &[],
    },
    Naming {
        of: "TFLite, batch normalization folded",
        framework: Framework::Keras,
        units: Units::Numbered,
        preprocessing: TensorFlow,
        rules: &[&[
            ("MobileNetV2/Conv2d_0_0/Conv2D/kernel", "stem.weight", TfliteKernel),
            ("MobileNetV2/Conv2d_0_0/batch_norm/FusedBatchNormV3/bias", "stem.norm.bias", Same),
            (
                "MobileNetV2/expanded_conv_{b}/depthwise/batch_norm/FusedBatchNormV3/kernel",
                "block{b}.depthwise.weight",
                TfliteDepthwise,
            ),
            (
                "MobileNetV2/expanded_conv_{b}/depthwise/batch_norm/FusedBatchNormV3/bias",
                "block{b}.depthwise.norm.bias",
                Same,
            ),
            ("MobileNetV2/expanded_conv_{b}/expand/Conv2D/kernel", "block{b}.expand.weight", TfliteKernel),
            (
                "MobileNetV2/expanded_conv_{b}/expand/batch_norm/FusedBatchNormV3/bias",
                "block{b}.expand.norm.bias",
                Same,
            ),
            ("MobileNetV2/expanded_conv_{b}/project/Conv2D/kernel", "block{b}.project.weight", TfliteKernel),
            (
                "MobileNetV2/expanded_conv_{b}/project/batch_norm/FusedBatchNormV3/bias",
                "block{b}.project.norm.bias",
                Same,
            ),
            ("MobileNetV2/Conv2d_18_1/Conv2D/kernel", "head.weight", TfliteKernel),
            ("MobileNetV2/Conv2d_18_1/batch_norm/FusedBatchNormV3/bias", "head.norm.bias", Same),
            ("MobileNetV2/top/Conv2d_1x1_output/Conv2D/kernel", "output.weight", WholeMap),
            ("MobileNetV2/top/Conv2d_1x1_output/BiasAdd/bias", "output.bias", Same),
        ]],
        // Normalization that only adds the bias: its variance is 1 with the epsilon that it adds.
        constants: &[("norm.weight", 1.0), ("norm.running_mean", 0.0), ("norm.running_var", 1.0 - 1e-3)],
        ignored: &[],
    },
];

/// EfficientNet-B0: as torchvision, timm, efficientnet-pytorch and Keras's applications have it.
pub(super) const EFFICIENTNET_B0: &[Naming] = &[
    Naming {
        of: "torchvision",
        framework: Framework::Torch,
        units: Units::Staged { start: "features.", first: 1, blocks: OF_EFFICIENTNET },
        preprocessing: Torch,
        rules: &[&[
            ("features.0.0.{*}", "stem.{*}", Same),
            ("features.0.1.{*}", "stem.norm.{*}", Same),
            ("features.8.0.{*}", "head.{*}", Same),
            ("features.8.1.{*}", "head.norm.{*}", Same),
            ("#1.block.0.0.{*}", "block1.depthwise.{*}", Same),
            ("#1.block.0.1.{*}", "block1.depthwise.norm.{*}", Same),
            ("#1.block.1.fc1.{*}", "block1.squeeze.reduce.{*}", Same),
            ("#1.block.1.fc2.{*}", "block1.squeeze.expand.{*}", Same),
            ("#1.block.2.0.{*}", "block1.project.{*}", Same),
            ("#1.block.2.1.{*}", "block1.project.norm.{*}", Same),
            ("#{b}.block.0.0.{*}", "block{b}.expand.{*}", Same),
            ("#{b}.block.0.1.{*}", "block{b}.expand.norm.{*}", Same),
            ("#{b}.block.1.0.{*}", "block{b}.depthwise.{*}", Same),
            ("#{b}.block.1.1.{*}", "block{b}.depthwise.norm.{*}", Same),
            ("#{b}.block.2.fc1.{*}", "block{b}.squeeze.reduce.{*}", Same),
            ("#{b}.block.2.fc2.{*}", "block{b}.squeeze.expand.{*}", Same),
            ("#{b}.block.3.0.{*}", "block{b}.project.{*}", Same),
            ("#{b}.block.3.1.{*}", "block{b}.project.norm.{*}", Same),
            ("classifier.1.{*}", "output.{*}", Same),
        ]],
        constants: &[],
        ignored: &["num_batches_tracked"],
    },
    timm(OF_EFFICIENTNET),
    EFFICIENTNET_PYTORCH,
    Naming {
        of: "Keras",
        framework: Framework::Keras,
        units: Units::Staged { start: "block", first: 1, blocks: OF_EFFICIENTNET },
        // Keras's has it in its first layers.
        preprocessing: Torch,
        rules: &[
            keras::layer!("stem_conv", "stem", KerasKernel),
            keras::norm!("stem_bn", "stem.norm"),
            keras::layer!("#{b}_expand_conv", "block{b}.expand", KerasKernel),
            keras::norm!("#{b}_expand_bn", "block{b}.expand.norm"),
            keras::depthwise!("#{b}_dwconv", "block{b}.depthwise"),
            keras::norm!("#{b}_bn", "block{b}.depthwise.norm"),
            keras::layer!("#{b}_se_reduce", "block{b}.squeeze.reduce", KerasKernel),
            keras::layer!("#{b}_se_expand", "block{b}.squeeze.expand", KerasKernel),
            keras::layer!("#{b}_project_conv", "block{b}.project", KerasKernel),
            keras::norm!("#{b}_project_bn", "block{b}.project.norm"),
            keras::layer!("top_conv", "head", KerasKernel),
            keras::norm!("top_bn", "head.norm"),
            keras::layer!("predictions", "output", KerasDense),
        ],
        constants: &[],
        // Of its normalization of pictures.
        ignored: &["/mean", "/variance", "/count"],
    },
];

/// EfficientNet-Lite0: as timm and efficientnet-lite-pytorch have it.
pub(super) const EFFICIENTNET_LITE0: &[Naming] = &[timm(OF_EFFICIENTNET), EFFICIENTNET_PYTORCH];
