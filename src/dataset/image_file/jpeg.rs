//! JPEG, baseline and progressive, of grey, YCbCr, RGB, CMYK and YCCK.

use super::{Decoded, MOST_PIXELS, check_size};
use std::io::Read;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Larger files are refused: the largest image that is read takes less, even if it is noise.
const MOST_BYTES: u64 = 64 << 20;

pub(super) fn decode(file: impl Read) -> Result<Decoded, String> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    // The decoder fills up a last row that is cut off.
    if !bytes.windows(2).rev().any(|pair| pair == [0xff, 0xd9]) {
        return Err("it is cut off".to_owned());
    }
    // Else it would make an image of whatever is there, as browsers do.
    let options = DecoderOptions::default().set_strict_mode(true);
    let options = options.set_max_width(usize::from(u16::MAX)).set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&bytes), options);
    decoder.decode_headers().map_err(|e| format!("{e:?}"))?;
    let info = decoder.info().ok_or("it has no size")?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_size(width, height)?;
    let colours = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    let options = options.set_max_width(MOST_PIXELS).set_max_height(MOST_PIXELS);
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let samples = decoder.decode().map_err(|e| format!("{e:?}"))?;
    Ok(Decoded { width, height, samples })
}
