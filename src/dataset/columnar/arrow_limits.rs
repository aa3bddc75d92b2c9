//! What an Arrow file states of its sizes, looked at before polars allocates by it: an allocation that fails ends the
//! program, and no handler of panics helps.

use super::limits::{LimitError, Unfolded};
use polars_arrow_format::ipc::planus::ReadAsRoot;
use polars_arrow_format::ipc::{Block, FieldRef, FooterRef, MessageHeaderRef, MessageRef, RecordBatchRef};

/// Behind the footer stand its length and this.
const MAGIC: &[u8] = b"ARROW1";
/// Before the length of a message, but in old files.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// Columns within columns; polars reads them recursively.
const MAX_DEPTH: usize = 32;

/// The number of rows of a file, if its parts lie within it and may be read.
///
/// # Errors
///
/// A part lies outside of the file, all together unfold to more than
/// [`MAX_UNFOLDED`](super::limits::MAX_UNFOLDED), or columns are nested too deep.
pub fn rows(file: &[u8]) -> Result<usize, LimitError> {
    let outside = || LimitError::broken("its footer is not whole");
    let (rest, length) = file.strip_suffix(MAGIC).and_then(<[u8]>::split_last_chunk).ok_or_else(outside)?;
    let start = usize::try_from(i32::from_le_bytes(*length)).ok().and_then(|n| rest.len().checked_sub(n));
    let bytes = &rest[start.ok_or_else(outside)?..];
    let footer = FooterRef::read_as_root(bytes)?;
    if let Some(fields) = footer.schema()?.map(|schema| schema.fields()).transpose()?.flatten() {
        // One part of the footer may be the child of many.
        let mut left = bytes.len();
        fields.iter().try_for_each(|field| nesting(field?, MAX_DEPTH, &mut left))?;
    }
    let (mut unfolded, mut rows) = (Unfolded::default(), 0_usize);
    for block in footer.dictionaries()?.into_iter().flatten() {
        batch(file, &block.into(), &mut unfolded)?;
    }
    for block in footer.record_batches()?.into_iter().flatten() {
        rows = rows.saturating_add(batch(file, &block.into(), &mut unfolded)?);
    }
    Ok(rows)
}

fn nesting(field: FieldRef<'_>, depth: usize, left: &mut usize) -> Result<(), LimitError> {
    let deeper = || LimitError::broken("its columns are nested too deep");
    let depth = depth.checked_sub(1).ok_or_else(deeper)?;
    *left = left.checked_sub(1).ok_or_else(deeper)?;
    field.children()?.into_iter().flatten().try_for_each(|child| nesting(child?, depth, left))
}

/// Looks at the buffers of a batch. Returns its rows.
fn batch(file: &[u8], block: &Block, unfolded: &mut Unfolded) -> Result<usize, LimitError> {
    let outside = || LimitError::broken("a part of it lies outside of the file");
    let from = |at: i64| usize::try_from(at).ok().and_then(|at| file.get(at..)).ok_or_else(outside);
    let at = from(block.offset)?;
    let at = at.strip_prefix(&CONTINUATION).unwrap_or(at);
    let (length, message) = at.split_first_chunk().ok_or_else(outside)?;
    let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| outside())?;
    let message = MessageRef::read_as_root(message.get(..length).ok_or_else(outside)?)?;
    let batch: RecordBatchRef<'_> = match message.header()? {
        Some(MessageHeaderRef::RecordBatch(batch)) => batch,
        Some(MessageHeaderRef::DictionaryBatch(dictionary)) => {
            dictionary.data()?.ok_or_else(|| LimitError::broken("a dictionary of it is empty"))?
        }
        _ => return Err(LimitError::broken("a part of it is no batch of rows")),
    };
    let body = from(block.offset.saturating_add(block.meta_data_length.into()))?;
    let is_compressed = batch.compression()?.is_some();
    for buffer in batch.buffers()?.into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| outside())?;
        let length = usize::try_from(buffer.length()).map_err(|_| outside())?;
        let buffer = body.get(start..).and_then(|body| body.get(..length)).ok_or_else(outside)?;
        unfolded.add(length as u64)?;
        // What it unfolds to stands at its start; -1 says that it is as it is.
        match buffer.first_chunk() {
            Some(stated) if is_compressed => match i64::from_le_bytes(*stated) {
                -1 => {}
                stated => unfolded.add(u64::try_from(stated).map_err(|_| outside())?)?,
            },
            None if is_compressed && length > 0 => return Err(outside()),
            _ => {}
        }
    }
    usize::try_from(batch.length()?).map_err(|_| LimitError::broken("a batch of it has less than no rows"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use polars_arrow_format::ipc::planus::Builder;
    use polars_arrow_format::ipc::{Field, Footer, Schema};

    /// A file without rows whose column holds so many columns, one in the other.
    fn file(depth: usize) -> Vec<u8> {
        let column = |inner| Field { children: Some(Vec::from_iter(inner)), ..Field::default() };
        let fields = (0..depth).fold(None, |inner, _| Some(column(inner)));
        let schema = Schema { fields: Some(Vec::from_iter(fields)), ..Schema::default() };
        let footer = Footer { schema: Some(Box::new(schema)), ..Footer::default() };
        let mut builder = Builder::new();
        let footer = builder.finish(footer, None);
        [b"ARROW1\0\0", footer, &(footer.len() as u32).to_le_bytes(), MAGIC].concat()
    }

    #[test]
    fn columns_in_columns_without_end_are_refused() {
        assert_eq!(rows(&file(MAX_DEPTH)).unwrap(), 0);
        let error = rows(&file(MAX_DEPTH + 1)).unwrap_err().to_string();
        assert_eq!(error, "cannot be read: its columns are nested too deep");
        assert!(rows(b"ARROW1\0\0\xff\xff\xff\x7fARROW1").is_err());
    }
}
