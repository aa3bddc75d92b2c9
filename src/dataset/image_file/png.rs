//! PNG: what a decoder needs of the file, and no more, goes to the decoder.

use super::{Decoded, check_size};
use std::io::{self, BufReader, Read, Seek};
use zune_png::PngDecoder;
use zune_png::zune_core::bytestream::ZCursor;
use zune_png::zune_core::options::DecoderOptions;

/// Most bytes that an image's pixels take before they are compressed.
const MOST_BYTES: usize = 128 << 20;

pub(super) fn decode(file: impl Read + Seek) -> Result<Decoded, String> {
    let Essence { bytes, raw } = essence(file)?;
    let options = DecoderOptions::default()
        // More than the pixels take: filling up is no fault, and its limit is not exact.
        .inflate_set_limit((raw + raw / 4 + (1 << 16)).min(MOST_BYTES))
        .png_set_confirm_crc(true)
        .png_set_strip_to_8bit(true);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(&bytes), options);
    let samples = decoder.decode_raw().map_err(|e| format!("{e:?}"))?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    Ok(Decoded { width, height, samples })
}

/// A PNG file without what says nothing about its pixels.
struct Essence {
    bytes: Vec<u8>,
    /// Bytes of its pixels before they were compressed.
    raw: usize,
}

/// Copies the chunks that make the pixels and passes over all others, which a reader may: text and profiles may be of any
/// size.
fn essence(file: impl Read + Seek) -> Result<Essence, String> {
    let cut_off = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => e.to_string(),
    };
    let mut file = BufReader::new(file);
    let mut signature = [0; 8];
    file.read_exact(&mut signature).map_err(cut_off)?;
    let mut kept = Essence { bytes: signature.to_vec(), raw: 0 };
    let mut header_seen = false;
    loop {
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(cut_off)?;
        let [a, b, c, d, name @ ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]);
        // Compressed, pixels that are noise take a little more than they are; anything more is none of them.
        let most = match &name {
            b"IHDR" => 13,
            b"PLTE" | b"tRNS" => 768,
            b"IDAT" => (kept.raw + kept.raw / 4 + (1 << 16)).saturating_sub(kept.bytes.len()),
            b"IEND" => 0,
            // The case of the first letter tells whether a reader must know the chunk.
            [first, ..] if first.is_ascii_lowercase() => {
                file.seek_relative(i64::from(length) + 4).map_err(cut_off)?;
                continue;
            }
            _ => return Err(format!("a chunk `{}` is not known", name.escape_ascii())),
        };
        if !header_seen && name != *b"IHDR" {
            return Err("it does not begin with its header".to_owned());
        }
        if length as usize > most {
            let name = name.escape_ascii();
            return Err(format!("its chunk `{name}` is larger than its pixels can need ({length} bytes)"));
        }
        let start = kept.bytes.len();
        kept.bytes.extend(head);
        let wanted = u64::from(length) + 4;
        let copied = file.by_ref().take(wanted).read_to_end(&mut kept.bytes).map_err(cut_off)?;
        if (copied as u64) < wanted {
            return Err("it is cut off".to_owned());
        }
        match &name {
            b"IHDR" if header_seen => return Err("it has two headers".to_owned()),
            b"IHDR" => {
                kept.raw = raw_bytes(&kept.bytes[start + 8..start + 8 + length as usize])?;
                header_seen = true;
            }
            b"IEND" => return Ok(kept),
            _ => {}
        }
    }
}

/// Bytes that the pixels of an image with this header take, each row with its filter; at least, if it is interlaced.
fn raw_bytes(header: &[u8]) -> Result<usize, String> {
    let [a, b, c, d, e, f, g, h, depth, colour, ..] = *header else {
        return Err("its header is too short".to_owned());
    };
    let (width, height) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    let channels = match colour {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    Ok(((width * channels * usize::from(depth)).div_ceil(8) + 1) * height)
}
