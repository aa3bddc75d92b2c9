use ndarray::{ArrayD, IxDyn};

/// How a framework lays out the axes of an array, and so how ours, which are PyTorch's, come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As PyTorch.
    Same,
    /// PyTorch's kernel of a convolution over a whole map, `(outputs, channels, rows, columns)`, in the place of a dense
    /// layer behind that map.
    WholeMap,
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
            Self::WholeMap => {
                let &[outputs, channels, rows, columns] = array.shape() else { return None };
                reshaped(array, &[outputs, channels * rows * columns])
            }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
    use super::*;
    use ndarray::Array;

    /// Numbers that tell where they were.
    fn counted(shape: &[usize]) -> ArrayD<f32> {
        Array::from_shape_fn(shape, |at| {
            (0..shape.len()).fold(0.0, |number, axis| 10.0 * number + at[axis] as f32)
        })
    }

    #[test]
    fn every_number_goes_where_pytorch_looks_for_it() {
        let torch = |layout: Layout, shape: &[usize]| layout.as_torch(counted(shape)).unwrap();
        let kernel = torch(Layout::KerasKernel, &[2, 3, 4, 5]);
        assert_eq!((kernel.shape(), kernel[[4, 3, 1, 2]]), (&[5, 4, 2, 3][..], 1234.0));
        let depthwise = torch(Layout::KerasDepthwise, &[2, 3, 4, 2]);
        assert_eq!((depthwise.shape(), depthwise[[2 * 3 + 1, 0, 1, 2]]), (&[8, 1, 2, 3][..], 1231.0));
        let dense = torch(Layout::KerasDense, &[3, 4]);
        assert_eq!((dense.shape(), dense[[1, 2]]), (&[4, 3][..], 21.0));
        // Feature (row 1, column 2, channel 1) of Keras is (channel 1, row 1, column 2) of PyTorch.
        let behind_map = Layout::KerasDenseOfMap(2, 3)
            .as_torch(counted(&[2, 3, 2, 4]).into_shape_with_order(IxDyn(&[12, 4])).unwrap())
            .unwrap();
        assert_eq!((behind_map.shape(), behind_map[[3, 6 + 3 + 2]]), (&[4, 12][..], 1213.0));
        let tflite = torch(Layout::TfliteKernel, &[5, 2, 3, 4]);
        assert_eq!((tflite.shape(), tflite[[4, 3, 1, 2]]), (&[5, 4, 2, 3][..], 4123.0));
        let tflite = torch(Layout::TfliteDepthwise, &[1, 2, 3, 4]);
        assert_eq!((tflite.shape(), tflite[[3, 0, 1, 2]]), (&[4, 1, 2, 3][..], 123.0));
        let map = torch(Layout::WholeMap, &[4, 2, 2, 3]);
        assert_eq!((map.shape(), map[[3, 6 + 3 + 2]]), (&[4, 12][..], 3112.0));
        let all = [kernel, depthwise, dense, behind_map, tflite, map];
        assert!(all.iter().all(|array| array.is_standard_layout()));
    }

    #[test]
    fn other_axes_are_refused() {
        for layout in [Layout::WholeMap, Layout::KerasKernel, Layout::KerasDepthwise, Layout::TfliteKernel] {
            assert_eq!(layout.as_torch(counted(&[2, 3])), None);
        }
        for (layout, shape) in [(Layout::KerasDense, [2, 3, 1]), (Layout::KerasDenseOfMap(0, 1), [1, 2, 3])] {
            assert_eq!(layout.as_torch(counted(&shape)), None);
        }
        for layout in [Layout::KerasDenseOfMap(2, 2), Layout::KerasDenseOfMap(0, 0)] {
            assert_eq!(layout.as_torch(counted(&[6, 4])), None);
        }
    }
}
