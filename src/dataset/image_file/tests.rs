#![allow(clippy::unwrap_used, reason = "test code")]
use super::*;
use flate2::{Compression, Crc, write::ZlibEncoder};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images")
}

/// What is said of a file with these bytes.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    std::fs::write(&path, bytes).unwrap();
    read(&path).unwrap_err()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], name, data, &sum.sum().to_be_bytes()].concat()
}

fn zipped(bytes: impl Read) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    let mut bytes = bytes;
    std::io::copy(&mut bytes, &mut zlib).unwrap();
    zlib.finish().unwrap()
}

/// A grey PNG of this size with these pixels, compressed, and more chunks before them.
fn png(width: u32, height: u32, more: &[u8], pixels: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let chunks = [&chunk(b"IHDR", &header), more, &chunk(b"IDAT", pixels), &chunk(b"IEND", &[])].concat();
    [b"\x89PNG\r\n\x1a\n", &chunks[..]].concat()
}

/// The oracle rounds to whole levels.
#[test]
fn every_kind_gives_the_grey_values_of_pillow() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(fixtures().join("expected.json")).unwrap()).unwrap();
    let images = expected["images"].as_object().unwrap();
    assert_eq!(images.len(), 20);
    let mut wrong = Vec::new();
    for (name, image) in images {
        let decoded = read(&fixtures().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (size, pixels) = (decoded.size(), decoded.grey());
        assert_eq!(
            (size.width as u64, size.height as u64),
            (image["width"].as_u64().unwrap(), image["height"].as_u64().unwrap())
        );
        let theirs = image["grey"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
        assert_eq!(theirs.len(), pixels.len());
        let worst =
            pixels.iter().zip(theirs).map(|(a, b)| (255.0 * f64::from(*a) - b).abs()).fold(0.0, f64::max);
        // Half a level of rounding; JPEG decoders may also differ by one.
        let allowed = if name.ends_with(".jpg") { 1.6 } else { 0.501 };
        if worst > allowed {
            wrong.push((name, worst));
        }
    }
    assert!(wrong.is_empty(), "levels off: {wrong:?}");
}

#[test]
fn colours_come_channel_by_channel_and_grey_three_times() {
    let colour = Decoded { width: 2, height: 1, samples: vec![1, 2, 3, 4, 5, 6] };
    assert!(!colour.is_grey());
    assert_eq!(colour.colour(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let with_alpha = Decoded { width: 2, height: 1, samples: vec![1, 2, 3, 9, 4, 5, 6, 9] };
    assert_eq!(with_alpha.colour(), colour.colour());
    for samples in [vec![7, 8], vec![7, 255, 8, 0]] {
        let grey = Decoded { width: 2, height: 1, samples };
        assert!(grey.is_grey());
        assert_eq!(grey.colour(), [7.0, 8.0, 7.0, 8.0, 7.0, 8.0]);
    }
}

#[test]
fn content_decides_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    for name in ["444.jpg", "lossless.webp", "rgb.png"] {
        std::fs::copy(fixtures().join(name), &path).unwrap();
        assert_eq!(read(&path).unwrap(), read(&fixtures().join(name)).unwrap());
    }
}

#[test]
fn other_kinds_are_told_apart() {
    for (name, said) in [
        ("other.gif", "is a GIF file, which is not read here: convert it to PNG"),
        ("other.bmp", "is a BMP file"),
        ("other.tiff", "is a TIFF file"),
        ("animated.webp", "is no usable WebP: it is an animation"),
    ] {
        let reason = read(&fixtures().join(name)).unwrap_err();
        assert!(reason.contains(said), "{name}: {reason}");
    }
    assert!(refusal(b"a letter").contains("begins with none of their signatures"));
    assert!(refusal(b"").contains("is empty"));
}

#[test]
fn what_is_cut_off_is_refused_wherever_it_ends() {
    for name in
        ["rgb.png", "palette.png", "444.jpg", "progressive.jpg", "grey.jpg", "lossy.webp", "lossless.webp"]
    {
        let whole = std::fs::read(fixtures().join(name)).unwrap();
        for length in 0..whole.len() - 1 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x");
            std::fs::write(&path, &whole[..length]).unwrap();
            let read = read(&path);
            assert!(read.is_err(), "{name}: {length} of {} bytes", whole.len());
        }
    }
}

#[test]
fn a_size_is_refused_before_it_is_decoded() {
    let said = |reason: String| assert!(reason.contains("1 to 4096 a side are read"), "{reason}");
    let pixels = zipped(&[0; 99][..]);
    for (width, height) in [(65_535, 65_535), (4097, 1), (1, u32::MAX), (0, 5), (5, 0)] {
        said(refusal(&png(width, height, &[], &pixels)));
    }
    let mut jpeg = std::fs::read(fixtures().join("444.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    said(refusal(&jpeg));
    let mut webp = std::fs::read(fixtures().join("lossless.webp")).unwrap();
    webp[21..25].copy_from_slice(&[0xff, 0xff, 0xff, 0x0f]);
    said(refusal(&webp));
    let mut webp = std::fs::read(fixtures().join("lossy.webp")).unwrap();
    webp[26..30].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    said(refusal(&webp));
}

#[test]
fn pixels_that_unpack_to_more_than_the_image_has_are_refused() {
    // Zeros, a thousandth of their size when compressed, in an image of 8 × 8 pixels.
    let bomb = zipped(std::io::repeat(0).take(256 << 20));
    let reason = refusal(&png(8, 8, &[], &bomb));
    assert!(reason.contains("larger than its pixels can need"), "{reason}");
    // Little enough to be believed, and still more than there are pixels.
    let small = zipped(std::io::repeat(0).take(10 << 20));
    assert!(small.len() < 1 << 16, "{}", small.len());
    let reason = refusal(&png(8, 8, &[], &small));
    assert!(reason.contains("no usable PNG"), "{reason}");
}

#[test]
fn chunks_that_say_nothing_of_the_pixels_are_passed_over() {
    let rows: Vec<u8> = (0..8).flat_map(|y| [&[0][..], &[10 * y; 8]].concat()).collect();
    let plain = png(8, 8, &[], &zipped(&rows[..]));
    let profile = [&b"profile\0\0"[..], &zipped(std::io::repeat(7).take(20 << 20))].concat();
    let more =
        [chunk(b"tEXt", &[b'x'; 1 << 20]), chunk(b"iCCP", &profile), chunk(b"spAM", &[1; 100])].concat();
    let folder = tempfile::tempdir().unwrap();
    let pixels = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        read(&path).unwrap()
    };
    assert_eq!(pixels("more.png", &png(8, 8, &more, &zipped(&rows[..]))), pixels("plain.png", &plain));
    // One that a reader must know.
    assert!(
        refusal(&png(8, 8, &chunk(b"SPAM", &[]), &zipped(&rows[..]))).contains("chunk `SPAM` is not known")
    );
}
