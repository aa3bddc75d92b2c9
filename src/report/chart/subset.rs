//! A typeface with no more than the letters that a drawing uses, which is a fifth of it.
//!
//! Glyphs keep their numbers; those that are not needed lose their outlines (OpenType 1.9.1, `glyf` and `loca`). Kerning
//! and variants of figures go too: places are computed without them.

use std::collections::BTreeSet;
use ttf_parser::{Face, RawFace, Tag};

/// The tables that remain, in the order of their tags.
const TABLES: [&[u8; 4]; 11] =
    [b"OS/2", b"cmap", b"gasp", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"name", b"post"];

/// A TrueType font with the outlines of some characters; `None` of bytes that are no such font.
pub fn subset(font: &[u8], characters: &BTreeSet<char>) -> Option<Vec<u8>> {
    let face = Face::parse(font, 0).ok()?;
    let raw = RawFace::parse(font, 0).ok()?;
    let table = |tag: &[u8; 4]| raw.table(Tag::from_bytes(tag));
    let (glyf, loca, head) = (table(b"glyf")?, table(b"loca")?, table(b"head")?);
    let is_long = number(head, 50)? != 0;
    let offset = |glyph: usize| {
        if is_long {
            let at = 4 * glyph;
            Some((number(loca, at)? << 16) | number(loca, at + 2)?)
        } else {
            Some(2 * number(loca, 2 * glyph)?)
        }
    };
    let outline = |glyph: usize| glyf.get(offset(glyph)?..offset(glyph + 1)?);
    // What stands for unknown characters is always there.
    let mut open = vec![0];
    open.extend(characters.iter().filter_map(|c| Some(usize::from(face.glyph_index(*c)?.0))));
    let mut kept = BTreeSet::new();
    while let Some(glyph) = open.pop() {
        if kept.insert(glyph) {
            open.extend(components(outline(glyph)?)?);
        }
    }
    let (mut new_glyf, mut new_loca) = (Vec::new(), Vec::new());
    let mut place = |at: usize| {
        let at = at as u32;
        if is_long {
            new_loca.extend(at.to_be_bytes());
        } else {
            new_loca.extend(((at / 2) as u16).to_be_bytes());
        }
    };
    for glyph in 0..usize::from(face.number_of_glyphs()) {
        place(new_glyf.len());
        if kept.contains(&glyph) {
            new_glyf.extend(outline(glyph)?);
            // Short offsets count pairs of bytes.
            new_glyf.resize(new_glyf.len().next_multiple_of(2), 0);
        }
    }
    place(new_glyf.len());
    let tables = TABLES.into_iter().filter_map(|tag| {
        Some((
            tag,
            match tag {
                b"glyf" => new_glyf.clone(),
                b"loca" => new_loca.clone(),
                tag => table(tag)?.to_vec(),
            },
        ))
    });
    Some(assembled(tables.collect()))
}

/// The glyphs that a composite glyph is put together from.
fn components(outline: &[u8]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    // A glyph without an outline, or with contours of its own.
    if outline.is_empty() || number(outline, 0)? < 0x8000 {
        return Some(found);
    }
    let mut at = 10;
    loop {
        let flags = number(outline, at)?;
        found.push(number(outline, at + 2)?);
        let places = if flags & 0x1 != 0 { 4 } else { 2 };
        let scale = [(0x8, 2), (0x40, 4), (0x80, 8)].into_iter().find(|(flag, _)| flags & flag != 0);
        at += 4 + places + scale.map_or(0, |(_, bytes)| bytes);
        if flags & 0x20 == 0 {
            return Some(found);
        }
    }
}

/// Two bytes as a number.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

/// Tables as a font file.
fn assembled(tables: Vec<(&[u8; 4], Vec<u8>)>) -> Vec<u8> {
    let many = tables.len();
    let log = many.ilog2();
    let mut out = vec![0, 1, 0, 0];
    for value in [many, 16 << log, log as usize, 16 * many - (16 << log)] {
        out.extend((value as u16).to_be_bytes());
    }
    let mut start = 12 + 16 * many;
    for (tag, bytes) in &tables {
        out.extend(*tag);
        for value in [checksum(bytes), start as u32, bytes.len() as u32] {
            out.extend(value.to_be_bytes());
        }
        start += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// The sum of the words of a table.
fn checksum(bytes: &[u8]) -> u32 {
    let word =
        |chunk: &[u8]| chunk.iter().chain(&[0; 3]).take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    bytes.chunks(4).map(word).fold(0, u32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::font::{REGULAR, SEMIBOLD};

    /// The steps of an outline.
    #[derive(Default)]
    struct Steps(Vec<(f32, f32)>);

    impl ttf_parser::OutlineBuilder for Steps {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.push((x, y));
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.0.push((x, y));
        }
        fn quad_to(&mut self, _: f32, _: f32, x: f32, y: f32) {
            self.0.push((x, y));
        }
        fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
            self.0.push((x, y));
        }
        fn close(&mut self) {}
    }

    #[test]
    fn the_letters_asked_for_look_as_before_and_others_are_empty() {
        // One of them is put together from others.
        let wanted: BTreeSet<char> = "aé−9".chars().collect();
        for font in [REGULAR, SEMIBOLD] {
            let small = subset(font, &wanted).unwrap();
            assert!(small.len() < font.len() / 5, "{}", small.len());
            let (before, after) = (Face::parse(font, 0).unwrap(), Face::parse(&small, 0).unwrap());
            for c in "aé−9eéB".chars() {
                let of = |face: &Face| {
                    let glyph = face.glyph_index(c).unwrap();
                    let mut steps = Steps::default();
                    face.outline_glyph(glyph, &mut steps);
                    (face.glyph_hor_advance(glyph), steps.0)
                };
                let (old, new) = (of(&before), of(&after));
                assert_eq!(old.0, new.0, "the width of {c}");
                assert_eq!(if c == 'B' { Vec::new() } else { old.1 }, new.1, "the outline of {c}");
            }
        }
        assert!(subset(b"no font", &wanted).is_none());
    }
}
