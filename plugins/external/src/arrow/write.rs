use super::{CONTINUATION, END, padded};
use genre_bench_api::{Examples, Inputs, Spectrograms};
use ndarray::{Array2, Axis, s};
use polars_arrow_format::ipc::planus::Builder;
use polars_arrow_format::ipc::{
    Buffer, Field, FieldNode, FixedSizeList, FloatingPoint, Int, Message, MessageHeader, MetadataVersion,
    Precision, RecordBatch, Schema, Type,
};
use std::ops::Range;

/// What a batch may have: enough for a pipe never to be empty, little enough for the cache to turn rows into columns in.
/// No power of two, which would put all columns into the same places of the cache.
const BATCH_BYTES: usize = 7_000_000;
const BATCH_ROWS: usize = 4000;
/// Columns that are written at one time.
const COLUMNS: usize = 64;

/// Examples that are sent together.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    inputs: &'a Inputs,
    /// Of those that a model is fitted to.
    labelled: Option<&'a Examples>,
}

impl<'a> Part<'a> {
    /// Examples to be fitted to, with labels, tracks and groups.
    pub fn labelled(examples: &'a Examples) -> Self {
        Self { inputs: &examples.inputs, labelled: Some(examples) }
    }

    /// Examples to be scored.
    pub fn asked(inputs: &'a Inputs) -> Self {
        Self { inputs, labelled: None }
    }

    fn len(&self) -> usize {
        self.inputs.len()
    }
}

/// A stream of examples: `label`, `track` and `group` as whole numbers where there are labels, then the columns of the
/// table, then `spectrogram`, a list of channels × rows × columns numbers for each example.
pub struct Stream<'a> {
    parts: Vec<Part<'a>>,
    table: bool,
    /// Numbers of a spectrogram; 0 where none are sent.
    picture: usize,
    schema: Vec<u8>,
    /// Heads of the batches, with what each is of.
    batches: Vec<(Vec<u8>, Batch)>,
    next: usize,
    bytes: u64,
}

/// Some rows of a part.
#[derive(Debug, Clone)]
struct Batch {
    part: usize,
    rows: Range<usize>,
}

/// Where in a batch a column lies.
struct Layout {
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
    length: usize,
}

impl Layout {
    /// Adds a column of so many numbers of a size.
    fn column(&mut self, rows: usize, size: usize) {
        self.nodes.push(FieldNode { length: rows as i64, null_count: 0 });
        // None is missing, so there is no map of those that are.
        self.buffers.push(Buffer { offset: self.length as i64, length: 0 });
        self.buffers.push(Buffer { offset: self.length as i64, length: (rows * size) as i64 });
        self.length += padded(rows * size);
    }
}

impl<'a> Stream<'a> {
    /// A stream of all parts, one after the other: with the table or without, with spectrograms or without. None if
    /// parts do not fit together.
    pub fn new(parts: Vec<Part<'a>>, table: bool, spectrograms: bool) -> Option<Self> {
        let first = parts.first()?.inputs;
        let picture = if spectrograms { numbers(&first.spectrograms) } else { 0 };
        let columns = if table { first.table.ncols() } else { 0 };
        let labelled = parts[0].labelled.is_some();
        let fits = |part: &Part| {
            let empty = part.len() == 0;
            part.labelled.is_some() == labelled
                && (!table || empty || part.inputs.table.ncols() == columns)
                && (!spectrograms || empty || numbers(&part.inputs.spectrograms) == picture)
        };
        if !parts.iter().all(fits) {
            return None;
        }
        let row_bytes = 4 * (columns + picture) + if labelled { 24 } else { 0 };
        let rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS);
        let names = if table { &first.columns[..] } else { &[] };
        let mut stream = Self {
            schema: message(MessageHeader::Schema(Box::new(schema(labelled, names, picture))), 0),
            batches: Vec::new(),
            next: 0,
            bytes: 0,
            parts,
            table,
            picture,
        };
        stream.bytes = stream.schema.len() as u64 + (CONTINUATION.len() + END.len()) as u64;
        for (part, examples) in stream.parts.iter().enumerate() {
            for start in (0..examples.len()).step_by(rows) {
                let batch = Batch { part, rows: start..examples.len().min(start + rows) };
                let layout = stream.layout(&batch);
                let length = layout.length;
                let record = RecordBatch {
                    length: batch.rows.len() as i64,
                    nodes: Some(layout.nodes),
                    buffers: Some(layout.buffers),
                    ..RecordBatch::default()
                };
                let head = message(MessageHeader::RecordBatch(Box::new(record)), length);
                stream.bytes += (head.len() + length) as u64;
                stream.batches.push((head, batch));
            }
        }
        Some(stream)
    }

    /// Bytes of all of it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts the next bytes into a block, in the place of what is there; false at the end.
    pub fn next_block(&mut self, block: &mut Vec<u8>) -> bool {
        block.clear();
        match self.next {
            0 => block.extend(&self.schema),
            n if n <= self.batches.len() => {
                let (head, batch) = &self.batches[n - 1];
                block.extend(head);
                self.write(batch, block);
            }
            n if n == self.batches.len() + 1 => block.extend([CONTINUATION, END].concat()),
            _ => return false,
        }
        self.next += 1;
        true
    }

    fn layout(&self, batch: &Batch) -> Layout {
        let (part, rows) = (&self.parts[batch.part], batch.rows.len());
        let mut layout = Layout { nodes: Vec::new(), buffers: Vec::new(), length: 0 };
        if part.labelled.is_some() {
            (0..3).for_each(|_| layout.column(rows, 8));
        }
        if self.table {
            (0..part.inputs.table.ncols()).for_each(|_| layout.column(rows, 4));
        }
        if self.picture > 0 {
            layout.nodes.push(FieldNode { length: rows as i64, null_count: 0 });
            layout.buffers.push(Buffer { offset: layout.length as i64, length: 0 });
            layout.column(rows * self.picture, 4);
        }
        layout
    }

    /// Appends the columns of a batch.
    fn write(&self, batch: &Batch, block: &mut Vec<u8>) {
        let part = &self.parts[batch.part];
        let start = block.len();
        let pad = |block: &mut Vec<u8>| block.resize(start + padded(block.len() - start), 0);
        if let Some(examples) = part.labelled {
            for numbers in [&examples.labels, &examples.tracks, &examples.groups] {
                block.extend(numbers[batch.rows.clone()].iter().flat_map(|&n| (n as i64).to_le_bytes()));
                pad(block);
            }
        }
        if self.table {
            write_columns(&part.inputs.table, batch.rows.clone(), block);
        }
        if self.picture > 0 {
            let mut values = Vec::with_capacity(self.picture);
            for row in batch.rows.clone() {
                values.clear();
                part.inputs.spectrograms.append_to(&mut values, row);
                append(block, values.iter().copied(), values.len());
            }
            pad(block);
        }
    }
}

