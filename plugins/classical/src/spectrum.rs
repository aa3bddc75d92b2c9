//! Eigenvalues of symmetric matrices, and functions of such matrices.

use crate::product::GoOn;
use genre_bench_api::{Error, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayViewMut2, Axis, azip, s};

/// Columns of what is rotated that a thread takes at once.
const SLICE: usize = 64;
/// Numbers of a matrix that a thread takes at once.
const GRAIN: usize = 1 << 15;
/// Most sweeps for one eigenvalue; two are usual.
const MOST_SWEEPS: usize = 60;

/// A symmetric matrix as `Q·T·Qᵀ = V·Λ·Vᵀ`.
///
/// Householder's reduction to a tridiagonal `T`, and of that to the diagonal `Λ` by implicit QL. The eigenvectors `V` are
/// not made, only kept as the reflections and rotations that they come from: for a function of the matrix times a
/// few vectors that is much less work.
///
/// Written here because smartcore's takes minutes for a thousand rows, and cannot be stopped.
///
/// Reference: G. Golub and C. Van Loan, "Matrix Computations", 4th edition, Johns Hopkins University Press, 2013,
/// sections 8.3.1 and 8.3.3.
pub(crate) struct Spectrum {
    /// The eigenvalues, in no order.
    values: Vec<f64>,
    /// Right of the diagonal of row `k`: the vector of the `k`-th reflection, its square being 2.
    reflections: Array2<f64>,
    /// Cosine and sine of all rotations.
    rotations: Vec<(f64, f64)>,
    /// Where rotations begin that turn neighbours, the last pair first, and the first of that pair.
    sweeps: Vec<(usize, usize)>,
}

impl Spectrum {
    /// Of a symmetric matrix.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns, a matrix with numbers that are not finite, and too little memory.
    pub fn of(mut matrix: Array2<f64>, go_on: GoOn) -> Result<Self> {
        let (diagonal, beside) = tridiagonal(&mut matrix, go_on)?;
        let mut spectrum =
            Self { values: diagonal, reflections: matrix, rotations: Vec::new(), sweeps: Vec::new() };
        spectrum.diagonalise(beside, go_on)?;
        Ok(spectrum)
    }

