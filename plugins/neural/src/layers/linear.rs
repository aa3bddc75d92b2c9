use super::buffer::zeros;
use super::matrix::{Matrix, MatrixMut};
use super::operation::Operation;
use super::tape::Keep;
use super::values::values;
use super::{Builder, InitScheme, Layer, Pass, kernels};
use candle_core::{Device, Result, Tensor, bail};
use gemm::Parallelism;

/// Every output a weighted sum of all features, as PyTorch's `Linear`: `(…, features)` to `(…, outputs)`.
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// A layer with weights `weight`, `(outputs, features)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(builder: &Builder, features: usize, outputs: usize, init: InitScheme) -> Result<Self> {
        Ok(Self {
            weight: builder.trainable("weight", (outputs, features), init.weight(features, outputs))?,
            bias: builder.trainable("bias", outputs, init.bias(features))?,
        })
    }
}

impl Layer for Linear {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        let (outputs, mut shape) = (self.weight.dim(0)?, batch.dims().to_vec());
        shape.last_mut().into_iter().for_each(|last| *last = outputs);
        if let Some(zeros) = pass.count(batch.elem_count() * outputs, shape)? {
            return Ok(zeros);
        }
        pass.apply([&batch.contiguous()?, &self.weight, &self.bias], WeightedSums, Keep::INPUTS)
    }
}

/// `input · weightᵀ + bias`.
struct WeightedSums;

const THREADS: Parallelism = Parallelism::Rayon(0);

impl Operation<3> for WeightedSums {
    fn forward(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<Tensor> {
        let (outputs, features) = weight.dims2()?;
        let mut dims = input.dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| **last == features && features > 0) else {
            bail!("a linear layer of {features} features was given {:?}", input.shape());
        };
        *last = outputs;
        let rows = input.elem_count() / features;
        if kernels::run_on(input.device()) {
            return kernels::linear(input, weight, bias, dims);
        }
        let mut output = values(bias)?.repeat(rows);
        MatrixMut::new(&mut output, rows, outputs).add_product(
            Matrix::new(&values(input)?, rows, features),
            Matrix::new(&values(weight)?, outputs, features).transposed(),
            THREADS,
        );
        Tensor::from_vec(output, dims, &Device::Cpu)
    }

    fn backward(
        &self,
        [input, weight, bias]: [&Tensor; 3],
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        if kernels::run_on(input.device()) {
            return kernels::linear_back(input, weight, gradient, input.track_op());
        }
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
}
