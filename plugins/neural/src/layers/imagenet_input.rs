use super::{Context, Layer};
use candle_core::{Result, Tensor};

/// How the pictures of ImageNet were made numbers for a network that was trained on them; Keras's `preprocess_input` calls
/// the ways so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preprocessing {
    /// torchvision's and timm's: every channel from 0 to 1, less its mean, by its standard deviation.
    #[default]
    Torch,
    /// Keras's for its ResNet-50 and VGG-19: blue, green, red from 0 to 255, each less its mean.
    Caffe,
    /// Keras's for its other networks, as TensorFlow's were trained: every channel from −1 to 1.
    TensorFlow,
}

/// Mean and standard deviation of red, green and blue from 0 to 1 over ImageNet, as torchvision has them.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];
/// Mean of red, green and blue from 0 to 255, as Keras has them.
const MEAN_OF_CAFFE: [f64; 3] = [123.68, 116.779, 103.939];

/// What a network trained on ImageNet reads of a batch `(batch, channels, rows, columns)`, with three channels.
///
/// A colour picture from 0 to 1 is normalized as ImageNet's were. A single channel is a spectrogram that was standardized
/// on the training part: it becomes red, green and blue alike, with the mean and the standard deviation that ImageNet's
/// pictures have after theirs.
pub struct ImageNetInput(pub Preprocessing);

impl ImageNetInput {
    /// Factor and summand of red, green and blue.
    fn scale(&self, channels: usize) -> ([f64; 3], [f64; 3]) {
        let each = |of: &dyn Fn(usize) -> f64| [of(0), of(1), of(2)];
        match (self.0, channels) {
            (Preprocessing::Torch, 3) => {
                (DEVIATION.map(f64::recip), each(&|channel| -MEAN[channel] / DEVIATION[channel]))
            }
            (Preprocessing::Torch, _) => ([1.0; 3], [0.0; 3]),
            (Preprocessing::TensorFlow, 3) => ([2.0; 3], [-1.0; 3]),
            (Preprocessing::TensorFlow, _) => {
                (DEVIATION.map(|deviation| 2.0 * deviation), MEAN.map(|mean| 2.0 * mean - 1.0))
            }
            (Preprocessing::Caffe, 3) => ([255.0; 3], MEAN_OF_CAFFE.map(|mean| -mean)),
            (Preprocessing::Caffe, _) => (DEVIATION.map(|deviation| 255.0 * deviation), [0.0; 3]),
        }
    }
}

impl Layer for ImageNetInput {
    fn forward(&self, batch: &Tensor, _: &Context) -> Result<Tensor> {
        let channels = batch.dim(1)?;
        let (factors, summands) = self.scale(channels);
        let order = if self.0 == Preprocessing::Caffe { [2, 1, 0] } else { [0, 1, 2] };
        let channel = |number: usize| {
            let own = batch.narrow(1, if channels == 3 { number } else { 0 }, 1)?;
            own.affine(factors[number], summands[number])
        };
        Tensor::cat(&order.map(channel).into_iter().collect::<Result<Vec<_>>>()?, 1)
    }

    fn is_fixed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::*;
    use candle_core::Device;

    /// The channels of a picture of one pixel.
    fn made(preprocessing: Preprocessing, pixel: &[f32]) -> Vec<f32> {
        let batch = Tensor::new(pixel, &Device::Cpu).unwrap().reshape((1, pixel.len(), 1, 1)).unwrap();
        let made = ImageNetInput(preprocessing).forward(&batch, &Context::evaluation()).unwrap();
        assert_eq!(made.dims(), [1, 3, 1, 1]);
        made.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn near(made: &[f32], wanted: [f32; 3]) {
        assert!(made.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4), "{made:?}");
    }

    #[test]
    fn pictures_are_normalized_as_those_of_imagenet() {
        near(&made(Preprocessing::Torch, &[1.0, 0.0, 0.406]), [2.248_908_3, -2.035_714_3, 0.0]);
        near(&made(Preprocessing::TensorFlow, &[1.0, 0.0, 0.5]), [1.0, -1.0, 0.0]);
        near(&made(Preprocessing::Caffe, &[1.0, 0.0, 0.5]), [127.5 - 103.939, -116.779, 255.0 - 123.68]);
    }

    #[test]
    fn a_standardized_channel_is_repeated() {
        near(&made(Preprocessing::Torch, &[-1.5]), [-1.5; 3]);
        near(&made(Preprocessing::TensorFlow, &[0.0]), [-0.03, -0.088, -0.188]);
        near(&made(Preprocessing::Caffe, &[1.0]), [57.375, 57.12, 58.395]);
    }
}
