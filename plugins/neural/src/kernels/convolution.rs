use super::elementwise::fill;
use super::memory::fresh;
use super::product::{Matrices, ProductSizes, product};
use super::sums::{add_parts, channel_sums};
use super::{Kernel, depthwise};
use crate::geometry::{ConvolutionSizes, Unfolding};
use candle_core::{DType, Result, Tensor};

/// Numbers that the unfolded spectrograms may take at a time: as many spectrograms as that allows share a launch.
const VIEW: usize = 1 << if cfg!(test) { 10 } else { 26 };

/// Some spectrograms of the batch, and one group.
#[derive(Clone, Copy)]
struct BatchPart {
    spectrogram: usize,
    spectrograms: usize,
    group: usize,
}

impl ConvolutionSizes {
    /// All channels of a spectrogram.
    fn channels(&self) -> usize {
        self.groups * self.unfolding.channels
    }

    /// BatchParts whose view, and whose gradients of the weights, are not too large.
    fn parts(&self) -> impl Iterator<Item = BatchPart> {
        let largest = self.unfolding.taps() * self.unfolding.pixels().max(self.filters);
        let at_once = (VIEW / largest).clamp(1, self.batch.max(1));
        let (batch, groups) = (self.batch, self.groups);
        (0..batch).step_by(at_once).flat_map(move |spectrogram| {
            (0..groups).map(move |group| BatchPart {
                spectrogram,
                spectrograms: at_once.min(batch - spectrogram),
                group,
            })
        })
    }

    /// `unfold` and `fold` take the same numbers.
    fn kernel<'a>(
        &self,
        name: &'static str,
        from: &'a Tensor,
        to: &'a Tensor,
        part: BatchPart,
    ) -> Kernel<'a> {
        let Unfolding { channels, rows, columns } = self.unfolding;
        let pairs = [
            (rows.input, columns.input),
            (rows.output, columns.output),
            (rows.kernel, columns.kernel),
            (rows.stride, columns.stride),
            (rows.padding, columns.padding),
            (rows.dilation, columns.dilation),
        ];
        Kernel::new(name)
            .read(from)
            .write(to)
            .sizes([self.channels(), part.group * channels, channels])
            .sizes(pairs.into_iter().flat_map(|(rows, columns)| [rows, columns]))
            .size(part.spectrogram)
    }

    /// Memory for the view of a part, `(spectrograms, taps, pixels)`.
    fn view(&self, like: &Tensor, part: BatchPart) -> Result<Tensor> {
        let shape = (part.spectrograms, self.unfolding.taps(), self.unfolding.pixels());
        fresh(shape, like.dtype(), like.device())
    }

    /// A part's unfolded spectrograms as matrices `(taps, pixels)`, to be read by `work`.
    fn unfolded<R>(
        &self,
        input: &Tensor,
        part: BatchPart,
        work: impl FnOnce(Matrices) -> Result<R>,
    ) -> Result<R> {
        let (taps, pixels) = (self.unfolding.taps(), self.unfolding.pixels());
        if self.unfolding.is_pointwise() {
            let start = (part.spectrogram * self.groups + part.group) * taps * pixels;
            return work(Matrices::one(input, pixels).from(start).every(self.groups * taps * pixels));
        }
        let view = self.view(input, part)?;
        self.kernel("unfold", input, &view, part).each(view.elem_count())?;
        work(Matrices::one(&view, pixels).every(taps * pixels))
    }

    /// A part of the output or its gradient, as matrices `(filters, pixels)`.
    fn outputs<'a>(&self, output: &'a Tensor, part: BatchPart) -> Matrices<'a> {
        let group = self.filters * self.unfolding.pixels();
        let start = (part.spectrogram * self.groups + part.group) * group;
        Matrices::one(output, self.unfolding.pixels()).from(start).every(self.groups * group)
    }

    /// A group's weights as a matrix `(filters, taps)`.
    fn weights<'a>(&self, weight: &'a Tensor, part: BatchPart) -> Matrices<'a> {
        let taps = self.unfolding.taps();
        Matrices::one(weight, taps).from(part.group * self.filters * taps)
    }
}

pub(crate) fn convolution(
    sizes: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let (filters, pixels) = (sizes.groups * sizes.filters, sizes.unfolding.pixels());
    let output = fresh(sizes.output_shape(), input.dtype(), input.device())?;
    if let Some(bias) = bias {
        fill(bias, &output, filters, pixels)?;
    }
    let weight = weight.to_dtype(input.dtype())?;
    if sizes.is_depthwise() {
        depthwise::forward(sizes, input, &weight, &output, bias.is_some())?;
        return Ok(output);
    }
    for part in sizes.parts() {
        let size = ProductSizes {
            rows: sizes.filters,
            columns: pixels,
            depth: sizes.unfolding.taps(),
            count: part.spectrograms,
        };
        sizes.unfolded(input, part, |view| {
            product(sizes.outputs(&output, part), sizes.weights(&weight, part), view, size, bias.is_some())
        })?;
    }
    Ok(output)
}

/// Gradients of the input, if it is wanted, of the weight, and of a bias.
pub(crate) fn convolution_backward(
    sizes: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
    of_input: bool,
) -> Result<[Option<Tensor>; 3]> {
    let (taps, pixels, filters) = (sizes.unfolding.taps(), sizes.unfolding.pixels(), sizes.filters);
    let gradient_of_input = match sizes.is_depthwise() {
        true => depthwise::input_gradient,
        false => input_gradient,
    };
    let of_input = match of_input {
        true => Some(gradient_of_input(sizes, input, &weight.detach().to_dtype(input.dtype())?, gradient)?),
        false => None,
    };
    let of_bias = channel_sums(gradient, (sizes.batch, sizes.groups * filters))?;
    if sizes.is_depthwise() {
        return Ok([
            of_input,
            Some(depthwise::weight_gradient(sizes, input, weight, gradient)?),
            Some(of_bias),
        ]);
    }
    let of_weight = fresh(weight.shape(), DType::F32, weight.device())?;
    for part in sizes.parts() {
        // Every spectrogram's part of the sum.
        let sums = fresh((part.spectrograms, filters * taps), DType::F32, weight.device())?;
        let size = ProductSizes { rows: filters, columns: taps, depth: pixels, count: part.spectrograms };
        sizes.unfolded(input, part, |view| {
            let to = Matrices::one(&sums, taps).every(filters * taps);
            product(to, sizes.outputs(gradient, part), view.transposed(), size, false)
        })?;
        let of_group = of_weight.narrow(0, part.group * filters, filters)?;
        add_parts(&sums, &of_group, part.spectrograms, (filters * taps, 1), part.spectrogram > 0)?;
    }
    Ok([of_input, Some(of_weight), Some(of_bias)])
}

fn input_gradient(
    sizes: &ConvolutionSizes,
    input: &Tensor,
    weight: &Tensor,
    gradient: &Tensor,
) -> Result<Tensor> {
    let (taps, pixels) = (sizes.unfolding.taps(), sizes.unfolding.pixels());
    let of_input = fresh(input.shape(), input.dtype(), input.device())?;
    for part in sizes.parts() {
        let view = sizes.view(input, part)?;
        product(
            Matrices::one(&view, pixels).every(taps * pixels),
            sizes.weights(weight, part).transposed(),
            sizes.outputs(gradient, part),
            ProductSizes { rows: taps, columns: pixels, depth: sizes.filters, count: part.spectrograms },
            false,
        )?;
        let numbers = part.spectrograms * sizes.unfolding.inputs();
        sizes.kernel("fold", &view, &of_input, part).each(numbers)?;
    }
    Ok(of_input)
}
