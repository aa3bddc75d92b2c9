//! Two-dimensional convolution, as PyTorch's `functional.conv2d`.

mod blocks;
mod depthwise;
mod direct;
mod forward;
mod gradients;
mod indirect;
mod taps;
mod unfold;
mod winograd;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod costs;

use super::cpu::values;
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::geometry::{ConvolutionSizes, Window};
use crate::kernels;
use candle_core::{Device, Result, Tensor};
use direct::Direct;
use indirect::Indirect;
use taps::SeeingTaps;
use winograd::Winograd;

/// Two-dimensional convolution (cross-correlation) of `(batch, channels, rows, columns)` with weights
/// `(filters, channels / groups, kernel rows, kernel columns)`, and without or with a bias `(filters)`.
#[derive(Clone, Copy)]
pub(crate) struct Convolution {
    pub window: Window,
    pub groups: usize,
    /// Whether sums are those of the definition, product by product, also where fewer products do.
    pub exact: bool,
}

/// How a convolution is computed on the CPU.
enum Way {
    /// Every channel by itself.
    Depthwise,
    /// With fewer products.
    Winograd(Winograd),
    /// By its definition, from planes with their padding.
    Direct(Direct),
    /// By its definition, of any stride.
    Indirect(Indirect),
    /// As products with the unfolded input.
    Unfolded,
}

impl Convolution {
    fn sizes(self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<ConvolutionSizes> {
        let bias = bias.map(Tensor::shape);
        ConvolutionSizes::new(self.window, self.groups, input.shape(), weight.shape(), bias)
    }

    /// The way that takes least. It goes by the shape alone, and not by the batch, so that an example's numbers do not depend on the
    /// others.
    fn way(self, sizes: &ConvolutionSizes) -> Way {
        if sizes.is_depthwise() {
            return Way::Depthwise;
        }
        let fewer = Winograd::of(sizes).filter(|_| !self.exact).map(|way| (way.cost(), Way::Winograd(way)));
        let direct = Direct::of(sizes).map(|way| (way.cost(), Way::Direct(way)));
        let indirect = Indirect(*sizes);
        let indirect = (indirect.cost(), Way::Indirect(indirect));
        let unfolded = (sizes.unfolded_cost(), Way::Unfolded);
        let ways = fewer.into_iter().chain(direct).chain([indirect, unfolded]);
        ways.min_by_key(|(cost, _)| *cost).map_or(Way::Unfolded, |(_, way)| way)
    }

    fn convolve_on_cpu(self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (taps, sizes) = SeeingTaps::of(self.sizes(input, weight, bias)?);
        let bias = bias.map(values).transpose()?;
        let (input, weight) = (values(input)?, values(weight)?);
        let weight = taps.of_weights(&weight);
        let output = match self.way(&sizes) {
            Way::Depthwise => sizes.depthwise(&input, &weight, bias.as_deref()),
            Way::Winograd(way) => way.forward(&input, &weight, bias.as_deref()),
            Way::Direct(way) => way.forward(&input, &weight, bias.as_deref()),
            Way::Indirect(way) => way.forward(&input, &weight, bias.as_deref()),
            Way::Unfolded => sizes.forward(&input, &weight, bias.as_deref()),
        };
        Tensor::from_vec(output, sizes.output_shape(), &Device::Cpu)
    }

    fn convolve_on_cuda(self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        kernels::convolution(&self.sizes(input, weight, bias)?, input, weight, bias)
    }

    /// Gradients of the input, where it is wanted, and of the weights.
    fn gradients_on_cpu(self, input: &Tensor, weight: &Tensor, gradient: &Tensor) -> Result<Gradients<2>> {
        let (taps, sizes) = SeeingTaps::of(self.sizes(input, weight, None)?);
        let way = self.way(&sizes);
        let gradients = values(gradient)?;
        let of_input = if input.track_op() {
            let weight = values(weight)?;
            let weight = taps.of_weights(&weight);
            let values = match &way {
                Way::Depthwise => sizes.depthwise_input_gradient(&weight, &gradients),
                Way::Winograd(way) => way.input_gradient(&weight, &gradients),
                Way::Direct(way) => way.input_gradient(&weight, &gradients),
                Way::Indirect(way) => way.input_gradient(&weight, &gradients),
                Way::Unfolded => sizes.input_gradient(&weight, &gradients),
            };
            Some(Tensor::from_vec(values, input.shape(), &Device::Cpu)?)
        } else {
            None
        };
        let input = values(input)?;
        let of_weight = match &way {
            Way::Depthwise => sizes.depthwise_weight_gradient(&input, &gradients),
            Way::Winograd(way) => way.weight_gradient(&input, &gradients),
            Way::Direct(way) => way.weight_gradient(&input, &gradients),
            Way::Indirect(way) => way.weight_gradient(&input, &gradients),
            Way::Unfolded => sizes.weight_gradient(&input, &gradients),
        };
        let of_weight = Tensor::from_vec(taps.of_all_weights(of_weight), weight.shape(), &Device::Cpu)?;
        Ok([of_input, Some(of_weight)])
    }

    fn gradients_on_cuda(self, input: &Tensor, weight: &Tensor, gradient: &Tensor) -> Result<Gradients<3>> {
        let sizes = self.sizes(input, weight, None)?;
        kernels::convolution_backward(&sizes, input, weight, gradient, input.track_op())
    }
}

/// Without a bias.
impl Operation<2> for Convolution {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::INPUTS;

    fn forward_cpu(&self, [input, weight]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        Ok((self.convolve_on_cpu(input, weight, None)?, ()))
    }

    fn forward_cuda(&self, [input, weight]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        Ok((self.convolve_on_cuda(input, weight, None)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        let [input, weight] = of.inputs;
        self.gradients_on_cpu(input, weight, of.gradient)
    }

    fn backward_cuda(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        let [input, weight] = of.inputs;
        let [of_input, of_weight, _] = self.gradients_on_cuda(input, weight, of.gradient)?;
        Ok([of_input, of_weight])
    }
}

/// With a bias.
impl Operation<3> for Convolution {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::INPUTS;

    fn forward_cpu(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, ())> {
        Ok((self.convolve_on_cpu(input, weight, Some(bias))?, ()))
    }

    fn forward_cuda(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, ())> {
        Ok((self.convolve_on_cuda(input, weight, Some(bias))?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 3>, (): ()) -> Result<Gradients<3>> {
        let [input, weight, _bias] = of.inputs;
        let [of_input, of_weight] = self.gradients_on_cpu(input, weight, of.gradient)?;
        Ok([of_input, of_weight, Some(gradients::bias_gradient(of.gradient)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 3>, (): ()) -> Result<Gradients<3>> {
        let [input, weight, _bias] = of.inputs;
        self.gradients_on_cuda(input, weight, of.gradient)
    }
}
