//! Least squares with an L2 penalty.

use crate::cholesky::Solver;
use crate::product::{GoOn, gram, product};
use crate::pulls::ByDecision;
use crate::rough_gram::{has_rough_gram, rough_gram};
use crate::training::in_line;
use genre_bench_api::{Result, try_zeros, wide};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Columns from which on a solution in single precision, made better, takes less than one in double precision.
const MANY: usize = 256;
/// Rows whose derivatives are added up by one thread, so that sums do not depend on the number of threads.
const BLOCK: usize = 256;
/// How far off weights may be where a better solution would be as near to them, as a share.
const TOLERANCE: f64 = 1e-10;
/// Each solution of what is left over must leave less than this part of it, or else there is none in single precision.
const SLOWEST: f64 = 0.1;

/// Weights, shape `(columns, decisions)`, to minimise `|targets - (table - means) · weights|² + alpha · |weights|²`.
pub(crate) struct LeastSquares<'a> {
    /// Shape `(rows, columns)`.
    pub table: ArrayView2<'a, f32>,
    /// Of the table's columns.
    pub means: Vec<f64>,
    /// Shape `(rows, decisions)`, each column's mean 0.
    pub targets: Array2<f64>,
    pub alpha: f64,
    pub go_on: GoOn<'a>,
}

/// The mean of every column.
pub(crate) fn means(table: ArrayView2<f32>) -> Vec<f64> {
    let sums: Vec<Vec<f64>> = (table.axis_chunks_iter(Axis(0), BLOCK).into_par_iter())
        .map(|rows| {
            let mut sums = vec![0.0; rows.ncols()];
            for row in rows.rows() {
                let row = in_line(&row);
                wide(
                    #[inline(always)]
                    || sums.iter_mut().zip(&*row).for_each(|(sum, &value)| *sum += f64::from(value)),
                );
            }
            sums
        })
        .collect();
    let mean = |column: usize| sums.iter().map(|sums| sums[column]).sum::<f64>() / table.nrows() as f64;
    (0..table.ncols()).map(mean).collect()
}

