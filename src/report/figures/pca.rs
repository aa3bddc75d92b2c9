//! The two directions in which points differ most.

use ndarray::{Array1, Array2, Axis};

/// Rounds of the power iteration at most.
const ROUNDS: usize = 1000;

/// Points on the first two principal components, shape `(points, 2)`, and the share of the variance on each, 0–1.
///
/// Columns are centred and divided by their standard deviation first. The sign of a component is such that its largest
/// weight is positive, so the same points give the same picture. By orthogonal iteration of the correlation matrix.
///
/// I. T. Jolliffe, "Principal Component Analysis", 2nd edition, 2002, chapters 2 and 3.
pub fn project(points: &Array2<f64>) -> (Array2<f64>, [f64; 2]) {
    let (count, columns) = points.dim();
    let mut standard = points.clone();
    for mut column in standard.axis_iter_mut(Axis(1)) {
        let mean = column.mean().unwrap_or(0.0);
        column.mapv_inplace(|value| value - mean);
        let deviation = (column.iter().map(|value| value * value).sum::<f64>() / count.max(1) as f64).sqrt();
        // A column that says nothing stays nothing.
        let factor = if deviation > 1e-12 { 1.0 / deviation } else { 0.0 };
        column.mapv_inplace(|value| value * factor);
    }
    let covariance = standard.t().dot(&standard) / count.max(1) as f64;
    let total = covariance.diag().sum().max(1e-12);
    let mut first = Array1::from_shape_fn(columns, |at| 1.0 + (at % 7) as f64 / 7.0);
    let mut second = Array1::from_shape_fn(columns, |at| if at % 2 == 0 { 1.0 } else { -0.7 });
    for _ in 0..ROUNDS {
        let next_first = unit(covariance.dot(&first));
        let next_second = covariance.dot(&second);
        let along = next_first.dot(&next_second);
        let next_second = unit(next_second - &next_first * along);
        // Of the directions, not of the variances, which are known twice as well.
        let change = norm(&(&next_first - &first)) + norm(&(&next_second - &second));
        (first, second) = (next_first, next_second);
        if change < 1e-9 {
            break;
        }
    }
    let mut projected = Array2::zeros((count, 2));
    let mut shares = [0.0; 2];
    for (at, component) in [first, second].into_iter().enumerate() {
        let largest = component.iter().copied().fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
        let component = if largest < 0.0 { -component } else { component };
        projected.column_mut(at).assign(&standard.dot(&component));
        shares[at] = component.dot(&covariance.dot(&component)) / total;
    }
    (projected, shares)
}

fn norm(vector: &Array1<f64>) -> f64 {
    vector.dot(vector).sqrt()
}

fn unit(vector: Array1<f64>) -> Array1<f64> {
    let length = norm(&vector);
    if length > 1e-300 { vector / length } else { vector }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with numpy's `eigh` of the correlation matrix, see `tests/fixtures/report/make_pca.py`.
    #[test]
    fn components_are_numpys() {
        let text = include_str!("../../../tests/fixtures/report/pca.json");
        let fixture: serde_json::Value = serde_json::from_str(text).unwrap();
        let table = |name: &str| {
            let rows: Vec<Vec<f64>> = serde_json::from_value(fixture[name].clone()).unwrap();
            Array2::from_shape_fn((rows.len(), rows[0].len()), |(r, c)| rows[r][c])
        };
        let (projected, shares) = project(&table("points"));
        let wanted = table("projected");
        projected.iter().zip(&wanted).for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
        let of: Vec<f64> = serde_json::from_value(fixture["shares"].clone()).unwrap();
        shares.iter().zip(&of).for_each(|(a, b)| assert!((a - b).abs() < 1e-8, "{a} {b}"));
    }

    #[test]
    fn points_that_do_not_differ_are_one() {
        let (projected, shares) = project(&Array2::from_elem((5, 3), 2.0));
        assert!(projected.iter().chain(&shares).all(|value| *value == 0.0));
    }
}
