//! How wide a text is in the typeface of drawings: a part of Inter, see `data/fonts`.

use super::base64::base64;
use super::subset::subset;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use ttf_parser::Face;

/// The typeface, first and what stands in for it where it cannot be had.
pub const FAMILY: &str =
    "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/// The typeface in its ordinary weight, as a TrueType font.
pub const REGULAR: &[u8] = include_bytes!("../../../data/fonts/inter-regular.ttf");
/// The same in semi-bold.
pub const SEMIBOLD: &[u8] = include_bytes!("../../../data/fonts/inter-semibold.ttf");

/// Characters whose widths are looked up once: Latin.
const LATIN: usize = 0x250;

/// The typeface for a style sheet, so that a file needs nothing beside it.
pub fn faces() -> String {
    face(REGULAR, 400) + &face(SEMIBOLD, 600)
}

/// The same for a file in which no more than these characters stand, which is a tenth of it.
pub fn faces_of(characters: &BTreeSet<char>, bold: bool) -> String {
    let of =
        |font: &[u8], weight| subset(font, characters).map_or_else(String::new, |font| face(&font, weight));
    of(REGULAR, 400) + &if bold { of(SEMIBOLD, 600) } else { String::new() }
}

fn face(font: &[u8], weight: u16) -> String {
    format!(
        "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}",
        base64(font)
    )
}

/// Width of a text in pixels at a size.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let letters = text.chars().map(|c| advance(c, bold));
    size * letters.sum::<f64>()
}

/// A text that is at most so wide, shortened at its end if it must be.
pub fn fitted(text: &str, size: f64, bold: bool, most: f64) -> Cow<'_, str> {
    if width(text, size, bold) <= most {
        return Cow::Borrowed(text);
    }
    let mut left = most - size * advance('…', bold);
    let mut kept = String::new();
    for c in text.chars() {
        left -= size * advance(c, bold);
        if left < 0.0 {
            break;
        }
        kept.push(c);
    }
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// Width of a character, in parts of the size.
fn advance(c: char, bold: bool) -> f64 {
    static WIDTHS: [OnceLock<Vec<f32>>; 2] = [const { OnceLock::new() }; 2];
    let widths = WIDTHS[usize::from(bold)].get_or_init(|| latin(if bold { SEMIBOLD } else { REGULAR }));
    let is_mark = ('\u{300}'..='\u{36f}').contains(&c);
    // Scripts of Asia are as wide as they are high.
    let elsewhere = if is_mark {
        0.0
    } else if c >= '\u{1100}' {
        1.0
    } else {
        0.62
    };
    widths.get(c as usize).map_or(elsewhere, |width| f64::from(*width))
}

fn latin(font: &[u8]) -> Vec<f32> {
    let Ok(face) = Face::parse(font, 0) else { return Vec::new() };
    let size = f32::from(face.units_per_em());
    let of = |code: usize| {
        let glyph = char::from_u32(code as u32).and_then(|c| face.glyph_index(c));
        glyph.and_then(|glyph| face.glyph_hor_advance(glyph)).map_or(0.62, |width| f32::from(width) / size)
    };
    (0..LATIN).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_typeface() {
        assert!(width("iiii", 12.0, false) < width("mmmm", 12.0, false) / 2.0);
        assert!(width("genre", 12.0, false) < width("genre", 12.0, true));
        assert_eq!(width("日本", 10.0, false), 20.0);
    }

    #[test]
    fn long_names_are_shortened_to_what_fits() {
        assert_eq!(fitted("svm", 12.0, false, 100.0), "svm");
        let name = "a very long name of a model";
        let short = fitted(name, 12.0, false, 60.0);
        assert!(short.ends_with('…') && width(&short, 12.0, false) <= 60.0, "{short}");
    }
}
