//! Drawings as files of their own: SVG with its typeface inside, PNG and PDF.

use super::Svg;
use crate::error::{Error, Result};

/// A format of drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileKind {
    /// Scalable Vector Graphics, with the typeface in it.
    Svg,
    /// Pixels.
    Png,
    /// Portable Document Format, text as text, with the letters that it uses in it.
    Pdf,
}

impl FileKind {
    /// The one that a file's extension says.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

/// A drawing as the bytes of a file; pixels so many an inch.
///
/// # Errors
///
/// It is too large to be had in pixels, the program was built without the feature `figures` that PNG and PDF need, or the
/// drawing is not what their makers take for SVG, which would be a bug.
pub fn bytes(svg: &Svg, title: &str, kind: FileKind, dots_per_inch: u32) -> Result<Vec<u8>> {
    match kind {
        FileKind::Svg => Ok(svg.file(title, &svg.letters()).into_bytes()),
        FileKind::Png => made::png(svg, title, dots_per_inch),
        FileKind::Pdf => made::pdf(svg, title),
    }
}

#[cfg(not(feature = "figures"))]
mod made {
    use super::{Error, Result, Svg};

    pub(super) fn png(_: &Svg, _: &str, _: u32) -> Result<Vec<u8>> {
        Err(Error::new(
            "PNG",
            "this program was built without it",
            "a name that ends with .svg, or `cargo build --release`, which has it",
        ))
    }

    pub(super) fn pdf(_: &Svg, _: &str) -> Result<Vec<u8>> {
        Err(Error::new(
            "PDF",
            "this program was built without it",
            "a name that ends with .svg, or `cargo build --release`, which has it",
        ))
    }
}

#[cfg(feature = "figures")]
mod made {
    use super::super::svg::{Image, MARGIN};
    use super::super::{font, png};
    use super::{Error, Result, Svg};
    use resvg::tiny_skia::{ColorU8, Pixmap, Transform};
    use resvg::usvg::{Options, Tree, fontdb};
    use std::sync::Arc;

    pub(super) use super::super::pdf::pdf;

    /// Pixels of an inch, in style sheets.
    const PER_INCH: f64 = 96.0;
    /// Pixels of a picture at most: two gigabytes of them.
    const MOST: u64 = 500_000_000;

    pub(super) fn png(svg: &Svg, title: &str, dots_per_inch: u32) -> Result<Vec<u8>> {
        let scale = f64::from(dots_per_inch) / PER_INCH;
        let [width, height] = svg.size_of_file().map(|length| (length * scale).round().max(1.0) as u32);
        let too_large = || {
            let reason = format!("{width} × {height} pixels are too many");
            Error::new("the drawing", reason, "fewer dots per inch (--dpi), or SVG or PDF")
        };
        if u64::from(width) * u64::from(height) > MOST {
            return Err(too_large());
        }
        let mut pixels = Pixmap::new(width, height).ok_or_else(too_large)?;
        // To the last pixel, so that no edge shines through.
        let [across, down] =
            [f64::from(width) / svg.size_of_file()[0], f64::from(height) / svg.size_of_file()[1]];
        let transform = Transform::from_scale(across as f32, down as f32);
        resvg::render(&tree(svg, title)?, transform, &mut pixels.as_mut());
        svg.images().iter().for_each(|image| paint(&mut pixels, image, scale));
        pixels.encode_png().map_err(|e| Error::bug("the drawing as PNG", e))
    }

    /// Paints a picture of pixels, which resvg leaves out: its decoders would take longer to build than all the rest.
    fn paint(onto: &mut Pixmap, image: &Image, scale: f64) {
        let (rows, columns) = image.pixels.dim();
        let width = onto.width() as usize;
        let along = |start: f64, length: f64, most: u32| {
            let end = ((start + MARGIN + length) * scale).round().min(f64::from(most)) as usize;
            (((start + MARGIN) * scale).round() as usize).min(end)..end
        };
        // The cell that the middle of a pixel lies in.
        let cell = |at: usize, start: f64, length: f64, many: usize| {
            let share = ((at as f64 + 0.5) / scale - MARGIN - start) / length;
            ((share * many as f64).max(0.0) as usize).min(many - 1)
        };
        let (across, down) =
            (along(image.at.0, image.size.0, onto.width()), along(image.at.1, image.size.1, onto.height()));
        for y in down {
            let row = cell(y, image.at.1, image.size.1, rows);
            for x in across.clone() {
                let column = cell(x, image.at.0, image.size.0, columns);
                let [red, green, blue] = png::COLOURS[usize::from(image.pixels[[row, column]])];
                onto.pixels_mut()[y * width + x] = ColorU8::from_rgba(red, green, blue, 255).premultiply();
            }
        }
    }

    /// The drawing as resvg and svg2pdf read it.
    pub fn tree(svg: &Svg, title: &str) -> Result<Tree> {
        // Our typeface for what it has, and the system's for names in other scripts.
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        for face in [font::REGULAR, font::SEMIBOLD] {
            fonts.load_font_data(face.to_vec());
        }
        let options =
            Options { fontdb: Arc::new(fonts), font_family: "Inter".to_owned(), ..Options::default() };
        Tree::from_str(&svg.file(title, ""), &options).map_err(|e| Error::bug("the drawing", e))
    }
}

#[cfg(feature = "figures")]
pub(super) use made::tree;

#[cfg(all(test, feature = "figures"))]
mod tests {
    use super::*;
    use crate::report::chart::{Text, Theme};

    #[test]
    fn a_drawing_becomes_a_file_of_each_kind() {
        let mut svg = Svg::new(96.0, 48.0, Theme::Paper);
        svg.text((4.0, 20.0), "a < b & \"c\"", Text::ink());
        let of = |kind| bytes(&svg, "<title>", kind, 192).unwrap();
        let text = String::from_utf8(of(FileKind::Svg)).unwrap();
        assert!(
            text.contains("a &lt; b &amp;") && text.contains("&lt;title&gt;") && text.contains("@font-face")
        );
        let png = of(FileKind::Png);
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(png[16..24], [0, 0, 0, 224, 0, 0, 0, 128]);
        let pdf = of(FileKind::Pdf);
        assert!(
            pdf.starts_with(b"%PDF-") && pdf.windows(10).any(|w| w == b"/FontFile2" || w == b"/FontFile3")
        );
    }
}