    /// `V·f(Λ)·Vᵀ·vectors`: a function of the matrix times vectors, shape `(rows, vectors)`.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn apply(&self, f: impl Fn(f64) -> f64 + Sync, vectors: &mut Array2<f64>, go_on: GoOn) -> Result<()> {
        vectors.axis_chunks_iter_mut(Axis(1), SLICE).into_par_iter().try_for_each(|mut vectors| {
            for reflection in 0..self.values.len() {
                go_on_every(64, reflection, go_on)?;
                self.reflect(reflection, &mut vectors);
            }
            for (at, &(first, last)) in self.sweeps.iter().enumerate() {
                go_on_every(16, at, go_on)?;
                let end = self.sweeps.get(at + 1).map_or(self.rotations.len(), |next| next.0);
                for (step, &(cosine, sine)) in self.rotations[first..end].iter().enumerate() {
                    rotate(last - step, cosine, -sine, &mut vectors);
                }
            }
            for (mut row, &value) in vectors.rows_mut().into_iter().zip(&self.values) {
                row *= f(value);
            }
            let mut end = self.rotations.len();
            for (at, &(first, last)) in self.sweeps.iter().enumerate().rev() {
                go_on_every(16, at, go_on)?;
                for (step, &(cosine, sine)) in self.rotations[first..end].iter().enumerate().rev() {
                    rotate(last - step, cosine, sine, &mut vectors);
                }
                end = first;
            }
            for reflection in (0..self.values.len()).rev() {
                go_on_every(64, reflection, go_on)?;
                self.reflect(reflection, &mut vectors);
            }
            Ok(())
        })
    }

    fn reflect(&self, number: usize, vectors: &mut ArrayViewMut2<f64>) {
        let mirror = self.reflections.slice(s![number, number + 1..]);
        let mut vectors = vectors.slice_mut(s![number + 1.., ..]);
        let products = mirror.dot(&vectors);
        for (mut row, &by) in vectors.rows_mut().into_iter().zip(mirror) {
            row.scaled_add(-by, &products);
        }
    }

    /// Brings the tridiagonal matrix with these numbers `beside` its diagonal to diagonal form.
    fn diagonalise(&mut self, mut beside: Vec<f64>, go_on: GoOn) -> Result<()> {
        let values = &mut self.values;
        let size = values.len();
        let norm = values.iter().chain(&beside).fold(0.0_f64, |most, value| most.max(value.abs()));
        if !norm.is_finite() {
            return Err(Error::failed("the covariance is not finite"));
        }
        let negligible = f64::EPSILON * norm;
        for first in 0..size {
            for sweep in 0.. {
                let last = (first..size)
                    .find(|&at| at + 1 == size || beside[at].abs() <= negligible)
                    .unwrap_or(first);
                if last == first {
                    break;
                }
                go_on()?;
                if sweep == MOST_SWEEPS {
                    return Err(Error::failed("the eigenvalues of the covariance do not converge"));
                }
                self.rotations
                    .try_reserve(last - first)
                    .map_err(|_| Error::failed("not enough memory for eigenvectors"))?;
                self.sweeps.push((self.rotations.len(), last - 1));
                // Wilkinson's shift.
                let slope = (values[first + 1] - values[first]) / (2.0 * beside[first]);
                let root = slope.hypot(1.0).copysign(slope);
                let mut bulge = values[last] - values[first] + beside[first] / (slope + root);
                let (mut cosine, mut sine, mut shift) = (1.0, 1.0, 0.0);
                let mut broke = false;
                for at in (first..last).rev() {
                    let (across, along) = (sine * beside[at], cosine * beside[at]);
                    let length = across.hypot(bulge);
                    beside[at + 1] = length;
                    if length == 0.0 {
                        values[at + 1] -= shift;
                        beside[last] = 0.0;
                        broke = true;
                        break;
                    }
                    (sine, cosine) = (across / length, bulge / length);
                    let moved = values[at + 1] - shift;
                    let twist = (values[at] - moved) * sine + 2.0 * cosine * along;
                    shift = sine * twist;
                    values[at + 1] = moved + shift;
                    bulge = cosine * twist - along;
                    self.rotations.push((cosine, sine));
                }
                if !broke {
                    values[first] -= shift;
                    beside[first] = bulge;
                    beside[last] = 0.0;
                }
            }
        }
        Ok(())
    }
}

fn go_on_every(steps: usize, step: usize, go_on: GoOn) -> Result<()> {
    if step.is_multiple_of(steps) { go_on() } else { Ok(()) }
}

/// Turns the rows `first` and the one after it.
fn rotate(first: usize, cosine: f64, sine: f64, vectors: &mut ArrayViewMut2<f64>) {
    let (a, b) = vectors.multi_slice_mut((s![first, ..], s![first + 1, ..]));
    azip!((a in a, b in b) (*a, *b) = (cosine * *a + sine * *b, cosine * *b - sine * *a));
}

/// Reduces a symmetric matrix to a tridiagonal one, whose diagonal and numbers beside it (the last is 0) are returned.
/// The matrix becomes [`Spectrum::reflections`].
fn tridiagonal(matrix: &mut Array2<f64>, go_on: GoOn) -> Result<(Vec<f64>, Vec<f64>)> {
    let size = matrix.nrows();
    let (mut diagonal, mut beside) = (vec![0.0; size], vec![0.0; size]);
    // What is still to be taken from the rest of the matrix: v·wᵀ + w·vᵀ.
    let (mut v, mut w) = (Array1::<f64>::zeros(size), Array1::<f64>::zeros(size));
    for step in 0..size {
        go_on()?;
        let (mut own, mut rest) = matrix.multi_slice_mut((s![step, step..], s![step + 1.., step + 1..]));
        own.scaled_add(-v[step], &w.slice(s![step..]));
        own.scaled_add(-w[step], &v.slice(s![step..]));
        diagonal[step] = own[0];
        if step + 1 == size {
            break;
        }
        let mut mirror = own.slice_mut(s![1..]);
        beside[step] = to_reflection(mirror.view_mut().as_slice_mut().unwrap_or_default());
        let mirror = mirror.view();
        let mut products = Array1::<f64>::zeros(size - step - 1);
        let (v_rest, w_rest) = (v.slice(s![step + 1..]), w.slice(s![step + 1..]));
        (rest.axis_iter_mut(Axis(0)).into_par_iter())
            .zip(products.axis_iter_mut(Axis(0)))
            .zip(v_rest.axis_iter(Axis(0)).into_par_iter().zip(w_rest.axis_iter(Axis(0))))
            .with_min_len(GRAIN / mirror.len() + 1)
            .for_each(|((mut row, mut product), (v, w))| {
                let (v, w) = (*v.into_scalar(), *w.into_scalar());
                azip!((row in &mut row, &v_rest in &v_rest, &w_rest in &w_rest) {
                    *row -= v * w_rest + w * v_rest;
                });
                product.fill(row.dot(&mirror));
            });
        let half = 0.5 * products.dot(&mirror);
        products.scaled_add(-half, &mirror);
        v.slice_mut(s![step + 1..]).assign(&mirror);
        w.slice_mut(s![step + 1..]).assign(&products);
    }
    Ok((diagonal, beside))
}

