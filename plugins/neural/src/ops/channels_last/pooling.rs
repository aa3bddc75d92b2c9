use crate::geometry::Window;
use crate::ops::cpu::{Unwritten, values, wide, zeroed};
use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

/// What is made of the numbers in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    /// The largest.
    Maximum,
    /// The mean, in which what is padded counts as zeros or not at all.
    Mean { count_padding: bool },
}

/// Every place of a window over `(batch, rows, columns, channels)`, channel by channel.
pub(crate) fn pool(batch: &Tensor, window: Window, pool: Pool) -> Result<Tensor> {
    let (examples, height, width, channels) = batch.dims4()?;
    let (rows, columns) = window.axes((height, width))?;
    let numbers = values(batch)?;
    let mut output = Unwritten::new(examples * rows.output * columns.output * channels);
    let all = (rows.kernel * columns.kernel) as f32;
    output.all().par_chunks_exact_mut(columns.output * channels).enumerate().for_each(|(line, output)| {
        let output = zeroed(output);
        let (example, row) = (line / rows.output, line % rows.output);
        let seen_rows: Vec<usize> =
            (0..rows.kernel).filter(|tap| rows.outputs(*tap).contains(&row)).collect();
        for (column, output) in output.chunks_exact_mut(channels).enumerate() {
            if pool == Pool::Maximum {
                output.fill(f32::NEG_INFINITY);
            }
            let mut count = 0;
            for tap in &seen_rows {
                let start = (example * height + rows.position(row, *tap)) * width;
                for tap in (0..columns.kernel).filter(|tap| columns.outputs(*tap).contains(&column)) {
                    let seen = &numbers[(start + columns.position(column, tap)) * channels..][..channels];
                    count += 1;
                    wide(
                        #[inline(always)]
                        |_| match pool {
                            Pool::Maximum => output.iter_mut().zip(seen).for_each(|(most, number)| {
                                // What is not a number counts as larger than all.
                                *most = if *number > *most || number.is_nan() { *number } else { *most };
                            }),
                            Pool::Mean { .. } => {
                                output.iter_mut().zip(seen).for_each(|(sum, number)| *sum += number)
                            }
                        },
                    );
                }
            }
            if let Pool::Mean { count_padding } = pool {
                let count = if count_padding { all } else { count as f32 };
                output.iter_mut().for_each(|sum| *sum /= count);
            }
        }
    });
    drop(numbers);
    // SAFETY: every row was zeros first.
    let output = unsafe { output.written() };
    Tensor::from_vec(output, (examples, rows.output, columns.output, channels), &Device::Cpu)
}
