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
