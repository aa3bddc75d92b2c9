use super::output::unwritable;
use super::tell;
use crate::error::{Error, Result};
use crate::report::chart::file::{FileKind, bytes};
use crate::report::chart::{Theme, svg::MARGIN};
use crate::report::figures::{Figure, Sheet};
use crate::util::{shown::one_line, write_whole};
use std::path::Path;

/// Pixels of a millimetre, in style sheets.
const PER_MILLIMETRE: f64 = 96.0 / 25.4;

/// How a picture is written.
pub(super) struct PictureOptions {
    /// Millimetres.
    pub width: u32,
    /// What it is looked at on.
    pub theme: Theme,
    /// Of PNG.
    pub dots_per_inch: u32,
}

impl Default for PictureOptions {
    /// As wide as a page, on paper.
    fn default() -> Self {
        Self { width: 174, theme: Theme::Paper, dots_per_inch: 300 }
    }
}

/// The format that the name of a picture says.
///
/// # Errors
///
/// It says none.
pub(super) fn kind_of(path: &Path) -> Result<FileKind> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
    extension.as_deref().and_then(FileKind::of_extension).ok_or_else(|| {
        let hint = "end it with .svg, .png or .pdf";
        Error::at(path, "the name does not say which format to write", hint)
    })
}

/// Writes a picture as wide as a page, and says so.
///
/// # Errors
///
/// The name does not say which format, or the file cannot be written.
pub(super) fn write_picture(figure: &dyn Figure, path: &Path) -> Result<()> {
    write_picture_as(figure, path, &PictureOptions::default())
}

/// Writes a picture, and says so.
///
/// # Errors
///
/// As [`write_picture`].
pub(super) fn write_picture_as(figure: &dyn Figure, path: &Path, options: &PictureOptions) -> Result<()> {
    let width = f64::from(options.width) * PER_MILLIMETRE - 2.0 * MARGIN;
    let drawing = figure.draw(Sheet { width, theme: options.theme });
    let file = bytes(&drawing, &figure.title(), kind_of(path)?, options.dots_per_inch)?;
    write_whole(path, &file).map_err(|e| unwritable(path, &e))?;
    tell(format!("wrote {}: {}", one_line(&path.display().to_string()), one_line(&figure.note())));
    Ok(())
}
