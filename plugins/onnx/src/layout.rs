//! From a window to the graph's input, and from its output to an embedding.

use crate::settings::{Axis, GraphSettings};
use ndarray::{ArrayD, ArrayViewD, Axis as Along};

/// Where the axes of a window stand in the input of a graph.
pub(crate) struct Layout {
    /// For each axis of the input the one of the window; none where its length is 1.
    from: Vec<Option<usize>>,
    /// Names of the axes, for messages.
    names: Vec<Axis>,
    average: Vec<usize>,
}

impl Layout {
    /// For windows of these axes, as [`Settings`](crate::settings::Settings) checked it.
    pub(crate) fn new(graph: &GraphSettings, window: &[Axis]) -> Self {
        let from = graph.layout.iter().map(|axis| window.iter().position(|other| other == axis)).collect();
        let mut average = graph.average.clone();
        average.sort_unstable();
        average.dedup();
        Self { from, names: graph.layout.clone(), average }
    }

    /// Lengths of the input's axes, for a window of this shape.
    pub(crate) fn shape(&self, window: &[usize]) -> Vec<usize> {
        self.from.iter().map(|from| from.map_or(1, |axis| window[axis])).collect()
    }

    /// The numbers of a window in the order of the input.
    pub(crate) fn arrange(&self, window: ArrayViewD<f32>) -> Vec<f32> {
        let order: Vec<usize> = self.from.iter().flatten().copied().collect();
        window.permuted_axes(order).iter().copied().collect()
    }

    /// Whether an input of these declared lengths (none where a file leaves it open) takes what the layout makes.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence whose subject is the input.
    pub(crate) fn fits(&self, declared: &[Option<usize>], shape: &[usize]) -> Result<(), String> {
        let open = |length: &Option<usize>| length.map_or("?".to_owned(), |length| length.to_string());
        let declared_text = || declared.iter().map(open).collect::<Vec<_>>().join("×");
        let made = || {
            let axis = |(name, length): (&Axis, &usize)| format!("{length} {name}");
            self.names.iter().zip(shape).map(axis).collect::<Vec<_>>().join(" × ")
        };
        let is_right = declared.len() == shape.len()
            && declared
                .iter()
                .zip(shape)
                .all(|(declared, length)| declared.is_none_or(|declared| declared == *length));
        if is_right {
            return Ok(());
        }
        let fixed_batch = declared.len() == shape.len()
            && self
                .names
                .iter()
                .zip(declared)
                .any(|(name, length)| *name == Axis::Batch && length.is_some_and(|length| length != 1));
        let hint = match fixed_batch {
            true => "export it with a batch of 1, or of any size (`dynamic_axes`, `dynamic_shapes`)",
            false => "change graph.layout, or the lengths that it comes from",
        };
        Err(format!("is of shape {}, but graph.layout makes {}: {hint}", declared_text(), made()))
    }

    /// The embedding in an output: the mean over some axes, and what is left in its order.
    ///
    /// # Errors
    ///
    /// It has not these axes.
    pub(crate) fn embedding(&self, mut output: ArrayD<f32>) -> Result<Vec<f32>, String> {
        let rank = output.ndim();
        // From the last one on, so that the others keep their places.
        for &axis in self.average.iter().rev() {
            let length = *output.shape().get(axis).ok_or_else(|| {
                format!("graph.average names axis {axis}, but the output has {rank}; the first is 0")
            })?;
            if length == 0 {
                return Err(format!("axis {axis} of the output, which graph.average names, has no element"));
            }
            // Long sums of f32 would lose digits.
            output =
                output.mapv(f64::from).mean_axis(Along(axis)).map_or(output, |mean| mean.mapv(|x| x as f32));
        }
        Ok(output.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use Axis::{Bands, Batch, Channels, Columns, Frames, Rows};
    use ndarray::Array;

    fn layout(axes: &[Axis], window: &[Axis], average: &[usize]) -> Layout {
        let graph =
            GraphSettings { input: None, layout: axes.to_vec(), output: None, average: average.to_vec() };
        Layout::new(&graph, window)
    }

    #[test]
    fn axes_go_where_the_graph_wants_them() {
        let window =
            Array::from_iter((0..6).map(|x| x as f32)).into_shape_with_order((2, 3)).unwrap().into_dyn();
        let time_first = layout(&[Batch, Frames, Bands, Channels], &[Bands, Frames], &[]);
        assert_eq!(time_first.shape(&[2, 3]), [1, 3, 2, 1]);
        assert_eq!(time_first.arrange(window.view()), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let bands_first = layout(&[Bands, Frames], &[Bands, Frames], &[]);
        assert_eq!(bands_first.arrange(window.view()), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let channels_last = layout(&[Batch, Rows, Columns, Channels], &[Channels, Rows, Columns], &[]);
        assert_eq!(channels_last.shape(&[3, 8, 9]), [1, 8, 9, 3]);
    }

    #[test]
    fn what_the_graph_declares_decides() {
        let layout = layout(&[Batch, Frames, Bands], &[Bands, Frames], &[]);
        assert_eq!(layout.fits(&[None, Some(3), Some(2)], &[1, 3, 2]), Ok(()));
        let why = layout.fits(&[None, Some(2), Some(3)], &[1, 3, 2]).unwrap_err();
        assert!(
            why.starts_with("is of shape ?×2×3, but graph.layout makes 1 batch × 3 frames × 2 bands"),
            "{why}"
        );
        let why = layout.fits(&[Some(8), Some(3), Some(2)], &[1, 3, 2]).unwrap_err();
        assert!(why.contains("batch of 1"), "{why}");
        assert!(layout.fits(&[Some(3), Some(2)], &[1, 3, 2]).is_err());
    }

    #[test]
    fn axes_are_averaged() {
        let output = || {
            Array::from_iter((0..12).map(|x| x as f32))
                .into_shape_with_order((1, 2, 3, 2))
                .unwrap()
                .into_dyn()
        };
        let over = |average: &[usize]| {
            layout(&[Batch, Frames, Bands], &[Bands, Frames], average).embedding(output())
        };
        assert_eq!(over(&[2]).unwrap(), [2.0, 3.0, 8.0, 9.0]);
        assert_eq!(over(&[2, 1, 2]).unwrap(), [5.0, 6.0]);
        assert_eq!(over(&[]).unwrap().len(), 12);
        assert!(over(&[4]).unwrap_err().contains("axis 4"));
    }
}
