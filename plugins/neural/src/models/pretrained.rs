//! Weights of other programs in our architectures, by the names and shapes that these programs have
//! (tests/fixtures/neural/make_weight_names.py).
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::resnet::ResNet;
use super::vgg19::Vgg19;
use crate::layers::{Builder, Framework, Weights};
use crate::network::{Architecture, NetworkShape};
use crate::weights::files::Format;
use crate::weights::{Transfer, Transferred, WeightsFile, names};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::Result;
use ndarray::{ArrayD, IxDyn};
use std::collections::BTreeMap;

type Shapes = BTreeMap<String, Vec<usize>>;

const CLASSES: usize = 1000;
/// Networks are as wide as published, or this share of it.
const SIXTEENTH: usize = 16;

fn fixture() -> BTreeMap<String, BTreeMap<String, Shapes>> {
    serde_json::from_str(include_str!("../../../../tests/fixtures/neural/weight_names.json")).unwrap()
}

/// The architecture with a sixteenth of its filters, for colour pictures.
fn narrow(architecture: &dyn Architecture, classes: usize) -> Weights {
    narrow_of(architecture, classes, architecture.framework())
}

/// The same with the layers of a framework.
fn narrow_of(architecture: &dyn Architecture, classes: usize, framework: Framework) -> Weights {
    let changes = [("width", "0.0625"), ("size", "0")];
    let params = architecture.card().resolve(changes).unwrap();
    let shape = NetworkShape { spectrogram: (224, 224), channels: 3, columns: 0, classes };
    let builder = Builder::new(0, &Device::Cpu, DType::F32).following(framework);
    architecture.layers(&builder, &shape, &params).unwrap();
    builder.finish()
}

/// An array of a network so narrow, in which number `i` is `start + i`.
fn array(shape: &[usize], start: f32) -> ArrayD<f32> {
    let narrow = |&axis: &usize| if axis >= 64 && axis != CLASSES { axis / SIXTEENTH } else { axis };
    let shape: Vec<usize> = shape.iter().map(narrow).collect();
    let count = shape.iter().product();
    ArrayD::from_shape_vec(IxDyn(&shape), (0..count).map(|i| start + i as f32).collect()).unwrap()
}

fn file(shapes: &Shapes) -> WeightsFile {
    let arrays = shapes.iter().enumerate().map(|(i, (name, shape))| (name.clone(), array(shape, i as f32)));
    WeightsFile {
        path: "made.safetensors".into(),
        format: Format::Safetensors,
        bytes: 0,
        sha256: String::new(),
        arrays: arrays.collect(),
        passed_over: Vec::new(),
    }
}

fn transfer(of: &str) -> Transfer<'static> {
    Transfer { namings: names::of(of), head: &["output."], may_lack: &[] }
}

