//! How much memory a fit takes, and asking for it without ending the process.

use crate::{Device, Error, Result};
use ndarray::Array2;

/// What a model will be fitted to and asked about, in numbers: what [`Model::memory`](crate::Model::memory) goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FitShape {
    /// Training examples.
    pub rows: usize,
    /// Examples scored at one time, at most: the harness asks for the scores of larger parts block by block.
    pub scored: usize,
    /// Columns of the table, without those that the model's card leaves out.
    pub columns: usize,
    /// Classes of the dataset.
    pub classes: usize,
    /// Rows and columns of a spectrogram; 0 where the model reads none.
    pub spectrogram: (usize, usize),
    /// Threads that the model may use.
    pub threads: usize,
    /// Where a network computes: what it takes of another device's memory does not count.
    pub device: Device,
}

/// Zeros of a shape `(rows, columns)` that depends on the data and may not fit into memory; `what` they are for is told
/// then, as in `the kernel matrix`.
///
/// Ordinary allocations end the process where the system has no memory left, which takes the other models' rows with it.
///
/// # Errors
///
/// [`Error::Failed`] where the system refuses so much.
pub fn try_zeros<T: Clone + Default>((rows, columns): (usize, usize), what: &str) -> Result<Array2<T>> {
    let refused = || {
        let bytes = rows as f64 * columns as f64 * size_of::<T>() as f64;
        Error::failed(format!("not enough memory: {} for {what}", size_text(bytes)))
    };
    let count = rows.checked_mul(columns).ok_or_else(refused)?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| refused())?;
    values.resize(count, T::default());
    Array2::from_shape_vec((rows, columns), values).map_err(Error::failed)
}

/// A number of bytes for people: `512 MiB`, `1.5 GiB`.
pub fn size_text(bytes: f64) -> String {
    let (size, unit) = match bytes {
        b if b < 1024.0 * 1024.0 => (b / 1024.0, "KiB"),
        b if b < 1024.0 * 1024.0 * 1024.0 => (b / (1024.0 * 1024.0), "MiB"),
        b => (b / (1024.0 * 1024.0 * 1024.0), "GiB"),
    };
    if size < 9.95 { format!("{size:.1} {unit}") } else { format!("{size:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_an_error() {
        let told = try_zeros::<f64>((1 << 30, 1 << 22), "a table").map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(told, Err("not enough memory: 33554432 GiB for a table".to_owned()));
        assert!(try_zeros::<f64>((usize::MAX, 2), "a table").is_err());
        assert_eq!(try_zeros::<f32>((2, 3), "a table").map(|zeros| zeros.sum()).ok(), Some(0.0));
    }

    #[test]
    fn sizes_are_told_in_the_unit_that_people_use() {
        for (bytes, text) in
            [(512.0, "0.5 KiB"), (1.5e9, "1.4 GiB"), (34_359_738_368.0, "32 GiB"), (3e8, "286 MiB")]
        {
            assert_eq!(size_text(bytes), text);
        }
    }
}
