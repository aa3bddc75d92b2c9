//! The small product that every time step needs: a few rows times a matrix that never changes.

/// Columns that are computed together: two vectors of eight.
const WIDTH: usize = 16;
/// Rows that are computed together: with [`WIDTH`] as many sums as hide the latency of an addition.
const HEIGHT: usize = 4;

/// A matrix laid out in the order in which [`Packed::multiply_add`] reads it: panels of [`WIDTH`] columns,
/// the last one filled up with zeros.
pub(super) struct Packed {
    panels: Vec<[f32; WIDTH]>,
    depth: usize,
}

impl Packed {
    /// Packs a matrix of `depth` rows, given by its elements `at(row, column)`.
    pub(super) fn new(depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let panels = (0..columns.div_ceil(WIDTH))
            .flat_map(|panel| (0..depth).map(move |row| (panel, row)))
            .map(|(panel, row)| {
                std::array::from_fn(|lane| {
                    Some(panel * WIDTH + lane).filter(|&c| c < columns).map_or(0.0, |c| at(row, c))
                })
            })
            .collect();
        Self { panels, depth }
    }

    /// The length of a row of the result: the columns and their padding.
    pub(super) fn width(columns: usize) -> usize {
        columns.next_multiple_of(WIDTH)
    }

    /// `out += rows · matrix`, where row `r` begins at `rows[r * stride]` and `out` has rows of
    /// [`Packed::width`].
    #[inline(always)]
    pub(super) fn multiply_add(&self, rows: &[f32], stride: usize, out: &mut [f32]) {
        let width = self.panels.len() / self.depth * WIDTH;
        for (number, panel) in self.panels.chunks_exact(self.depth).enumerate() {
            let mut tiles = out.chunks_exact_mut(HEIGHT * width);
            let mut start = 0;
            for tile in &mut tiles {
                multiply_tile::<HEIGHT>(panel, &rows[start..], stride, &mut tile[number * WIDTH..], width);
                start += HEIGHT * stride;
            }
            for row in tiles.into_remainder().chunks_exact_mut(width) {
                multiply_tile::<1>(panel, &rows[start..], stride, &mut row[number * WIDTH..], width);
                start += stride;
            }
        }
    }
}

/// `out += rows · panel` for `R` rows and the first [`WIDTH`] columns of `out`.
#[inline(always)]
fn multiply_tile<const R: usize>(
    panel: &[[f32; WIDTH]],
    rows: &[f32],
    stride: usize,
    out: &mut [f32],
    width: usize,
) {
    let rows: [&[f32]; R] = std::array::from_fn(|r| &rows[r * stride..][..panel.len()]);
    let mut sums = [[0.0; WIDTH]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        sums.copy_from_slice(&out[r * width..][..WIDTH]);
    }
    for (k, weights) in panel.iter().enumerate() {
        for (row, sums) in rows.iter().zip(&mut sums) {
            let factor = row[k];
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = factor.mul_add(weight, *sum);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        out[r * width..][..WIDTH].copy_from_slice(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::cpu::wide;

    #[test]
    fn product_is_the_sum_of_products_at_any_size() {
        for (rows, depth, columns) in [(1, 1, 1), (4, 3, 16), (7, 5, 17), (8, 64, 40)] {
            let stride = depth + 2;
            let left: Vec<f32> = (0..rows * stride).map(|i| (i * 7 % 11) as f32 - 5.0).collect();
            let right = |k: usize, c: usize| ((k * 5 + c * 3) % 13) as f32 - 6.0;
            let width = Packed::width(columns);
            let mut out = vec![1.0; rows * width];
            let packed = Packed::new(depth, columns, right);
            wide(
                #[inline(always)]
                |_| packed.multiply_add(&left, stride, &mut out),
            );
            for (r, row) in out.chunks_exact(width).enumerate() {
                for (c, &value) in row[..columns].iter().enumerate() {
                    let exact = 1.0 + (0..depth).map(|k| left[r * stride + k] * right(k, c)).sum::<f32>();
                    assert_eq!(value, exact, "row {r}, column {c} of {rows}x{depth}x{columns}");
                }
            }
        }
    }
}
