use super::in_place::{BLOCK, read};
use crate::layers::{Weights, kernels};
use candle_core::backprop::GradStore;
use candle_core::{DType, Result, Tensor};
use rayon::prelude::*;

/// Length of all gradients together as one vector, as PyTorch's `clip_grad_norm_` takes it.
///
/// # Errors
///
/// The device fails.
pub fn global_norm(weights: &Weights, gradients: &GradStore) -> Result<f64> {
    let gradients = weights.trainable.values().filter_map(|weight| gradients.get(weight));
    let gradients: Vec<Tensor> = gradients.map(Tensor::contiguous).collect::<Result<_>>()?;
    let on_device = |gradient: &Tensor| kernels::run_on(gradient.device()) && gradient.dtype() == DType::F32;
    let squares = if gradients.iter().all(on_device) {
        kernels::sum_squares(&gradients)?
    } else {
        gradients.iter().map(sum_of_squares).sum::<Result<f64>>()?
    };
    Ok(squares.sqrt())
}

/// In fixed blocks, so that it is the same for every number of threads.
fn sum_of_squares(gradient: &Tensor) -> Result<f64> {
    if gradient.dtype() != DType::F32 {
        return gradient.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_scalar::<f32>().map(f64::from);
    }
    read(gradient, |values| {
        let sums: Vec<f64> = values.par_chunks(BLOCK).map(block_sum).collect();
        Ok(sums.iter().sum())
    })
}

/// As many sums side by side as fill the CPU's vectors, each short enough for single precision.
fn block_sum(block: &[f32]) -> f64 {
    let mut sums = [0.0_f32; 16];
    let (wide, rest) = block.as_chunks::<16>();
    for values in wide {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * value);
    }
    sums.iter().map(|&sum| f64::from(sum)).sum::<f64>()
        + rest.iter().map(|&value| f64::from(value * value)).sum::<f64>()
}
