use super::limits::Budget;
use super::numbers::{Numbers, View};
use super::{Content, Read, shown};
use safetensors::{Dtype, SafeTensors};

/// Bytes of a header that is believed: a hundred for each array of a network of a hundred thousand.
const LARGEST_HEADER: u64 = 16 << 20;

/// Hugging Face's safetensors: a length, a header in JSON, and bytes side by side.
pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Read<Content> {
    let stated = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if stated > LARGEST_HEADER {
        return Err(format!("would be safetensors with a header of {stated} bytes"));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|e| format!("is damaged safetensors: {e}"))?;
    let mut content = Content::default();
    for (name, tensor) in file.iter() {
        let numbers = numbers(tensor.dtype())
            .ok_or_else(|| format!("has numbers of the type {:?} in {}", tensor.dtype(), shown(name)))?;
        let array = View::contiguous(numbers, tensor.shape().to_vec())?.array(tensor.data(), budget)?;
        content.insert(name.to_owned(), array)?;
    }
    Ok(content)
}

fn numbers(dtype: Dtype) -> Option<Numbers> {
    Some(match dtype {
        Dtype::F64 => Numbers::F64,
        Dtype::F32 => Numbers::F32,
        Dtype::F16 => Numbers::F16,
        Dtype::BF16 => Numbers::Bf16,
        Dtype::I64 => Numbers::I64,
        Dtype::I32 => Numbers::I32,
        Dtype::I16 => Numbers::I16,
        Dtype::I8 => Numbers::I8,
        Dtype::U8 => Numbers::U8,
        Dtype::BOOL => Numbers::Bool,
        _ => return None,
    })
}
