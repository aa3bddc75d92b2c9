use genre_bench_api::Pooling;
use ndarray::{ArrayView1, ArrayView2, Axis};

/// The row that the embeddings of an example's windows become, given in shape `(windows, width)`: of so many numbers, or
/// of twice as many with standard deviations (population, as NumPy's `std`).
///
/// # Errors
///
/// There is no window, or the row has a number that is not finite.
pub(super) fn pooled(windows: ArrayView2<f32>, pooling: Pooling) -> Result<Vec<f32>, String> {
    let count = windows.nrows() as f64;
    if windows.is_empty() {
        return Err("it has no window to embed".to_owned());
    }
    let mean = |column: ArrayView1<f32>| column.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let deviation = |column: ArrayView1<f32>| {
        let centre = mean(column);
        let squares = column.iter().map(|&value| (f64::from(value) - centre).powi(2)).sum::<f64>();
        (squares / count).sqrt() as f32
    };
    let columns = || windows.axis_iter(Axis(1));
    let means = || columns().map(|column| mean(column) as f32);
    let row: Vec<f32> = match pooling {
        Pooling::Mean => means().collect(),
        Pooling::MeanStd => means().chain(columns().map(deviation)).collect(),
        Pooling::Max => columns()
            .map(|column| {
                column.iter().copied().fold(f32::NEG_INFINITY, |most, value| {
                    if value.is_nan() || most.is_nan() { f32::NAN } else { most.max(value) }
                })
            })
            .collect(),
    };
    match row.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("its embedding has the number {value}")),
        None => Ok(row),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use ndarray::array;

    #[test]
    fn windows_become_a_row() {
        let windows = array![[1.0, 4.0], [3.0, -4.0]];
        assert_eq!(pooled(windows.view(), Pooling::Mean).unwrap(), [2.0, 0.0]);
        assert_eq!(pooled(windows.view(), Pooling::MeanStd).unwrap(), [2.0, 0.0, 1.0, 4.0]);
        assert_eq!(pooled(windows.view(), Pooling::Max).unwrap(), [3.0, 4.0]);
    }

    #[test]
    fn what_is_no_number_is_no_row() {
        for pooling in [Pooling::Mean, Pooling::MeanStd, Pooling::Max] {
            for odd in [f32::NAN, f32::INFINITY] {
                let windows = array![[1.0, odd], [1.0, 2.0]];
                assert!(pooled(windows.view(), pooling).unwrap_err().contains("has the number"));
            }
            assert!(pooled(array![[], []].view(), pooling).is_err());
        }
    }
}
