use super::build::Layers;
use super::fitted::FittedNetwork;
use super::model::precision;
use super::{Architecture, NetworkShape, build};
use crate::device::device;
use crate::failure::failed;
use crate::layers::{Builder, Framework, Preprocessing};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use genre_bench_api::{Error, Insights, Loading, Result, State};
use ndarray::ArrayD;
use std::collections::HashMap;

/// Names in the state; those of weights are nested.
const WEIGHTS: &str = "weights";
const FRAMEWORK: &str = "framework";
const PREPROCESSING: &str = "preprocessing";

/// What hyper-parameters alone do not say about a network that started from weights of others, by numbers in a state.
const FRAMEWORKS: [Framework; 2] = [Framework::Torch, Framework::Keras];
const PREPROCESSINGS: [Preprocessing; 3] =
    [Preprocessing::Torch, Preprocessing::Caffe, Preprocessing::TensorFlow];

/// A network's weights, and what its layers follow.
pub(super) fn save(fitted: &FittedNetwork) -> Result<State> {
    let all = fitted.weights.trainable.iter().chain(&fitted.weights.buffers);
    let mut weights = State::default();
    for (name, var) in all {
        let numbers = var.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).map_err(failed)?;
        let array = ArrayD::from_shape_vec(var.dims(), numbers).map_err(Error::failed)?;
        weights = weights.with(name, array);
    }
    Ok(State::default()
        .with_nested(WEIGHTS, weights)
        .with_number(FRAMEWORK, number_of(fitted.layers.framework, &FRAMEWORKS))
        .with_number(PREPROCESSING, number_of(fitted.layers.preprocessing, &PREPROCESSINGS)))
}

/// The network again. It is built as for a fit, but of weights that are read: so each must be there, of its shape.
pub(super) fn load(
    architecture: &dyn Architecture,
    mut state: State,
    loading: &Loading,
) -> Result<FittedNetwork> {
    let Loading { params, columns, spectrogram, classes, .. } = loading;
    let place = (device(loading.device)?, precision(params, loading.device)?);
    let reads = architecture.card().reads_with(params)?;
    let shape = NetworkShape::new(*spectrogram, *columns, reads, *classes)?;
    let layers = Layers {
        framework: chosen(&mut state, FRAMEWORK, &FRAMEWORKS)?,
        preprocessing: chosen(&mut state, PREPROCESSING, &PREPROCESSINGS)?,
    };
    let mut weights = state.take_nested(WEIGHTS);
    state.end()?;
    let names: Vec<String> = weights.arrays().map(|(name, _)| name.to_owned()).collect();
    let mut tensors = HashMap::new();
    for name in names {
        let array: ArrayD<f32> = weights.take_any(&name)?;
        let dims = array.shape().to_vec();
        let numbers = array.into_iter().collect();
        tensors.insert(name, Tensor::from_vec(numbers, dims, &Device::Cpu).map_err(failed)?);
    }
    let given = tensors.len();
    let builder =
        Builder::new(0, &place.0, place.1).reading(VarBuilder::from_tensors(tensors, DType::F32, &place.0));
    let built = build(architecture, &builder, &shape, params, layers.framework).map_err(failed)?;
    let weights = builder.finish();
    let own = weights.trainable.len() + weights.buffers.len();
    if own != given {
        return Err(Error::failed(format!("{given} arrays of weights, where the network has {own}")));
    }
    let network = built.behind(layers.preprocessing);
    Ok(FittedNetwork { network, weights, layers, place, reads, shape, insights: Insights::default() })
}

fn number_of<T: PartialEq>(choice: T, among: &[T]) -> u64 {
    among.iter().take_while(|other| **other != choice).count() as u64
}

fn chosen<T: Copy>(state: &mut State, name: &str, among: &[T]) -> Result<T> {
    let number: u64 = state.take_number(name)?;
    let known = usize::try_from(number).ok().and_then(|number| among.get(number));
    known.copied().ok_or_else(|| Error::failed(format!("nothing is known of {name} {number}")))
}
