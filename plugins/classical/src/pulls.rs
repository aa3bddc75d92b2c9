//! How a linear model's errors pull at its weights.

use crate::training::in_line;
use genre_bench_api::wide;
use ndarray::{Array2, ArrayView2, Axis};

/// Columns next to each other: as many numbers as a register holds.
const WIDTH: usize = 8;
/// Decisions that are summed at once.
const GROUP: usize = 5;
/// Rows whose sums with a [`GROUP`] are in registers at once.
const ROWS: usize = 4;
/// Columns times [`WIDTH`] whose sums with a [`GROUP`] are.
const PAIR: usize = 2;
/// Rows that stay in a core's cache in double precision.
const FEW: usize = 4 * ROWS;

/// Numbers of a row.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Eight([f64; WIDTH]);

/// Numbers of every column and decision, a decision after the other; filled up to whole groups and pairs.
#[derive(Clone)]
pub(crate) struct ByDecision {
    numbers: Vec<Eight>,
    /// Of a decision.
    length: usize,
}

impl ByDecision {
    /// Zeros.
    pub fn new(columns: usize, decisions: usize) -> Self {
        let length = columns.div_ceil(WIDTH).next_multiple_of(PAIR);
        Self { numbers: vec![Eight::default(); decisions.next_multiple_of(GROUP) * length], length }
    }

    /// Of an array, shape `(columns, decisions)`.
    pub fn of(array: &Array2<f64>) -> Self {
        let mut all = Self::new(array.nrows(), array.ncols());
        for (of_one, column) in all.numbers.chunks_mut(all.length.max(1)).zip(array.columns()) {
            for (at, &number) in column.iter().enumerate() {
                of_one[at / WIDTH].0[at % WIDTH] = number;
            }
        }
        all
    }

    /// Adds them to an array, shape `(columns, decisions)`.
    pub fn add_to(&self, array: &mut Array2<f64>) {
        for (of_one, mut column) in self.numbers.chunks(self.length.max(1)).zip(array.columns_mut()) {
            column.iter_mut().enumerate().for_each(|(at, sum)| *sum += of_one[at / WIDTH].0[at % WIDTH]);
        }
    }

    /// Adds `Xᵀ · (targets - X · weights)`, where `X` are these rows less the means.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    pub unsafe fn add_pulls(
        &mut self,
        rows: ArrayView2<f32>,
        means: &[f64],
        targets: ArrayView2<f64>,
        weights: &Self,
    ) {
        let length = self.length;
        let mut centred = vec![Eight::default(); FEW * length];
        for (rows, targets) in rows.axis_chunks_iter(Axis(0), FEW).zip(targets.axis_chunks_iter(Axis(0), FEW))
        {
            if rows.nrows() < FEW {
                centred.fill(Eight::default());
            }
            for (row, to) in rows.rows().into_iter().zip(centred.chunks_mut(length)) {
                let row = in_line(&row);
                wide(
                    #[inline(always)]
                    || {
                        for ((values, means), to) in row.chunks(WIDTH).zip(means.chunks(WIDTH)).zip(to) {
                            for ((to, &value), mean) in to.0.iter_mut().zip(values).zip(means) {
                                *to = f64::from(value) - mean;
                            }
                        }
                    },
                );
            }
            let groups = self.numbers.chunks_mut(GROUP * length).zip(weights.numbers.chunks(GROUP * length));
            for ((sums, weights), targets) in groups.zip(targets.axis_chunks_iter(Axis(1), GROUP)) {
                let mut errors = [[0.0; GROUP]; FEW];
                for (errors, targets) in errors.iter_mut().zip(targets.rows()) {
                    errors.iter_mut().zip(targets).for_each(|(error, &target)| *error = target);
                }
                // SAFETY: so it was promised.
                unsafe {
                    subtract_products(&centred, weights, &mut errors);
                    add_products(&centred, &errors, sums);
                }
            }
        }
    }
}