/// Appends columns of a table one after the other, each padded. Row by row, because rows are what lies together: of every
/// column a line of the cache waits for the next ones. Some columns at a time, because each is on a page of its own.
fn write_columns(table: &Array2<f32>, rows: Range<usize>, block: &mut Vec<u8>) {
    let table = table.slice(s![rows, ..]);
    let (start, stride) = (block.len(), padded(4 * table.nrows()));
    block.resize(start + stride * table.ncols(), 0);
    let (words, _) = block[start..].as_chunks_mut::<4>();
    for (number, columns) in table.axis_chunks_iter(Axis(1), COLUMNS).enumerate() {
        let first = number * COLUMNS * stride / 4;
        for (row, values) in columns.rows().into_iter().enumerate() {
            let of_row = words[first + row..].iter_mut().step_by((stride / 4).max(1));
            of_row.zip(values).for_each(|(word, value)| *word = value.to_le_bytes());
        }
    }
}

/// Appends so many numbers.
fn append(block: &mut Vec<u8>, values: impl Iterator<Item = f32>, count: usize) {
    let start = block.len();
    block.resize(start + 4 * count, 0);
    let (words, _) = block[start..].as_chunks_mut::<4>();
    words.iter_mut().zip(values).for_each(|(word, value)| *word = value.to_le_bytes());
}

/// Numbers of each spectrogram.
fn numbers(spectrograms: &Spectrograms) -> usize {
    let (rows, columns) = spectrograms.shape();
    spectrograms.channels() * rows * columns
}

fn schema(labelled: bool, names: &[String], picture: usize) -> Schema {
    let field = |name: &str, kind, children| Field {
        name: Some(name.to_owned()),
        type_: Some(kind),
        children: Some(children),
        ..Field::default()
    };
    let real = || Type::FloatingPoint(Box::new(FloatingPoint { precision: Precision::Single }));
    let mut fields = Vec::new();
    if labelled {
        let whole = || Type::Int(Box::new(Int { bit_width: 64, is_signed: true }));
        fields.extend(["label", "track", "group"].map(|name| field(name, whole(), Vec::new())));
    }
    fields.extend(names.iter().map(|name| field(name, real(), Vec::new())));
    if let Ok(list_size @ 1..) = i32::try_from(picture) {
        let list = Type::FixedSizeList(Box::new(FixedSizeList { list_size }));
        fields.push(field("spectrogram", list, vec![field("item", real(), Vec::new())]));
    }
    Schema { fields: Some(fields), ..Schema::default() }
}

/// A message up to where its body begins.
fn message(header: MessageHeader, body: usize) -> Vec<u8> {
    let message = Message {
        version: MetadataVersion::V5,
        header: Some(header),
        body_length: body as i64,
        custom_metadata: None,
    };
    let mut builder = Builder::new();
    let head = builder.finish(message, None);
    let length = padded(head.len());
    let mut bytes = Vec::with_capacity(8 + length);
    bytes.extend(CONTINUATION);
    bytes.extend((length as i32).to_le_bytes());
    bytes.extend(head);
    bytes.resize(8 + length, 0);
    bytes
}
