//! Marks, written as SVG.

use super::base64::base64;
use super::escape::{escaped, number};
use super::{Paint, TEXT, Theme, font, png};
use ndarray::Array2;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Pixels around a drawing that is a file of its own.
pub const MARGIN: f64 = 8.0;

/// A drawing.
#[derive(Debug, Clone)]
pub struct Svg {
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// Where it is looked at.
    pub theme: Theme,
    body: String,
    images: Vec<Image>,
}

/// A picture of pixels in a drawing.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its corner above on the left.
    pub at: (f64, f64),
    /// Its width and height, which the pixels are stretched to.
    pub size: (f64, f64),
    /// Numbers of colours of [`png::COLOURS`], rows from above.
    pub pixels: Array2<u8>,
}

/// How a mark is painted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mark<'t> {
    fill: Option<Paint>,
    stroke: Option<(Paint, f64)>,
    dash: Option<&'static str>,
    opacity: Option<f64>,
    tip: Option<&'t str>,
    is_inherited: bool,
}

impl<'t> Mark<'t> {
    /// Painted as the group that it stands in, see [`Svg::painted`].
    pub fn inherited() -> Self {
        Self { is_inherited: true, ..Self::default() }
    }

    /// Filled.
    pub fn fill(paint: Paint) -> Self {
        Self { fill: Some(paint), ..Self::default() }
    }

    /// A line of some width.
    pub fn stroke(paint: Paint, width: f64) -> Self {
        Self { stroke: Some((paint, width)), ..Self::default() }
    }

    /// With an outline of some width.
    pub fn outlined(self, paint: Paint, width: f64) -> Self {
        Self { stroke: Some((paint, width)), ..self }
    }

    /// Dashed, by lengths of dashes and gaps.
    pub fn dashed(self, dash: &'static str) -> Self {
        Self { dash: Some(dash), ..self }
    }

    /// Partly transparent, 0–1.
    pub fn faded(self, opacity: f64) -> Self {
        Self { opacity: Some(opacity), ..self }
    }

    /// With what is told when it is pointed at.
    pub fn tip(self, tip: &'t str) -> Self {
        Self { tip: Some(tip), ..self }
    }
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    paint: Paint,
    size: f64,
    bold: bool,
    align: Align,
    turned: bool,
    halo: bool,
}

impl Text {
    /// Ordinary text.
    pub fn ink() -> Self {
        Self { paint: Paint::Ink, size: TEXT, bold: false, align: Align::Start, turned: false, halo: false }
    }

    /// As the group that it stands in, see [`Svg::set`].
    pub fn inherited() -> Self {
        Self::ink()
    }

    /// Text of the second rank.
    pub fn muted() -> Self {
        Self { paint: Paint::Muted, ..Self::ink() }
    }

    /// In a colour.
    pub fn paint(self, paint: Paint) -> Self {
        Self { paint, ..self }
    }

    /// In a size.
    pub fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    /// In semi-bold.
    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// With its middle at its place.
    pub fn middle(self) -> Self {
        Self { align: Align::Middle, ..self }
    }

    /// With its end at its place.
    pub fn end(self) -> Self {
        Self { align: Align::End, ..self }
    }

    /// Read from below, turned around its place.
    pub fn turned(self) -> Self {
        Self { turned: true, ..self }
    }

    /// With a rim in the colour of the ground, for text that stands on marks.
    pub fn halo(self) -> Self {
        Self { halo: true, ..self }
    }
}

impl Svg {
    /// An empty one.
    pub fn new(width: f64, height: f64, theme: Theme) -> Self {
        Self { width, height, theme, body: String::new(), images: Vec::new() }
    }