/// Takes the products of rows with the weights of a group from their errors.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn subtract_products(rows: &[Eight], weights: &[Eight], errors: &mut [[f64; GROUP]; FEW]) {
    use std::arch::x86_64::{_mm512_fmadd_pd, _mm512_loadu_pd, _mm512_reduce_add_pd, _mm512_setzero_pd};
    let length = weights.len() / GROUP;
    // SAFETY: all that is loaded are eight numbers.
    let load = |values: &Eight| unsafe { _mm512_loadu_pd(values.0.as_ptr()) };
    let weights: [&[Eight]; GROUP] = std::array::from_fn(|at| &weights[at * length..][..length]);
    for (rows, errors) in rows.chunks_exact(ROWS * length).zip(errors.as_chunks_mut::<ROWS>().0) {
        let rows: [&[Eight]; ROWS] = std::array::from_fn(|at| &rows[at * length..][..length]);
        let mut sums = [[_mm512_setzero_pd(); GROUP]; ROWS];
        for at in 0..length {
            let weights = weights.map(|weights| load(&weights[at]));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let row = load(&row[at]);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_fmadd_pd(row, weights, *sum);
                }
            }
        }
        for (error, sum) in errors.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *error -= _mm512_reduce_add_pd(*sum);
        }
    }
}

/// Adds the products of rows' columns with the errors of a group.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn add_products(rows: &[Eight], errors: &[[f64; GROUP]; FEW], sums: &mut [Eight]) {
    use std::arch::x86_64::{_mm512_fmadd_pd, _mm512_loadu_pd, _mm512_set1_pd, _mm512_storeu_pd};
    let length = sums.len() / GROUP;
    // SAFETY: all that is loaded and stored are eight numbers.
    let load = |values: &Eight| unsafe { _mm512_loadu_pd(values.0.as_ptr()) };
    for first in (0..length).step_by(PAIR) {
        let place = |decision: usize, at: usize| decision * length + first + at;
        let mut pulls: [[_; PAIR]; GROUP] =
            std::array::from_fn(|decision| std::array::from_fn(|at| load(&sums[place(decision, at)])));
        for (row, errors) in rows.chunks_exact(length).zip(errors) {
            let row: [_; PAIR] = std::array::from_fn(|at| load(&row[first + at]));
            for (pulls, &error) in pulls.iter_mut().zip(errors) {
                for (pull, row) in pulls.iter_mut().zip(row) {
                    *pull = _mm512_fmadd_pd(_mm512_set1_pd(error), row, *pull);
                }
            }
        }
        for (decision, pulls) in pulls.iter().enumerate() {
            for (at, pull) in pulls.iter().enumerate() {
                // SAFETY: as above.
                unsafe { _mm512_storeu_pd(sums[place(decision, at)].0.as_mut_ptr(), *pull) };
            }
        }
    }
}

/// Never called.
///
/// # Safety
///
/// None.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn subtract_products(_: &[Eight], _: &[Eight], _: &mut [[f64; GROUP]; FEW]) {}

/// Never called.
///
/// # Safety
///
/// None.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn add_products(_: &[Eight], _: &[[f64; GROUP]; FEW], _: &mut [Eight]) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rough_gram::has_rough_gram;
    use genre_bench_api::random_stream;
    use ndarray::Array1;
    use rand::Rng;

    #[test]
    fn they_are_products_of_matrices() {
        if !has_rough_gram() {
            return;
        }
        let mut rng = random_stream(0, "pulls");
        for (rows, columns, decisions) in [(1, 1, 1), (FEW, 16, 5), (3 * FEW + 2, 35, 7), (50, 300, 10)] {
            let mut draw = |shape| Array2::from_shape_fn(shape, |_| rng.gen_range(-1.0..1.0_f64));
            let table = draw((rows, columns)).mapv(|value| value as f32);
            let (targets, weights) = (draw((rows, decisions)), draw((columns, decisions)));
            let means = Array1::from_elem(columns, 0.25);
            let centred = table.mapv(f64::from) - &means;
            let before = draw((columns, decisions));
            let expected = &before + &centred.t().dot(&(&targets - &centred.dot(&weights)));
            let mut pulls = ByDecision::new(columns, decisions);
            // SAFETY: the processor has AVX-512.
            unsafe {
                pulls.add_pulls(table.view(), &means.to_vec(), targets.view(), &ByDecision::of(&weights));
            }
            let mut found = before;
            pulls.add_to(&mut found);
            let close = (found - expected).iter().all(|off| off.abs() < 1e-10);
            assert!(close, "{rows} x {columns}, {decisions} decisions");
        }
    }
}
