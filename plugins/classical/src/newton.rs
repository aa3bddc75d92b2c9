//! Minimisation of smooth convex functions.

use genre_bench_api::Result;
use ndarray::{Array1, Array2, Axis, azip};

/// A smooth convex function of a matrix.
pub(crate) trait Convex {
    /// What [`Convex::curvature`] needs to know of a point.
    type Local;

    /// Whether it is a sum of functions of one column each. Then conjugate gradients take steps of
    /// their own for every column, and fewer of them.
    const COLUMNS_APART: bool;

    /// Value, gradient and local knowledge at a point.
    ///
    /// # Errors
    ///
    /// As the others too: what asks it to stop, or too little memory.
    fn at(&self, point: &Array2<f64>) -> Result<Point<Self::Local>>;

    /// The Hessian at a point times a direction.
    fn curvature(&self, local: &Self::Local, direction: &Array2<f64>) -> Result<Array2<f64>>;

    /// The inverse of a symmetric positive definite matrix times a gradient: the preconditioner. The
    /// more that matrix is like the Hessian the fewer steps are needed.
    fn roughly_inverse(&self, gradient: &Array2<f64>) -> Result<Array2<f64>>;
}

/// A convex function seen from one point.
pub(crate) struct Point<L> {
    pub value: f64,
    pub gradient: Array2<f64>,
    pub local: L,
}

/// Most Newton steps; a well-posed problem takes about ten.
const MOST_STEPS: usize = 200;
/// Most conjugate-gradient steps for one Newton step.
const MOST_INNER_STEPS: usize = 1000;
/// Most halvings of a Newton step before the minimum counts as found to machine precision.
const MOST_HALVINGS: usize = 40;
/// The share of the linear prediction that a step must at least gain (Armijo's condition).
const LEAST_GAIN: f64 = 1e-4;

/// The minimum from `start`, to where the gradient's Euclidean norm is at most `tolerance`.
///
/// Line-search Newton–CG: J. Nocedal and S. Wright, "Numerical Optimization", 2nd edition,
/// Springer, 2006, algorithm 7.1.
///
/// # Errors
///
/// Those of the function.
pub(crate) fn minimise<C: Convex>(function: &C, start: Array2<f64>, tolerance: f64) -> Result<Array2<f64>> {
    let mut at = start;
    let mut here = function.at(&at)?;
    let first_norm = norm(&here.gradient);
    for _ in 0..MOST_STEPS {
        let size = norm(&here.gradient);
        if size <= tolerance {
            break;
        }
        // Roughly far from the minimum, ever more exactly near it: converges superlinearly.
        let direction = newton_direction(
            function,
            &here,
            ((size / first_norm).sqrt().min(0.2) * size).max(0.5 * tolerance),
        )?;
        match line_search(function, &at, &here, &direction)? {
            Some((next, there)) => (at, here) = (next, there),
            None => break,
        }
    }
    Ok(at)
}

/// Solves `Hessian · direction = -gradient` by preconditioned conjugate gradients until the
/// residual's norm is at most `tolerance`.
fn newton_direction<C: Convex>(function: &C, here: &Point<C::Local>, tolerance: f64) -> Result<Array2<f64>> {
    let products = |a: &Array2<f64>, b: &Array2<f64>| {
        let products = (a * b).sum_axis(Axis(0));
        if C::COLUMNS_APART { products } else { Array1::from_elem(products.len(), products.sum()) }
    };
    let mut direction = Array2::zeros(here.gradient.raw_dim());
    let mut residual = -&here.gradient;
    let mut conjugate = function.roughly_inverse(&residual)?;
    let mut square = products(&residual, &conjugate);
    for _ in 0..MOST_INNER_STEPS {
        if norm(&residual) <= tolerance {
            break;
        }
        let curved = function.curvature(&here.local, &conjugate)?;
        // No further where it is flat to machine precision. The first direction is downhill in any case.
        let flat = products(&conjugate, &conjugate) * f64::EPSILON;
        let mut length = square.clone();
        azip!((length in &mut length, &curvature in &products(&conjugate, &curved), &flat in &flat) {
            *length = if curvature > flat { *length / curvature } else { 0.0 };
        });
        if length.iter().all(|&length| length == 0.0) {
            break;
        }
        direction += &(&conjugate * &length);
        residual -= &(curved * &length);
        let preconditioned = function.roughly_inverse(&residual)?;
        let next_square = products(&residual, &preconditioned);
        square.zip_mut_with(&next_square, |square, &next| {
            *square = if *square > 0.0 { next / *square } else { 0.0 }
        });
        conjugate *= &square;
        conjugate += &preconditioned;
        square = next_square;
    }
    Ok(direction)
}

/// Where a step leads, and the function seen from there.
type Step<C> = (Array2<f64>, Point<<C as Convex>::Local>);

/// Halves the step until it gains enough; none if no step does.
fn line_search<C: Convex>(
    function: &C,
    at: &Array2<f64>,
    here: &Point<C::Local>,
    direction: &Array2<f64>,
) -> Result<Option<Step<C>>> {
    let slope = dot(&here.gradient, direction);
    for length in (0..MOST_HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32)) {
        let mut next = at.clone();
        next.scaled_add(length, direction);
        let there = function.at(&next)?;
        if there.value <= here.value + LEAST_GAIN * length * slope {
            return Ok(Some((next, there)));
        }
    }
    Ok(None)
}

fn norm(a: &Array2<f64>) -> f64 {
    dot(a, a).sqrt()
}

fn dot(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
