use super::cpu::{Matrix, MatrixMut, values, zeros};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Tensor, bail};
use gemm::Parallelism;

/// `input · weightᵀ + bias` of an input `(…, features)`, a weight `(outputs, features)` and a bias `(outputs)`: PyTorch's
/// `functional.linear`.
pub(crate) struct WeightedSums;

const THREADS: Parallelism = Parallelism::Rayon(0);

/// The output's shape, `(…, outputs)`.
fn output_dims(input: &Tensor, weight: &Tensor) -> Result<Vec<usize>> {
    let (outputs, features) = weight.dims2()?;
    let mut dims = input.dims().to_vec();
    let Some(last) = dims.last_mut().filter(|last| **last == features && features > 0) else {
        bail!("a linear layer of {features} features was given {:?}", input.shape());
    };
    *last = outputs;
    Ok(dims)
}

impl Operation<3> for WeightedSums {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::INPUTS;

    fn forward_cpu(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, ())> {
        let dims = output_dims(input, weight)?;
        let (outputs, features) = weight.dims2()?;
        let rows = input.elem_count() / features;
        let mut output = values(bias)?.repeat(rows);
        MatrixMut::new(&mut output, rows, outputs).add_product(
            Matrix::new(&values(input)?, rows, features),
            Matrix::new(&values(weight)?, outputs, features).transposed(),
            THREADS,
        );
        Ok((Tensor::from_vec(output, dims, &Device::Cpu)?, ()))
    }

    fn forward_cuda(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, ())> {
        Ok((kernels::linear(input, weight, bias, output_dims(input, weight)?)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 3>, (): ()) -> Result<Gradients<3>> {
        let Backward { inputs: [input, weight, bias], gradient, .. } = of;
        let (outputs, features) = weight.dims2()?;
        let gradients = values(gradient)?;
        let rows = gradients.len() / outputs;
        let gradients_matrix = Matrix::new(&gradients, rows, outputs);
        let of_input = if input.track_op() {
            let mut sums = zeros(rows * features);
            MatrixMut::new(&mut sums, rows, features).set_product(
                gradients_matrix,
                Matrix::new(&values(weight)?, outputs, features),
                THREADS,
            );
            Some(Tensor::from_vec(sums, input.shape(), &Device::Cpu)?)
        } else {
            None
        };
        let mut of_weight = zeros(outputs * features);
        MatrixMut::new(&mut of_weight, outputs, features).set_product(
            gradients_matrix.transposed(),
            Matrix::new(&values(input)?, rows, features),
            THREADS,
        );
        let mut of_bias = vec![0.0; outputs];
        for row in gradients.chunks_exact(outputs) {
            of_bias.iter_mut().zip(row).for_each(|(sum, gradient)| *sum += gradient);
        }
        let of_weight = Tensor::from_vec(of_weight, weight.shape(), &Device::Cpu)?;
        Ok([of_input, Some(of_weight), Some(Tensor::from_vec(of_bias, bias.shape(), &Device::Cpu)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 3>, (): ()) -> Result<Gradients<3>> {
        let [input, weight, _bias] = of.inputs;
        kernels::linear_backward(input, weight, of.gradient, input.track_op())
    }
}
