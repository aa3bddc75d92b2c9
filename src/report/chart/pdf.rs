//! Drawings as PDF: a page of their size, with the letters that they use and their pictures of pixels.

use super::file::tree;
use super::svg::{Image, MARGIN};
use super::{Svg, png};
use crate::error::{Error, Result};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};
use std::collections::HashMap;

/// Units of a page, 1/72 inch, of a pixel, 1/96 inch.
const UNITS: f64 = 72.0 / 96.0;

/// A drawing as the bytes of a PDF file. Pictures of pixels are put in by themselves: svg2pdf would need decoders that take
/// longer to build than all the rest.
///
/// # Errors
///
/// The drawing is not what svg2pdf takes for SVG, which would be a bug.
pub fn pdf(svg: &Svg, title: &str) -> Result<Vec<u8>> {
    let drawing = svg2pdf::to_chunk(&tree(svg, title)?, svg2pdf::ConversionOptions::default());
    let (drawing, root) = drawing.map_err(|e| Error::bug("the drawing as PDF", e))?;
    let mut next = Ref::new(1);
    let [catalog, pages, page, contents, information] = std::array::from_fn(|_| next.bump());
    let mut numbers = HashMap::new();
    let drawing = drawing.renumber(|old| *numbers.entry(old).or_insert_with(|| next.bump()));
    let missing = || Error::bug("the drawing as PDF", "it has no root");
    let root = *numbers.get(&root).ok_or_else(missing)?;
    let images: Vec<(String, Ref, &Image)> = (svg.images().iter().enumerate())
        .map(|(at, image)| (format!("image{at}"), next.bump(), image))
        .collect();

    let [width, height] = svg.size_of_file().map(|length| (UNITS * length) as f32);
    let mut file = Pdf::new();
    file.catalog(catalog).pages(pages);
    file.pages(pages).kids([page]).count(1);
    file.document_info(information).title(TextStr(title)).producer(TextStr("genre-bench, svg2pdf"));
    let mut sheet = file.page(page);
    sheet.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(contents);
    let mut resources = sheet.resources();
    let mut objects = resources.x_objects();
    objects.pair(Name(b"drawing"), root);
    for (name, number, _) in &images {
        objects.pair(Name(name.as_bytes()), *number);
    }
    objects.finish();
    resources.finish();
    sheet.finish();

    // Whatever is shown is one unit wide and high until it is stretched; heights are counted from below.
    let mut content = Content::new();
    content
        .save_state()
        .transform([width, 0.0, 0.0, height, 0.0, 0.0])
        .x_object(Name(b"drawing"))
        .restore_state();
    for (name, _, Image { at, size, .. }) in &images {
        let [across, down, left, top] =
            [size.0, size.1, at.0 + MARGIN, at.1 + MARGIN].map(|length| (UNITS * length) as f32);
        let place = [across, 0.0, 0.0, down, left, height - top - down];
        content.save_state().transform(place).x_object(Name(name.as_bytes())).restore_state();
    }
    let content = content.finish();
    file.stream(contents, &png::compressed(&content)).filter(Filter::FlateDecode);
    for (_, number, Image { pixels, .. }) in &images {
        let bytes: Vec<u8> = pixels.iter().copied().collect();
        let bytes = png::compressed(&bytes);
        let mut object = file.image_xobject(*number, &bytes);
        object.filter(Filter::FlateDecode);
        object.width(pixels.ncols() as i32).height(pixels.nrows() as i32).bits_per_component(8);
        let base = Name(b"DeviceRGB");
        object.color_space().indexed(base, 255, png::COLOURS.as_flattened());
        object.finish();
    }
    file.extend(&drawing);
    Ok(file.finish())
}
