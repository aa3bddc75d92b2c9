use super::buffer::zeros;
use super::matrix::{Matrix, MatrixMut};
use super::tape::Keep;
use super::values::{slice, values};
use super::{Builder, InitScheme, Layer, Pass};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
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
        pass.apply3([&batch.contiguous()?, &self.weight, &self.bias], WeightedSums, Keep::INPUTS)
    }
}

/// `input · weightᵀ + bias`.
struct WeightedSums;

const THREADS: Parallelism = Parallelism::Rayon(0);

impl CustomOp3 for WeightedSums {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        input_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (outputs, features) = weight_layout.shape().dims2()?;
        let mut dims = input_layout.dims().to_vec();
        let Some(last) = dims.last_mut().filter(|last| **last == features && features > 0) else {
            bail!("a linear layer of {features} features was given {:?}", input_layout.shape());
        };
        *last = outputs;
        let rows = input_layout.shape().elem_count() / features;
        let mut output = slice(bias, bias_layout)?.repeat(rows);
        MatrixMut::new(&mut output, rows, outputs).add_product(
            Matrix::new(slice(input, input_layout)?, rows, features),
            Matrix::new(slice(weight, weight_layout)?, outputs, features).transposed(),
            THREADS,
        );
        Ok((CpuStorage::F32(output), dims.into()))
    }

    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (outputs, features) = weight.dims2()?;
        let gradient = gradient.contiguous()?;
        let gradients = values(&gradient)?;
        let rows = gradients.len() / outputs;
        let gradients_matrix = Matrix::new(&gradients, rows, outputs);
        let of_input = if input.track_op() {
            let mut sums = zeros(rows * features);
            MatrixMut::new(&mut sums, rows, features).set_product(
                gradients_matrix,
                Matrix::new(&values(weight)?, outputs, features),
                THREADS,
            );
            Some(Tensor::from_vec(sums, input.shape(), input.device())?)
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
        Ok((
            of_input,
            Some(Tensor::from_vec(of_weight, weight.shape(), weight.device())?),
            Some(Tensor::from_vec(of_bias, bias.shape(), bias.device())?),
        ))
    }
}
