use super::cpu::{BLOCK, values};
use super::dispatch::Dispatch;
use crate::kernels;
use candle_core::{DType, Result, Tensor};
use rayon::prelude::*;

/// The sum of the squares of all numbers of contiguous tensors on one device.
pub(crate) fn sum_squares(tensors: &[Tensor]) -> Result<f64> {
    let Some(first) = tensors.first() else { return Ok(0.0) };
    if tensors.iter().any(|tensor| tensor.dtype() != DType::F32) {
        return tensors.iter().map(in_tensor_operations).sum();
    }
    SumSquares(tensors).run(first.device())
}

fn in_tensor_operations(tensor: &Tensor) -> Result<f64> {
    tensor.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_scalar::<f32>().map(f64::from)
}

struct SumSquares<'a>(&'a [Tensor]);

impl Dispatch for SumSquares<'_> {
    type Output = f64;

    /// In fixed blocks, so that it is the same for every number of threads.
    fn on_cpu(self) -> Result<f64> {
        let of_tensor = |tensor: &Tensor| -> Result<f64> {
            let sums: Vec<f64> = values(tensor)?.par_chunks(BLOCK).map(block_sum).collect();
            Ok(sums.iter().sum())
        };
        self.0.iter().map(of_tensor).sum()
    }

    fn on_cuda(self) -> Result<f64> {
        kernels::sum_squares(self.0)
    }
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
