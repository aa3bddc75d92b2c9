use super::elementwise::fill;
use super::memory::fresh;
use super::product::{Matrices, ProductSizes, product};
use super::sums::channel_sums;
use candle_core::{DType, Result, Tensor};

/// `input · weightᵀ + bias` for `(…, features)`, in the shape `dims`.
pub(crate) fn linear(input: &Tensor, weight: &Tensor, bias: &Tensor, dims: Vec<usize>) -> Result<Tensor> {
    let (outputs, features) = weight.dims2()?;
    let output = fresh(dims, input.dtype(), input.device())?;
    fill(bias, &output, outputs, 1)?;
    product(
        Matrices::one(&output, outputs),
        Matrices::one(input, features),
        Matrices::one(&weight.to_dtype(input.dtype())?, features).transposed(),
        ProductSizes { rows: input.elem_count() / features, columns: outputs, depth: features, count: 1 },
        true,
    )?;
    Ok(output)
}

/// Gradients of the input, if it is wanted, of the weight and of the bias.
pub(crate) fn linear_backward(
    input: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
    of_input: bool,
) -> Result<[Option<Tensor>; 3]> {
    let (outputs, features) = weight.dims2()?;
    let rows = input.elem_count() / features;
    let (dtype, device) = (input.dtype(), input.device());
    let of_input = match of_input {
        true => {
            let of_input = fresh(input.shape(), dtype, device)?;
            product(
                Matrices::one(&of_input, features),
                Matrices::one(gradient, outputs),
                Matrices::one(&weight.detach().to_dtype(dtype)?, features),
                ProductSizes { rows, columns: features, depth: outputs, count: 1 },
                false,
            )?;
            Some(of_input)
        }
        false => None,
    };
    let of_weight = fresh((outputs, features), DType::F32, device)?;
    product(
        Matrices::one(&of_weight, features),
        Matrices::one(gradient, outputs).transposed(),
        Matrices::one(input, features),
        ProductSizes { rows: outputs, columns: features, depth: rows, count: 1 },
        false,
    )?;
    Ok([of_input, Some(of_weight), Some(channel_sums(gradient, (rows, outputs))?)])
}
