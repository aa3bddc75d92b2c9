//! Scores from a stream that a stranger wrote: nothing it says of itself is believed before it is compared.

use super::CONTINUATION;
use ndarray::Array2;
use polars_arrow_format::ipc::planus::{self, ReadAsRoot};
use polars_arrow_format::ipc::{
    Endianness, FieldRef, MessageHeaderRef, MessageRef, Precision, RecordBatchRef, SchemaRef, TypeRef,
};

/// Scores of `rows` examples, a column of real numbers for each of `classes` classes, in their order.
///
/// # Errors
///
/// Why it is none: a sentence.
pub fn scores(bytes: &[u8], rows: usize, classes: usize) -> Result<Array2<f32>, String> {
    let mut messages = Messages { bytes };
    let (head, _) = messages.next()?.ok_or("the answer has no scores")?;
    let Some(MessageHeaderRef::Schema(schema)) = head.header().map_err(broken)? else {
        return Err("the scores do not begin with a schema".to_owned());
    };
    let precisions = precisions(&schema)?;
    let shape = (rows, classes);
    let mut scores = Array2::zeros(shape);
    let mut at = 0;
    while let Some((head, body)) = messages.next()? {
        let Some(MessageHeaderRef::RecordBatch(batch)) = head.header().map_err(broken)? else {
            return Err("the scores have a message that is no batch of rows".to_owned());
        };
        let count = batch.length().map_err(broken)?;
        let count = usize::try_from(count).ok().filter(|count| *count <= rows - at);
        let count = count.ok_or_else(|| format!("the scores have more than {rows} rows"))?;
        if precisions.len() == classes {
            for (class, values) in columns(&batch, body, count, &precisions)?.into_iter().enumerate() {
                for (place, value) in values.enumerate() {
                    scores[[at + place, class]] = value;
                }
            }
        }
        at += count;
    }
    match (at, precisions.len()) == shape {
        true => Ok(scores),
        false => Err(format!("the scores have shape ({at}, {}), not {shape:?}", precisions.len())),
    }
}

fn broken(error: planus::Error) -> String {
    format!("the scores are no Arrow stream: {error}")
}

/// What is left of a stream.
struct Messages<'a> {
    bytes: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Takes so many bytes.
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("the scores end in the middle")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// The next message with its body; None at the end.
    fn next(&mut self) -> Result<Option<(MessageRef<'a>, &'a [u8])>, String> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let mut length = self.take(4)?;
        if length == CONTINUATION {
            length = self.take(4)?;
        }
        let length = length.try_into().map_or(0, i32::from_le_bytes);
        let length = usize::try_from(length).map_err(|_| "the scores have a head of less than nothing")?;
        if length == 0 {
            self.bytes = &[];
            return Ok(None);
        }
        let head = MessageRef::read_as_root(self.take(length)?).map_err(broken)?;
        let length = usize::try_from(head.body_length().map_err(broken)?);
        let body = self.take(length.map_err(|_| "the scores have a body of less than nothing")?)?;
        Ok(Some((head, body)))
    }
}

/// How many bits the numbers of each column have.
fn precisions(schema: &SchemaRef) -> Result<Vec<Precision>, String> {
    if schema.endianness().map_err(broken)? != Endianness::Little {
        return Err("the scores have the bytes of numbers in another order than little-endian".to_owned());
    }
    let fields = schema.fields().map_err(broken)?.into_iter().flatten();
    fields.map(|field| field.map_err(broken).and_then(|field| precision(&field))).collect()
}

fn precision(field: &FieldRef) -> Result<Precision, String> {
    let is_plain = field.dictionary().map_err(broken)?.is_none();
    match field.type_().map_err(broken)? {
        Some(TypeRef::FloatingPoint(real)) if is_plain => match real.precision().map_err(broken)? {
            Precision::Half => Err("a column of scores has 16 bits: send 32 or 64".to_owned()),
            precision => Ok(precision),
        },
        _ => Err("a column of scores has other things than real numbers".to_owned()),
    }
}

/// The columns of a batch of so many rows, all within its body.
fn columns<'a>(
    batch: &RecordBatchRef,
    body: &'a [u8],
    rows: usize,
    precisions: &[Precision],
) -> Result<Vec<Box<dyn Iterator<Item = f32> + 'a>>, String> {
    if batch.compression().map_err(broken)?.is_some() {
        return Err("the scores are compressed: send them as they are".to_owned());
    }
    let (nodes, buffers) = (batch.nodes().map_err(broken)?, batch.buffers().map_err(broken)?);
    let (Some(nodes), Some(buffers)) = (nodes, buffers) else {
        return Err("a batch of scores has no columns".to_owned());
    };
    if nodes.len() != precisions.len() || buffers.len() != 2 * precisions.len() {
        return Err("a batch of scores has other columns than the schema".to_owned());
    }
    let column = |(number, precision): (usize, &Precision)| {
        let node = nodes.get(number).ok_or("a column of scores is missing")?;
        let buffer = buffers.get(2 * number + 1).ok_or("a column of scores is missing")?;
        if node.null_count() != 0 {
            return Err("a score is missing (null)".to_owned());
        }
        let size = if *precision == Precision::Single { 4 } else { 8 };
        let within = |buffer: &[u8]| buffer.len() == rows * size;
        let start = usize::try_from(buffer.offset()).ok();
        let values = start.and_then(|start| body.get(start..)?.get(..rows * size)).filter(|b| within(b));
        let values = values.filter(|_| node.length() == rows as i64);
        let values = values.ok_or("a column of scores lies outside of its batch")?;
        let (singles, doubles) = (values.as_chunks::<4>().0.iter(), values.as_chunks::<8>().0.iter());
        let numbers: Box<dyn Iterator<Item = f32>> = match precision {
            Precision::Single => Box::new(singles.map(|bytes| f32::from_le_bytes(*bytes))),
            _ => Box::new(doubles.map(|bytes| f64::from_le_bytes(*bytes) as f32)),
        };
        Ok(numbers)
    };
    precisions.iter().enumerate().map(column).collect()
}