fn architectures() -> [(&'static str, Box<dyn Architecture>); 3] {
    [("resnet18", Box::new(ResNet::Of18)), ("resnet50", Box::new(ResNet::Of50)), ("vgg19", Box::new(Vgg19))]
}

fn names_of(weights: &Weights) -> Vec<&String> {
    weights.trainable.keys().chain(weights.buffers.keys()).collect()
}

fn first(weights: &Weights, name: &str) -> f32 {
    let var = weights.trainable.get(name).or_else(|| weights.buffers.get(name)).unwrap();
    var.as_tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap()[0]
}

#[test]
fn every_array_of_other_programs_has_its_place() {
    let fixture = fixture();
    let mut seen = 0;
    for (of, architecture) in architectures() {
        for (program, shapes) in &fixture[of] {
            let file = file(shapes);
            let theirs = names::likely(names::of(of), file.arrays.keys()).unwrap();
            let weights = narrow_of(&*architecture, CLASSES, theirs.framework);
            let kept = shapes.keys().filter(|name| !name.ends_with("num_batches_tracked")).count();
            let done: Transferred = transfer(of).apply(file, &weights).unwrap();
            assert!(done.names_of.contains(&**program), "{of}: {program} read as {}", done.names_of);
            assert_eq!(done.arrays, names_of(&weights).len(), "{of} of {program}");
            assert_eq!(done.arrays, kept, "{of} of {program}");
            assert_eq!((done.fresh.len(), done.unused.len()), (0, 0), "{of} of {program}: {done}");
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

/// Wrappers' prefixes, another number of classes, and our own names.
#[test]
fn the_same_weights_come_in_many_ways() -> Result<()> {
    let shapes = &fixture()["resnet18"]["torchvision"];
    let place = shapes.keys().position(|name| name == "layer2.1.conv2.weight").unwrap() as f32;
    let ours = "stage2.block2.convolution2.weight";
    for wrapper in ["", "module.", "model.", "_orig_mod."] {
        let wrapped =
            shapes.iter().map(|(name, shape)| (format!("{wrapper}{name}"), shape.clone())).collect();
        let weights = narrow(&ResNet::Of18, 10);
        let done = transfer("resnet18").apply(file(&wrapped), &weights)?;
        assert_eq!(done.fresh, ["output.bias", "output.weight"], "{wrapper}");
        assert_eq!(first(&weights, ours), place, "{wrapper}");
    }
    let weights = narrow(&ResNet::Of18, 10);
    let own = names_of(&weights).into_iter().map(|name| {
        let var = weights.trainable.get(name).or_else(|| weights.buffers.get(name)).unwrap();
        (name.clone(), ArrayD::from_elem(var.dims(), 0.5))
    });
    let own = WeightsFile { arrays: own.collect(), ..file(&Shapes::new()) };
    let done = transfer("resnet18").apply(own, &weights)?;
    assert_eq!((done.names_of, done.arrays, done.fresh.len()), ("this program", 102, 0));
    assert_eq!(first(&weights, "stem.norm.running_var"), 0.5);
    Ok(())
}

/// A file with batch normalization folded in, without most of the last stage, as one of those at hand is.
#[test]
fn folded_normalization_is_a_bias() -> Result<()> {
    let torchvision = &fixture()["resnet18"]["torchvision"];
    let mut folded = Shapes::new();
    for (name, shape) in torchvision.iter().filter(|(_, shape)| shape.len() == 4) {
        folded.insert(name.clone(), shape.clone());
        folded.insert(name.replace("weight", "bias"), shape[..1].to_vec());
    }
    folded.extend(
        torchvision.iter().filter(|(name, _)| name.starts_with("fc")).map(|(n, s)| (n.clone(), s.clone())),
    );
    let cut = folded.keys().filter(|name| name.starts_with("layer4") && name.ends_with("weight"));
    let cut: Vec<String> = cut.filter(|name| name.contains("conv")).cloned().collect();
    assert_eq!(cut.len(), 4);
    cut.iter().for_each(|name| drop(folded.remove(name)));
    assert_eq!(folded.len(), 38);

    let weights = narrow(&ResNet::Of18, 10);
    let error = transfer("resnet18").apply(file(&folded), &weights).unwrap_err().to_string();
    assert!(error.contains("nothing in it is `stage4.block1.convolution1.weight`"), "{error}");
    let done = Transfer { may_lack: &["stage4."], ..transfer("resnet18") }.apply(file(&folded), &weights)?;
    assert_eq!(done.fresh.len(), 4 + 2, "{done}");
    assert!(done.fresh.contains(&"stage4.block2.convolution2.weight".to_owned()));
    let bias = folded.keys().position(|name| name == "layer1.0.conv2.bias").unwrap() as f32;
    let norm = |name: &str| first(&weights, &format!("stage1.block1.convolution2.norm.{name}"));
    assert_eq!((norm("bias"), norm("weight"), norm("running_mean")), (bias, 1.0, 0.0));
    assert_eq!(norm("running_var") + 1e-5, 1.0);
    Ok(())
}

#[test]
fn what_does_not_fit_is_told_and_nothing_is_changed() {
    let shapes = &fixture()["resnet18"]["torchvision"];
    let refused = |change: &dyn Fn(&mut WeightsFile), why: &[&str]| {
        let weights = narrow(&ResNet::Of18, CLASSES);
        let before = first(&weights, "stem.weight");
        let mut file = file(shapes);
        change(&mut file);
        let error = transfer("resnet18").apply(file, &weights).unwrap_err().to_string();
        for why in ["made.safetensors: ", "torchvision or timm"].iter().chain(why) {
            assert!(error.contains(why), "{error}");
        }
        assert!(error.len() < 1000, "{error}");
        assert_eq!(first(&weights, "stem.weight"), before);
    };
    let put = |file: &mut WeightsFile, name: &str, shape: &[usize]| {
        file.arrays.insert(name.into(), ArrayD::zeros(shape));
    };
    refused(
        &|file| put(file, "conv1.weight", &[4, 1, 7, 7]),
        &["`conv1.weight` has the shape [4, 1, 7, 7], where [4, 3, 7, 7] belongs"],
    );
    refused(&|file| put(file, "fc.weight", &[CLASSES, 31]), &["`fc.weight` has the shape"]);
    refused(
        &|file| drop(file.arrays.remove("bn1.running_mean")),
        &["nothing in it is `stem.norm.running_mean`"],
    );
    refused(
        &|file| {
            file.arrays.retain(|name, _| !name.starts_with("layer4"));
            put(file, "extra\x1b", &[1]);
        },
        &["and 20 more", "there is no place for its `extra\\u{1b}`"],
    );
    refused(
        &|file| file.arrays.get_mut("bn1.weight").unwrap()[[1]] = f32::NAN,
        &["`bn1.weight` has 1 numbers that are not finite"],
    );

    let weights = narrow(&ResNet::Of18, CLASSES);
    let mut more = file(shapes);
    put(&mut more, "ema.decay", &[1]);
    let done = transfer("resnet18").apply(more, &weights).unwrap();
    assert_eq!(done.unused, ["ema.decay"]);
    assert!(done.to_string().ends_with("unused: `ema.decay`"), "{done}");
    let none = file(&Shapes::from([("a".into(), vec![1])]));
    assert!(transfer("vgg19").apply(none, &weights).is_err());
}

/// Frozen layers have no gradient and keep their statistics, also while the others are trained.
#[test]
fn frozen_layers_stay_as_they_are() -> Result<()> {
    use crate::layers::{Context, Layer};
    use genre_bench_api::random_stream;
    let params = ResNet::Of18.card().resolve([("width", "0.0625"), ("size", "0")])?;
    let shape = NetworkShape { spectrogram: (32, 32), channels: 3, columns: 0, classes: 3 };
    let trained = ["stage3.", "stage4.", "output."];
    let is_trained = |name: &str| trained.iter().any(|start| name.starts_with(start));
    let plain = Builder::new(0, &Device::Cpu, DType::F32);
    let builder = plain.clone().training_only(&["stage3.", "stage4.", "output."]);
    let network = ResNet::Of18.layers(&builder, &shape, &params).unwrap();
    drop(builder);
    let weights = plain.finish();
    assert!(weights.trainable.keys().all(|name| is_trained(name)));
    assert!(weights.buffers.contains_key("stem.weight"));

    let copies = weights.buffers.iter().map(|(name, var)| (name, var.copy().unwrap()));
    let before: BTreeMap<_, _> = copies.collect();
    let batch = Tensor::rand(0.0_f32, 1.0, (4, 3, 32, 32), &Device::Cpu).unwrap();
    let context = Context::training(random_stream(0, "dropout"));
    let logits = network.forward(&batch, &context).unwrap();
    let gradients = context.backward(&logits.sqr().unwrap().sum_all().unwrap()).unwrap();
    for (name, var) in &weights.trainable {
        assert!(gradients.get(var).is_some(), "{name}");
    }
    for (name, var) in &weights.buffers {
        assert!(gradients.get(var).is_none(), "{name}");
        let moved = (var.as_tensor() - &before[name]).unwrap().abs().unwrap().sum_all().unwrap();
        assert_eq!(moved.to_scalar::<f32>().unwrap() > 0.0, is_trained(name), "{name}");
    }
    Ok(())
}

/// What layers compute is what was put in.
#[test]
fn layers_see_what_was_put_into_their_weights() {
    use crate::layers::{Context, Layer, Linear};
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    let layer = Linear::new(&builder.at("output"), 2, 1).unwrap();
    let weights = builder.finish();
    let shapes = Shapes::from([("fc.weight".into(), vec![1, 2]), ("fc.bias".into(), vec![1])]);
    transfer("resnet18").apply(file(&shapes), &weights).unwrap();
    let batch = Tensor::new(&[[10.0_f32, 100.0]], &Device::Cpu).unwrap();
    let output = layer.forward(&batch, &Context::evaluation()).unwrap();
    // Bias 0; weights 1 and 2.
    assert_eq!(output.to_vec2::<f32>().unwrap(), [[210.0]]);
}