impl LeastSquares<'_> {
    /// # Errors
    ///
    /// Whatever `go_on` returns, and what does not fit into memory.
    pub fn solve(&self) -> Result<Array2<f64>> {
        let (rows, columns) = self.table.dim();
        let is_worth_it = columns >= MANY && columns <= rows && has_rough_gram();
        match if is_worth_it { self.solve_by_refinement()? } else { None } {
            Some(weights) => Ok(weights),
            None => self.solve_at_once(),
        }
    }

    /// One factorisation in double precision serves all decisions: of the columns' products, or, where there are more columns than rows, of
    /// the rows', which give the same weights.
    fn solve_at_once(&self) -> Result<Array2<f64>> {
        let mut table = try_zeros(self.table.dim(), "the table in double precision")?;
        table.zip_mut_with(&self.table, |to: &mut f64, &value| *to = f64::from(value));
        table -= &ArrayView1::from(&self.means);
        let solve = |mut products: Array2<f64>, sides: Array2<f64>| {
            products.diag_mut().mapv_inplace(|value| value + self.alpha);
            Ok(Solver::new(products, self.go_on)?.solve(sides))
        };
        if table.ncols() <= table.nrows() {
            solve(gram(table.t(), self.go_on)?, product(table.t(), self.targets.view(), self.go_on)?)
        } else {
            let shares: Array2<f64> = solve(gram(table.view(), self.go_on)?, self.targets.clone())?;
            product(table.t(), shares.view(), self.go_on)
        }
    }

    /// From the columns' products in single precision, the same solution: what it leaves over is computed in double precision, from the
    /// table, and solved for in the same way, until that changes nothing. None where it does not come to that, because weights depend too
    /// much on roundings.
    ///
    /// N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM, 2002, chapter 12.
    fn solve_by_refinement(&self) -> Result<Option<Array2<f64>>> {
        let mut products = rough_gram(self.table, &self.means, self.go_on)?;
        products.diag_mut().mapv_inplace(|value| value + self.alpha);
        let solver = Solver::new(products, self.go_on)?;
        let norm = |weights: &Array2<f64>| weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let start = Array2::zeros((self.means.len(), self.targets.ncols()));
        let mut weights = solver.solve(self.left_over(&start)?);
        let mut before = norm(&weights);
        loop {
            let change = solver.solve(self.left_over(&weights)?);
            weights += &change;
            let change = norm(&change);
            if change * change <= TOLERANCE * norm(&weights) * before {
                return Ok(Some(weights));
            }
            if change.is_nan() || change >= SLOWEST * before {
                return Ok(None);
            }
            before = change;
        }
    }

    /// What is missing to the solution's equations: half the derivative of what is minimised by the weights, negative.
    fn left_over(&self, weights: &Array2<f64>) -> Result<Array2<f64>> {
        let (columns, decisions) = weights.dim();
        let by_decision = ByDecision::of(weights);
        let parts: Vec<ByDecision> = (self.table.axis_chunks_iter(Axis(0), BLOCK).into_par_iter())
            .zip(self.targets.axis_chunks_iter(Axis(0), BLOCK))
            .map(|(rows, targets)| {
                (self.go_on)()?;
                let mut pulls = ByDecision::new(columns, decisions);
                // SAFETY: the processor has AVX-512, or else there is no refinement.
                unsafe { pulls.add_pulls(rows, &self.means, targets, &by_decision) };
                Ok(pulls)
            })
            .collect::<Result<_>>()?;
        let mut sum = weights * -self.alpha;
        parts.iter().for_each(|pulls| pulls.add_to(&mut sum));
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use genre_bench_api::random_stream;
    use rand::Rng;

    /// Solves for random targets of a table by refinement and at once, and says by what share the solutions differ.
    fn difference(table: &Array2<f32>, alpha: f64) -> Option<f64> {
        let mut rng = random_stream(0, "targets");
        let mut targets = Array2::from_shape_fn((table.nrows(), 7), |_| rng.gen_range(-1.0..1.0));
        targets -= &targets.mean_axis(Axis(0)).unwrap();
        let means = means(table.view());
        let problem = LeastSquares { table: table.view(), means, targets, alpha, go_on: &|| Ok(()) };
        let (found, expected) = (problem.solve_by_refinement().unwrap()?, problem.solve_at_once().unwrap());
        let most = |array: &Array2<f64>| array.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        Some(most(&(&found - &expected)) / most(&expected))
    }

    #[test]
    fn refinement_comes_to_the_solution_in_double_precision_or_to_none() {
        if !has_rough_gram() {
            return;
        }
        let mut rng = random_stream(0, "refinement");
        let mut table = Array2::from_shape_fn((700, 300), |(_, column)| {
            rng.gen_range(-1.0..1.0_f32) * if column % 2 == 0 { 100.0 } else { 0.1 } + 3.0
        });
        assert!(difference(&table, 1.0).is_some_and(|off| off < 1e-9));
        assert!(difference(&table, 1e-9).is_some_and(|off| off < 1e-9));
        // Nearly the same column twice: by digits that products in single precision do not have.
        let mut other = table.column(10).to_owned();
        other.iter_mut().for_each(|value| *value += rng.gen_range(-1e-3..1e-3));
        table.column_mut(20).assign(&other);
        assert_eq!(difference(&table, 1e-9), None);
    }

    #[test]
    fn threads_change_nothing() {
        let mut rng = random_stream(0, "threads");
        let table = Array2::from_shape_fn((2500, MANY), |_| rng.gen_range(-1.0..1.0_f32));
        let targets = Array2::from_shape_fn((2500, 3), |_| rng.gen_range(-1.0..1.0));
        let solved = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (table, targets) = (table.view(), targets.clone());
            pool.install(|| {
                let problem =
                    LeastSquares { table, means: means(table), targets, alpha: 1.0, go_on: &|| Ok(()) };
                problem.solve().unwrap()
            })
        };
        assert_eq!(solved(1), solved(3));
    }
}
