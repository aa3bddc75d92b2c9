//! A [`State`] as a safetensors file, and back.

use crate::error::{Error, Result};
use genre_bench_api::{Numbers, State};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// The file of a state.
pub(super) fn to_safetensors(state: &State) -> Result<Vec<u8>> {
    let bug = |e| Error::bug("the numbers of a model", e);
    let bytes: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = state
        .arrays()
        .map(|(name, numbers)| {
            let (dtype, bytes) = match numbers {
                Numbers::F32(array) => (Dtype::F32, array.iter().flat_map(|x| x.to_le_bytes()).collect()),
                Numbers::F64(array) => (Dtype::F64, array.iter().flat_map(|x| x.to_le_bytes()).collect()),
                Numbers::U64(array) => (Dtype::U64, array.iter().flat_map(|x| x.to_le_bytes()).collect()),
            };
            (name, dtype, numbers.shape().to_vec(), bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, dtype, shape, bytes)| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (*name, view)).map_err(bug)
    });
    safetensors::serialize(views.collect::<Result<Vec<_>>>()?, None).map_err(bug)
}

/// The state in a file. What is allocated is what the file has bytes for: the format's reader holds shapes against them.
pub(super) fn from_safetensors(bytes: &[u8]) -> std::result::Result<State, String> {
    let broken = |e: &dyn std::fmt::Display| format!("is no safetensors file: {e}");
    let file = SafeTensors::deserialize(bytes).map_err(|e| broken(&e))?;
    let array = |(name, view): (&str, TensorView)| {
        let (shape, data) = (IxDyn(view.shape()), view.data());
        let numbers = match view.dtype() {
            Dtype::F32 => ArrayD::from_shape_vec(shape, words(data, f32::from_le_bytes)).map(Numbers::F32),
            Dtype::F64 => ArrayD::from_shape_vec(shape, words(data, f64::from_le_bytes)).map(Numbers::F64),
            Dtype::U64 => ArrayD::from_shape_vec(shape, words(data, u64::from_le_bytes)).map(Numbers::U64),
            other => return Err(format!("has `{name}` in {other:?}, where F32, F64 or U64 is expected")),
        };
        Ok((name.to_owned(), numbers.map_err(|e| format!("has a broken `{name}`: {e}"))?))
    };
    file.iter().map(array).collect()
}

/// Little-endian numbers of `N` bytes.
fn words<T, const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (words, _) = bytes.as_chunks::<N>();
    words.iter().map(|word| number(*word)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use ndarray::arr2;

    #[test]
    fn a_state_comes_back_from_its_file() {
        let state = State::default()
            .with("model/weights", arr2(&[[0.1_f64, -2.5], [f64::MIN_POSITIVE, 1e300]]))
            .with("mean", arr2(&[[1.5_f32, -0.0]]))
            .with_places("labels", [0, 7, usize::MAX])
            .with("none", ndarray::Array1::<f32>::zeros(0))
            .with_number("one", 3_u64);
        let bytes = to_safetensors(&state).unwrap();
        assert_eq!(from_safetensors(&bytes).unwrap(), state);
        for cut in [0, 7, 8, 40, bytes.len() - 1] {
            assert!(from_safetensors(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
