//! Weights that are written and read by name.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use genre_bench_neural::layers::{
    BatchNorm, Builder, ColumnsAsSteps, Context, Conv2d, Conv2dOptions, LastState, Layer, Linear, Recurrence,
    Recurrent, Sequential, Window, read_weights,
};
use std::collections::HashMap;
use std::path::Path;

fn builder(seed: u64) -> Builder {
    Builder::new(seed, &Device::Cpu, DType::F32)
}

/// A convolution with batch normalization and a recurrent layer.
fn body(builder: &Builder) -> candle_core::Result<Sequential> {
    let at = builder.at("block1");
    Ok(Sequential::new()
        .then(Conv2d::new(&at, 3, 4, Window::new((3, 3)), Conv2dOptions::default())?)
        .then(BatchNorm::new(&at.at("norm"), 4)?)
        .then(ColumnsAsSteps)
        .then(LastState(Recurrent::of(Recurrence::Gru, 5).build(&builder.at("gru"), 4 * 6)?)))
}

fn output(layer: &dyn Layer) -> Vec<Vec<f32>> {
    let batch = Tensor::arange(0_f32, 2.0 * 3.0 * 64.0, &Device::Cpu).unwrap().reshape((2, 3, 8, 8)).unwrap();
    layer.forward(&(batch / 100.0).unwrap(), &Context::evaluation()).unwrap().to_vec2().unwrap()
}

const LARGEST: u64 = 1 << 20;

fn reading(path: &Path) -> candle_core::Result<Sequential> {
    body(&builder(1).reading(read_weights(path, LARGEST, &Device::Cpu)?))
}

#[test]
fn names_are_those_of_pytorch() {
    let builder = builder(0);
    body(&builder).unwrap();
    let weights = builder.finish();
    let map = weights.var_map();
    let mut names: Vec<String> = map.data().lock().unwrap().keys().cloned().collect();
    names.sort();
    let expected = [
        "block1.bias",
        "block1.norm.bias",
        "block1.norm.running_mean",
        "block1.norm.running_var",
        "block1.norm.weight",
        "block1.weight",
        "gru.bias_hh_l0",
        "gru.bias_ih_l0",
        "gru.weight_hh_l0",
        "gru.weight_ih_l0",
    ];
    assert_eq!(names, expected);
    // The map shares the numbers.
    let zeros = Tensor::zeros(4, DType::F32, &Device::Cpu).unwrap();
    map.clone().set_one("block1.bias", &zeros).unwrap();
    assert_eq!(weights.trainable["block1.bias"].to_vec1::<f32>().unwrap(), [0.0; 4]);
}

#[test]
fn a_network_comes_back_from_its_file_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let written = builder(0);
    let network = body(&written).unwrap();
    written.finish().save(&path).unwrap();
    assert_eq!(output(&reading(&path).unwrap()), output(&network));
    assert_ne!(output(&body(&builder(1)).unwrap()), output(&network), "drawn with another seed");
}

#[test]
fn a_part_is_read_from_a_part_of_a_file_and_the_rest_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let written = builder(0);
    let network = body(&written.at("backbone")).unwrap();
    written.finish().save(&path).unwrap();
    let source = read_weights(&path, LARGEST, &Device::Cpu).unwrap();
    let (read, drawn) = (builder(1), builder(1));
    let body_read = body(&read.at("body").reading(source.pp("backbone"))).unwrap();
    assert_eq!(output(&body_read), output(&network));
    Linear::new(&read.at("output"), 5, 2).unwrap();
    Linear::new(&drawn.at("output"), 5, 2).unwrap();
    let (read, drawn) = (read.finish(), drawn.finish());
    let numbers = |weights: &genre_bench_neural::layers::Weights| -> Vec<f32> {
        weights.trainable["output.weight"].flatten_all().unwrap().to_vec1().unwrap()
    };
    assert_eq!(numbers(&read), numbers(&drawn));
}

#[test]
fn what_does_not_fit_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let error = || reading(&path).map(|_| ()).unwrap_err().to_string();
    assert!(error().contains("No such file"), "{}", error());
    std::fs::write(&path, b"not weights").unwrap();
    assert!(!error().is_empty());
    let written = builder(0);
    body(&written).unwrap();
    let map = written.finish().var_map();
    let mut tensors: HashMap<String, Tensor> = map
        .data()
        .lock()
        .unwrap()
        .iter()
        .map(|(name, var)| (name.clone(), var.as_detached_tensor()))
        .collect();
    tensors.insert("block1.bias".to_owned(), Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap());
    candle_core::safetensors::save(&tensors, &path).unwrap();
    assert!(error().contains("block1.bias") && error().contains("shape"), "{}", error());
    tensors.remove("block1.bias");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    assert!(error().contains("block1.bias"), "{}", error());
    assert!(read_weights(&path, 10, &Device::Cpu).is_err(), "larger than allowed");
    assert!(read_weights(folder.path(), LARGEST, &Device::Cpu).is_err(), "a folder");
}
