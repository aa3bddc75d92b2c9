use ndarray::{ArrayD, IxDyn};

/// How a framework lays out the axes of an array, and so how ours, which are PyTorch's, come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As PyTorch.
    Same,
    /// Keras's kernel of a convolution, `(rows, columns, channels, filters)`.
    KerasKernel,
    /// Keras's kernel of a depthwise convolution, `(rows, columns, channels, multiplier)`.
    KerasDepthwise,
    /// Keras's kernel of a dense layer, `(features, outputs)`.
    KerasDense,
    /// The same behind a flattened map of these rows and columns, which Keras flattens `(rows, columns, channels)`.
    KerasDenseOfMap(usize, usize),
    /// TFLite's kernel of a convolution, `(filters, rows, columns, channels)`.
    TfliteKernel,
    /// TFLite's kernel of a depthwise convolution, `(1, rows, columns, channels)`.
    TfliteDepthwise,
}

impl Layout {
    /// The array as PyTorch lays it out; none where it has other axes than such an array.
    pub fn as_torch(self, array: ArrayD<f32>) -> Option<ArrayD<f32>> {
        let permuted = |array: ArrayD<f32>, axes: &[usize]| {
            (array.ndim() == axes.len())
                .then(|| array.permuted_axes(IxDyn(axes)).as_standard_layout().into_owned())
        };
        match self {
            Self::Same => Some(array),
            Self::KerasKernel => permuted(array, &[3, 2, 0, 1]),
            Self::KerasDepthwise => {
                let kernel = permuted(array, &[2, 3, 0, 1])?;
                let &[channels, multiplier, rows, columns] = kernel.shape() else { return None };
                reshaped(kernel, &[channels * multiplier, 1, rows, columns])
            }
            Self::KerasDense => permuted(array, &[1, 0]),
            Self::KerasDenseOfMap(rows, columns) => {
                let &[features, outputs] = array.shape() else { return None };
                let channels = features / rows.checked_mul(columns).filter(|&map| map > 0)?;
                let by_map = reshaped(array, &[rows, columns, channels, outputs])?;
                reshaped(permuted(by_map, &[3, 2, 0, 1])?, &[outputs, features])
            }
            Self::TfliteKernel => permuted(array, &[0, 3, 1, 2]),
            Self::TfliteDepthwise => permuted(array, &[3, 0, 1, 2]),
        }
    }
}

fn reshaped(array: ArrayD<f32>, shape: &[usize]) -> Option<ArrayD<f32>> {
    array.into_shape_with_order(IxDyn(shape)).ok()
}