    /// A straight line.
    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), mark: Mark) {
        self.path(&format!("M{} {}L{} {}", number(x1), number(y1), number(x2), number(y2)), mark);
    }

    /// A rectangle by its corner above on the left.
    pub fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), mark: Mark) {
        let place = [x, y, width.max(0.0), height.max(0.0)].map(number);
        let [x, y, width, height] = place;
        self.element("rect", &format!(r#"x="{x}" y="{y}" width="{width}" height="{height}""#), mark);
    }

    /// A circle.
    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, mark: Mark) {
        let [x, y, radius] = [x, y, radius].map(number);
        self.element("circle", &format!(r#"cx="{x}" cy="{y}" r="{radius}""#), mark);
    }

    /// A picture of pixels.
    pub fn image(&mut self, image: Image) {
        let place = [image.at.0, image.at.1, image.size.0, image.size.1].map(number);
        let ([x, y, width, height], png) = (place, base64(&png::file(&image.pixels)));
        let _ = write!(
            self.body,
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/png;base64,{png}"/>"#
        ); // writing to a string cannot fail
        self.images.push(image);
    }

    /// The pictures of pixels in it.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// A path in the words of SVG.
    pub fn path(&mut self, d: &str, mark: Mark) {
        self.element("path", &format!(r#"d="{d}""#), mark);
    }

    /// A line through points.
    pub fn polyline(&mut self, points: impl IntoIterator<Item = (f64, f64)>, mark: Mark) {
        let d = path_through(points);
        if !d.is_empty() {
            self.path(&d, mark);
        }
    }

    /// A text; `y` is its base line.
    pub fn text(&mut self, (x, y): (f64, f64), text: &str, style: Text) {
        let _ = write!(self.body, r#"<text x="{}" y="{}""#, number(x), number(y)); // writing to a string cannot fail
        if style.turned {
            let _ = write!(self.body, r#" transform="rotate(-90 {} {})""#, number(x), number(y));
        }
        self.style(style);
        let _ = write!(self.body, ">{}</text>", escaped(text));
    }

    /// Texts that are set alike, which then need not say so themselves.
    pub fn set(&mut self, style: Text, draw: impl FnOnce(&mut Self)) {
        self.body.push_str("<g");
        self.style(style);
        self.body.push('>');
        draw(self);
        self.body.push_str("</g>");
    }

    /// What differs from ordinary text, as attributes.
    fn style(&mut self, style: Text) {
        if style.size != TEXT {
            let _ = write!(self.body, r#" font-size="{}""#, number(style.size));
        }
        if style.bold {
            self.body.push_str(r#" font-weight="600""#);
        }
        match style.align {
            Align::Start => {}
            Align::Middle => self.body.push_str(r#" text-anchor="middle""#),
            Align::End => self.body.push_str(r#" text-anchor="end""#),
        }
        if style.paint != Paint::Ink {
            let _ = write!(self.body, r#" fill="{}""#, style.paint.value(self.theme));
        }
        if style.halo {
            let ground = Paint::Surface.value(self.theme);
            let rim = r#"stroke-width="3" stroke-linejoin="round" paint-order="stroke""#;
            let _ = write!(self.body, r#" stroke="{ground}" {rim}"#);
        }
    }

    /// Marks that belong together, with attributes of data for the page's script, such as `("n", "svm")` for `data-n`.
    pub fn group(&mut self, data: &[(&str, &str)], draw: impl FnOnce(&mut Self)) {
        self.body.push_str("<g");
        for (name, value) in data {
            let _ = write!(self.body, r#" data-{name}="{}""#, escaped(value));
        }
        self.body.push('>');
        draw(self);
        self.body.push_str("</g>");
    }

    /// Marks that are painted alike, which then need not say so themselves.
    pub fn painted(&mut self, mark: Mark, draw: impl FnOnce(&mut Self)) {
        self.body.push_str("<g");
        self.paint(mark);
        self.body.push('>');
        draw(self);
        self.body.push_str("</g>");
    }

    fn element(&mut self, name: &str, place: &str, mark: Mark) {
        let _ = write!(self.body, "<{name} {place}"); // writing to a string cannot fail
        if !mark.is_inherited {
            self.paint(mark);
        }
        match mark.tip {
            Some(tip) => {
                let _ = write!(self.body, "><title>{}</title></{name}>", escaped(tip));
            }
            None => self.body.push_str("/>"),
        }
    }

    fn paint(&mut self, mark: Mark) {
        match mark.fill {
            Some(Paint::Ink) => {}
            Some(paint) => {
                let _ = write!(self.body, r#" fill="{}""#, paint.value(self.theme));
            }
            None => self.body.push_str(r#" fill="none""#),
        }
        if let Some((paint, width)) = mark.stroke {
            let _ = write!(self.body, r#" stroke="{}""#, paint.value(self.theme));
            if width != 1.0 {
                let _ = write!(self.body, r#" stroke-width="{}""#, number(width));
            }
        }
        if let Some(dash) = mark.dash {
            let _ = write!(self.body, r#" stroke-dasharray="{dash}""#);
        }
        if let Some(opacity) = mark.opacity {
            let _ = write!(self.body, r#" opacity="{}""#, number(opacity));
        }
    }

    /// As an element of the page; `described` is read out in its place, and `class` is for the style sheet.
    pub fn in_page(&self, class: &str, described: &str) -> String {
        let [width, height] = [self.width, self.height].map(number);
        format!(
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{}">{}</svg>"#,
            escaped(described),
            self.body
        )
    }

    /// Width and height in pixels of a file of its own, with the [`MARGIN`] around it.
    pub fn size_of_file(&self) -> [f64; 2] {
        [self.width, self.height].map(|length| length + 2.0 * MARGIN)
    }

    /// The letters that stand in it, as a style sheet; some more, because those of its marks' names are among them.
    pub fn letters(&self) -> String {
        let characters: BTreeSet<char> = self.body.chars().collect();
        font::faces_of(&characters, self.body.contains(r#"font-weight="600""#))
    }

    /// As a file of its own, on a ground of its own, with `style` as its style sheet.
    pub fn file(&self, title: &str, style: &str) -> String {
        let [width, height] = self.size_of_file().map(number);
        let start = number(-MARGIN);
        let style = if style.is_empty() { String::new() } else { format!("<style>{style}</style>") };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{start} {start} {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"{}\" font-size=\"{TEXT}\" fill=\"{}\"><title>{}</title>{style}\
             <rect x=\"{start}\" y=\"{start}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>{}</svg>\n",
            font::FAMILY,
            Paint::Ink.value(self.theme),
            escaped(title),
            Paint::Surface.value(self.theme),
            self.body
        )
    }
}

/// The words of a path through points.
pub fn path_through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (at, (x, y)) in points.into_iter().enumerate() {
        // Whole tenths of a pixel are finer than any screen.
        let [x, y] = [x, y].map(|place| number((10.0 * place).round() / 10.0));
        let letter = if at == 0 { 'M' } else { 'L' };
        let _ = write!(d, "{letter}{x} {y}");
    }
    d
}
