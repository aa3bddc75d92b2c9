//! WebP, lossy and lossless, of one picture.

use super::{Decoded, check_size};
use image_webp::WebPDecoder;
use std::io::{self, BufReader, Cursor, Read, Seek};

pub(super) fn decode(file: impl Read + Seek) -> Result<Decoded, String> {
    let bytes = essence(file)?;
    let broken = |e: image_webp::DecodingError| e.to_string();
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let mut samples = vec![0; decoder.output_buffer_size().ok_or("it has no size")?];
    decoder.read_image(&mut samples).map_err(broken)?;
    Ok(Decoded { width: width as usize, height: height as usize, samples })
}

/// The file as if it had nothing but its picture: without profile, text and, of lossy files, alpha, which does not count.
///
/// The size is that of the picture: what the file's own header says may be another, and is not looked at.
fn essence(file: impl Read + Seek) -> Result<Vec<u8>, String> {
    let cut_off = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => e.to_string(),
    };
    let mut file = BufReader::new(file);
    file.read_exact(&mut [0; 12]).map_err(cut_off)?;
    loop {
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(cut_off)?;
        let [name @ .., a, b, c, d] = head;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        // Chunks are filled up to an even length.
        let whole = length + length % 2;
        match &name {
            b"VP8 " | b"VP8L" => {
                let mut start = vec![0; if name == *b"VP8L" { 5 } else { 10 }];
                file.read_exact(&mut start).map_err(cut_off)?;
                let (width, height) = size_of(&start);
                check_size(width, height)?;
                let most = (width * height * 5 + (1 << 16)) as u64;
                if !(start.len() as u64..=most).contains(&length) {
                    return Err(format!("its picture cannot take {length} bytes"));
                }
                let rest = whole - start.len() as u64;
                let mut bytes = b"RIFF".to_vec();
                bytes.extend((whole as u32 + 12).to_le_bytes());
                bytes.extend(b"WEBP");
                bytes.extend(head);
                bytes.extend(start);
                let missing = rest - file.take(rest).read_to_end(&mut bytes).map_err(cut_off)? as u64;
                // A last byte that only fills up may be missing.
                if missing > whole - length {
                    return Err("it is cut off".to_owned());
                }
                bytes.resize(bytes.len() + missing as usize, 0);
                return Ok(bytes);
            }
            b"ANIM" | b"ANMF" => return Err("it is an animation: save one picture of it".to_owned()),
            _ => file.seek_relative(whole as i64).map_err(cut_off)?,
        }
    }
}

/// Width and height in the first bytes of a picture, of which lossless ones need five and lossy ones ten.
fn size_of(start: &[u8]) -> (usize, usize) {
    match *start {
        // After the frame's and the key frame's header; the upper two bits only ask for scaling.
        [_, _, _, _, _, _, a, b, c, d] => {
            let side = |bytes| usize::from(u16::from_le_bytes(bytes) & 0x3fff);
            (side([a, b]), side([c, d]))
        }
        // After a signature, 14 bits each of what is one less.
        [_, a, b, c, d] => {
            let word = u32::from_le_bytes([a, b, c, d]);
            ((word & 0x3fff) as usize + 1, (word >> 14 & 0x3fff) as usize + 1)
        }
        _ => (0, 0),
    }
}
