//! Tensors in an ONNX file: their shapes must be those of their numbers, which must be in the file.

use crate::limits::Limits;
use crate::shown::shown;
use tract_onnx::pb::TensorProto;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};

type Checked<T> = Result<T, String>;

/// Most axes of a tensor.
const MOST_AXES: usize = 8;
/// Whole numbers are shapes, axes and places: larger ones are no network's, and overflow.
pub(crate) const LARGEST: i64 = 1 << 31;

/// As a sentence whose subject is the file.
pub(crate) fn check_tensor(
    tensor: &TensorProto,
    name: &str,
    only_sliced: bool,
    limits: &Limits,
) -> Checked<()> {
    let of = |why: String| format!("has a tensor `{}` {why}", shown(name));
    if tensor.data_location == Some(DataLocation::External as i32) || !tensor.external_data.is_empty() {
        return Err(of(
            "whose numbers are in another file; export it as one file (`external_data=False`, or \
                       `onnx.save(model, path)` of what `onnx.load` read)"
                .to_owned(),
        ));
    }
    let width = width(tensor.data_type).map_err(of)?;
    let volume = volume(&tensor.dims).filter(|&volume| volume <= limits.tensor).ok_or_else(|| {
        of(format!(
            "of {} axes whose lengths make no sense or too many numbers (at most {})",
            tensor.dims.len(),
            limits.tensor
        ))
    })?;
    let raw = tensor.raw_data.len();
    let listed = [
        tensor.float_data.len(),
        tensor.int32_data.len(),
        tensor.int64_data.len(),
        tensor.double_data.len(),
        tensor.uint64_data.len(),
    ];
    let count = if raw > 0 { raw / width } else { listed.into_iter().max().unwrap_or(0) };
    if count as u64 != volume || raw % width != 0 {
        return Err(of(format!(
            "whose shape says {volume} numbers, but {count} are there: was it received whole?"
        )));
    }
    let is_large = |value: i64| value.unsigned_abs() > LARGEST.unsigned_abs();
    let large = tensor.int64_data.iter().any(|&value| is_large(value))
        || tensor.uint64_data.iter().any(|&value| value > LARGEST.unsigned_abs())
        || matches!(DataType::try_from(tensor.data_type), Ok(DataType::Int64 | DataType::Uint64))
            && tensor.raw_data.as_chunks().0.iter().any(|bytes| is_large(i64::from_le_bytes(*bytes)));
    if large && !only_sliced {
        return Err(of("of numbers that are no size and no place".to_owned()));
    }
    Ok(())
}

/// Bytes of a number of a type of ONNX.
pub(crate) fn width(data_type: i32) -> Checked<usize> {
    match DataType::try_from(data_type) {
        Ok(DataType::Float | DataType::Int32 | DataType::Uint32) => Ok(4),
        Ok(DataType::Double | DataType::Int64 | DataType::Uint64) => Ok(8),
        Ok(DataType::Float16 | DataType::Int16 | DataType::Uint16) => Ok(2),
        Ok(DataType::Int8 | DataType::Uint8 | DataType::Bool) => Ok(1),
        Ok(DataType::String) => Err("of text, which is not supported".to_owned()),
        Ok(other) => Err(format!("of {}, which is not supported; export it in float32", other.as_str_name())),
        Err(_) => Err(format!("of type {data_type}, which ONNX does not have")),
    }
}

/// How many numbers a tensor has; None for what is no shape.
fn volume(lengths: &[i64]) -> Option<u64> {
    let lengths = (lengths.len() <= MOST_AXES).then_some(lengths)?;
    lengths.iter().try_fold(1u64, |volume, &length| volume.checked_mul(u64::try_from(length).ok()?))
}
