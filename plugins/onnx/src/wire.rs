//! What is in an ONNX file, counted before any of it is kept.
//!
//! A protobuf message of two bytes takes hundreds once it is decoded, so a small file could take all memory. This walks
//! over the bytes without keeping anything, and refuses what is never read: graphs inside of graphs, functions, sparse
//! tensors, instructions for training.
//!
//! Reference: `onnx.proto3` of ONNX, and protobuf's description of its wire format.

use crate::limits::Limits;

type Checked<T> = Result<T, String>;

/// A message of ONNX that holds others.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    Shape,
}

/// What a field holds.
enum Field {
    Message(Message),
    /// Text, or a message without others in it: more memory than bytes of the file.
    Leaf,
    /// Numbers of a variable length of bytes, at least one each.
    Numbers,
    /// Bytes that are kept as they are.
    Bytes,
    Refused(&'static str),
}

impl Message {
    fn field(self, number: u64) -> Field {
        use Field::{Bytes, Leaf, Message as Of, Numbers, Refused};
        match (self, number) {
            (Self::Model, 7) => Of(Self::Graph),
            (Self::Model, 8 | 14) => Leaf,
            (Self::Model, 20) => Refused("instructions for training; export it for inference"),
            (Self::Model, 25) => Refused(
                "functions of its own; export it with them inlined (`onnx.inliner.inline_local_functions`)",
            ),
            (Self::Graph, 1) => Of(Self::Node),
            (Self::Graph, 5) => Of(Self::Tensor),
            (Self::Graph, 11..=13) => Of(Self::Value),
            (Self::Graph, 14) => Leaf,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Refused("sparse tensors"),
            (Self::Node, 1 | 2) => Leaf,
            (Self::Node, 5) => Of(Self::Attribute),
            (Self::Attribute, 5 | 10) => Of(Self::Tensor),
            (Self::Attribute, 6 | 11) => Refused("graphs inside of a graph (loops, conditions)"),
            (Self::Attribute, 15) => Refused("types as attributes"),
            (Self::Attribute, 9) | (Self::Tensor, 3 | 6 | 13) => Leaf,
            (Self::Attribute, 8) | (Self::Tensor, 1 | 5 | 7 | 11) => Numbers,
            (Self::Value, 2) => Of(Self::Type),
            (Self::Type, 1) => Of(Self::TensorType),
            (Self::TensorType, 2) => Of(Self::Shape),
            (Self::Shape, 1) => Leaf,
            _ => Bytes,
        }
    }
}

/// Walks over the bytes of an ONNX file.
///
/// # Errors
///
/// Why it is none, or what of it is refused, as a sentence whose subject is the file.
pub(crate) fn walk(bytes: &[u8], limits: &Limits) -> Checked<()> {
    let mut counts = Counts { messages: limits.messages, numbers: limits.numbers };
    counts.message(Message::Model, bytes)
}

/// How many more there may be.
struct Counts {
    messages: usize,
    numbers: usize,
}

impl Counts {
    fn message(&mut self, message: Message, mut bytes: &[u8]) -> Checked<()> {
        self.leaf()?;
        while !bytes.is_empty() {
            let key = varint(&mut bytes)?;
            let field = message.field(key >> 3);
            match key & 7 {
                0 => {
                    varint(&mut bytes)?;
                    self.numbers(1)?;
                }
                1 => {
                    take(&mut bytes, 8)?;
                }
                5 => {
                    take(&mut bytes, 4)?;
                }
                2 => {
                    let length = varint(&mut bytes)?;
                    let content = take(&mut bytes, length)?;
                    match field {
                        Field::Message(inner) => self.message(inner, content)?,
                        Field::Leaf => self.leaf()?,
                        Field::Numbers => self.numbers(content.len())?,
                        Field::Bytes => {}
                        Field::Refused(what) => return Err(format!("has {what}, which is not supported")),
                    }
                }
                _ => return Err("is no ONNX file: it is no protobuf message".to_owned()),
            }
        }
        Ok(())
    }

    fn leaf(&mut self) -> Checked<()> {
        self.messages =
            self.messages.checked_sub(1).ok_or("has more nodes and tensors than any encoder has")?;
        Ok(())
    }

    fn numbers(&mut self, count: usize) -> Checked<()> {
        self.numbers = self.numbers.checked_sub(count).ok_or(
            "has too many numbers that are written one by one; export it with raw data, as all exporters do",
        )?;
        Ok(())
    }
}

fn varint(bytes: &mut &[u8]) -> Checked<u64> {
    let (all, mut value) = (*bytes, 0u64);
    for (i, &byte) in all.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *bytes = &all[i + 1..];
            return Ok(value);
        }
    }
    Err(ends())
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Checked<&'a [u8]> {
    let (head, tail) =
        usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length)).ok_or_else(ends)?;
    *bytes = tail;
    Ok(head)
}

fn ends() -> String {
    "ends in the middle, or is no ONNX file: was it received whole?".to_owned()
}
