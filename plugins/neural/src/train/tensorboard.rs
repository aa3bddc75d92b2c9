//! The history of a fit as a TensorBoard event file.
//!
//! An event file is a row of records, each its length, a checksum of that, its bytes, and a checksum of those
//! (TensorFlow, `core/lib/io/record_writer.cc`). Its bytes are one `Event` message of protocol buffers
//! (`core/util/event.proto`), which is so little of that format that it is written here by hand.

use genre_bench_api::{Epoch, Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An event file that grows by the scalars of an epoch at a time.
///
/// Tags are `loss/train`, `accuracy/train`, `loss/validation`, `accuracy/validation`, `macro_f1/validation`,
/// `learning_rate` and `seconds`; the step is the number of the epoch, counted from 1.
pub(crate) struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// A new one in a folder, which is made if need be. TensorBoard takes all that lie in one folder for one
    /// fit.
    pub fn create(folder: &Path) -> Result<Self> {
        let now = now();
        // TensorBoard knows them by the name, and reads several in the order of their names.
        let (seconds, rest) = (now.as_secs(), now.subsec_nanos());
        let path = folder.join(format!("events.out.tfevents.{seconds:010}.{rest:09}.genre-bench"));
        let file = std::fs::create_dir_all(folder).and_then(|()| File::create_new(&path));
        let mut events = Self { file: file.map_err(|error| unwritten(&path, &error))?, path };
        events.append(&version(now.as_secs_f64()))?;
        Ok(events)
    }

    /// Adds an epoch, which has just ended.
    pub fn epoch(&mut self, number: usize, epoch: &Epoch) -> Result<()> {
        self.append(&event(now().as_secs_f64(), number as u64, &scalars(epoch)))
    }

    fn append(&mut self, event: &[u8]) -> Result<()> {
        self.file.write_all(&record(event)).map_err(|error| unwritten(&self.path, &error))
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("event file {} cannot be written: {error}", path.display()))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn scalars(epoch: &Epoch) -> Vec<(&'static str, f64)> {
    let mut scalars = vec![("loss/train", epoch.train_loss), ("accuracy/train", epoch.train_accuracy)];
    if let Some(valid) = epoch.valid {
        scalars.push(("loss/validation", valid.loss));
        scalars.push(("accuracy/validation", valid.accuracy));
        scalars.push(("macro_f1/validation", valid.macro_f1));
    }
    scalars.extend([("learning_rate", epoch.learning_rate), ("seconds", epoch.seconds)]);
    scalars
}

/// `Event { wall_time: 1, file_version: 3 }`, the first of a file.
fn version(time: f64) -> Vec<u8> {
    let mut event = Vec::new();
    double(&mut event, 1, time);
    bytes(&mut event, 3, b"brain.Event:2");
    event
}

/// `Event { wall_time: 1, step: 2, summary: 5 }` of `Summary { value: 1 }` of `Value { tag: 1, simple_value:
/// 2 }`.
fn event(time: f64, step: u64, scalars: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, number) in scalars {
        let mut value = Vec::new();
        bytes(&mut value, 1, tag.as_bytes());
        float(&mut value, 2, *number as f32);
        bytes(&mut summary, 1, &value);
    }
    let mut event = Vec::new();
    double(&mut event, 1, time);
    key(&mut event, 2, 0);
    varint(&mut event, step);
    bytes(&mut event, 5, &summary);
    event
}

/// A field's number and the kind of what follows: 0 a varint, 1 eight bytes, 2 a length and bytes, 5 four
/// bytes.
fn key(message: &mut Vec<u8>, field: u64, kind: u64) {
    varint(message, field << 3 | kind);
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 128 {
        message.push(number as u8 | 128);
        number >>= 7;
    }
    message.push(number as u8);
}

fn double(message: &mut Vec<u8>, field: u64, number: f64) {
    key(message, field, 1);
    message.extend(number.to_le_bytes());
}

fn float(message: &mut Vec<u8>, field: u64, number: f32) {
    key(message, field, 5);
    message.extend(number.to_le_bytes());
}

fn bytes(message: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(message, field, 2);
    varint(message, value.len() as u64);
    message.extend(value);
}

fn record(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    let checksums = [masked_crc(&length).to_le_bytes(), masked_crc(event).to_le_bytes()];
    [&length, &checksums[0][..], event, &checksums[1]].concat()
}

/// CRC-32C, rotated and shifted so that a checksum of bytes that hold a checksum is no special one.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Castagnoli's cyclic redundancy check (RFC 3720, appendix B.4), bit by bit: files are small.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    #[test]
    fn an_event_file_is_tensorboards_byte_for_byte() {
        let epoch =
            Epoch { train_loss: 1.5, train_accuracy: 0.25, valid: None, learning_rate: 0.125, seconds: 2.0 };
        let events = [version(1e9), event(1e9 + 2.0, 1, &scalars(&epoch))];
        let ours: Vec<u8> = events.iter().flat_map(|event| record(event)).collect();
        let theirs = include_bytes!("../../../../tests/fixtures/neural/events.out.tfevents");
        assert_eq!(ours, theirs);
    }
}