/// Replaces a vector by that of the reflection that leaves nothing of it but its first component, its square being 2
/// (or 0 where nothing has to be reflected), and returns that component.
fn to_reflection(vector: &mut [f64]) -> f64 {
    let most = vector.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if vector[1..].iter().all(|&value| value == 0.0) || !most.is_finite() {
        let first = vector[0];
        vector.fill(0.0);
        return first;
    }
    vector.iter_mut().for_each(|value| *value /= most);
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    let component = -norm.copysign(vector[0]);
    vector[0] -= component;
    // The square of the vector is 2 · norm · |first component|.
    let scale = (norm * vector[0].abs()).sqrt().recip();
    vector.iter_mut().for_each(|value| *value *= scale);
    component * most
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use genre_bench_api::random_stream;
    use ndarray::{array, concatenate};
    use rand::Rng;

    const ON: GoOn = &|| Ok(());

    fn worst(off: Array2<f64>) -> f64 {
        off.fold(0.0, |most, off| most.max(off.abs()))
    }

    #[test]
    fn the_values_of_a_known_matrix() {
        let mut values =
            Spectrum::of(array![[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]], ON).unwrap().values;
        values.sort_by(f64::total_cmp);
        let root = 2.0_f64.sqrt();
        assert!(
            values.iter().zip([2.0 - root, 2.0, 2.0 + root]).all(|(a, b)| (a - b).abs() < 1e-14),
            "{values:?}"
        );
    }

    /// Functions of which the result is known: the matrix itself, its square, and 1.
    #[test]
    fn functions_of_matrices() {
        let mut rng = random_stream(0, "spectrum");
        let full = Array2::from_shape_fn((90, 120), |_| rng.gen_range(-1.0..1.0));
        let half = concatenate![Axis(0), full, full];
        let cases = [
            full.dot(&full.t()),
            half.dot(&half.t()), // half the eigenvalues are 0
            Array2::zeros((40, 40)),
            Array2::from_diag(&Array1::linspace(-1.0, 1.0, 50)),
            array![[3.0]],
        ];
        for matrix in cases {
            let size = matrix.nrows();
            let spectrum = Spectrum::of(matrix.clone(), ON).unwrap();
            for (f, expected) in [
                ((|_| 1.0) as fn(f64) -> f64, Array2::eye(size)),
                (|value| value, matrix.clone()),
                (|value| value * value, matrix.dot(&matrix)),
            ] {
                let mut vectors = Array2::eye(size);
                spectrum.apply(f, &mut vectors, ON).unwrap();
                let scale = worst(expected.clone()).max(1.0);
                assert!(worst(vectors - expected) < 1e-12 * scale, "{size} rows");
            }
        }
    }

    #[test]
    fn a_stop_is_heard() {
        let stopped = || Err(Error::Cancelled);
        assert!(matches!(Spectrum::of(Array2::eye(5), &stopped), Err(Error::Cancelled)));
        let spectrum = Spectrum::of(Array2::eye(5), ON).unwrap();
        assert!(matches!(spectrum.apply(|v| v, &mut Array2::eye(5), &stopped), Err(Error::Cancelled)));
    }
}
