use super::limits::Budget;
use super::numbers::{Numbers, View};
use super::{Content, Read, shown};
use ndarray::ArrayD;

/// First bytes of a file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Bytes of a header that is believed; NumPy's own limit is 10 000.
const LARGEST_HEADER: usize = 10_000;

/// `numpy.save`: one array.
pub(super) fn read(bytes: &[u8], name: String, budget: &mut Budget) -> Read<Content> {
    let mut content = Content::default();
    content.insert(name, array(bytes, budget)?)?;
    Ok(content)
}

/// The array of such a file: a header, which is a dictionary as Python prints it, and the numbers. An array of
/// objects is a pickle, and refused.
pub(super) fn array(bytes: &[u8], budget: &mut Budget) -> Read<ArrayD<f32>> {
    let cut_off = || "is a NumPy array that ends within its header".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or("is no NumPy array")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [major, minor, _, _, _, _, ..] => {
            return Err(format!("is a NumPy array of the version {major}.{minor}"));
        }
        _ => return Err(cut_off()),
    };
    if length > LARGEST_HEADER {
        return Err(format!("is a NumPy array with a header of {length} bytes"));
    }
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut_off)?;
    let Header { numbers, big_endian, fortran, shape } = Header::parse(header)?;
    let view = if fortran { View::fortran(numbers, shape)? } else { View::contiguous(numbers, shape)? };
    let wanted = view.count()?.checked_mul(numbers.size());
    if wanted != Some(data.len()) {
        return Err(format!(
            "is a NumPy array of shape {:?} in numbers of {} bytes, but has {} bytes of them",
            view.shape,
            numbers.size(),
            data.len()
        ));
    }
    View { big_endian, ..view }.array(data, budget)
}

struct Header {
    numbers: Numbers,
    big_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order.
    fn parse(header: &[u8]) -> Read<Self> {
        let text = String::from_utf8_lossy(header);
        let strange = || format!("is a NumPy array with the header {}", shown(text.trim()));
        let mut rest = text.trim().strip_prefix('{').ok_or_else(strange)?.trim_start();
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        while !rest.starts_with('}') {
            let (key, behind) = quoted(rest).ok_or_else(strange)?;
            let value = behind.trim_start().strip_prefix(':').ok_or_else(strange)?.trim_start();
            let behind = match key {
                "descr" => {
                    let (text, behind) = quoted(value).ok_or_else(strange)?;
                    descr = Some(text);
                    behind
                }
                "fortran_order" => {
                    let known = [("True", true), ("False", false)];
                    let (word, order) =
                        known.into_iter().find(|(word, _)| value.starts_with(word)).ok_or_else(strange)?;
                    fortran = Some(order);
                    &value[word.len()..]
                }
                "shape" => {
                    let (inside, behind) = value
                        .strip_prefix('(')
                        .and_then(|value| value.split_once(')'))
                        .ok_or_else(strange)?;
                    let axes = inside.split(',').map(|axis| axis.trim().trim_end_matches('L'));
                    let axes = axes.filter(|axis| !axis.is_empty()).map(str::parse).collect::<Result<_, _>>();
                    shape = Some(axes.map_err(|_| strange())?);
                    behind
                }
                _ => return Err(strange()),
            };
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(behind) => behind.trim_start(),
                None if behind.starts_with('}') => behind,
                None => return Err(strange()),
            };
        }
        let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
            return Err(strange());
        };
        let (order, kind) = descr.split_at_checked(1).ok_or_else(strange)?;
        let numbers = match kind {
            "f8" => Numbers::F64,
            "f4" => Numbers::F32,
            "f2" => Numbers::F16,
            "i8" => Numbers::I64,
            "i4" => Numbers::I32,
            "i2" => Numbers::I16,
            "i1" => Numbers::I8,
            "u1" => Numbers::U8,
            "b1" => Numbers::Bool,
            _ => {
                return Err(format!(
                    "is a NumPy array of the type {}, which are no numbers we know",
                    shown(descr)
                ));
            }
        };
        match order {
            "<" | ">" | "|" | "=" => Ok(Self { numbers, big_endian: order == ">", fortran, shape }),
            _ => Err(strange()),
        }
    }
}

/// A word in quotes, and what is behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}
