//! What colours mean, where names cannot stand beside the marks.

use super::{Mark, Paint, SMALL, Svg, Text, font};

/// An entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The mark's colour.
    pub paint: Paint,
    /// How the mark looks.
    pub shape: Shape,
    /// What it means.
    pub text: String,
}

/// How a mark of a legend looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A filled circle.
    Dot,
    /// The outline of one.
    Ring,
    /// A line.
    Line,
    /// A dashed line.
    Dashed,
}

impl Entry {
    /// One.
    pub fn new(paint: Paint, shape: Shape, text: impl Into<String>) -> Self {
        Self { paint, shape, text: text.into() }
    }
}

/// Draws entries in lines of at most `width` from a corner above on the left and returns the height that they take.
pub fn legend(svg: &mut Svg, (left, top): (f64, f64), width: f64, entries: &[Entry]) -> f64 {
    const LINE: f64 = 18.0;
    let (mut x, mut y) = (left, top);
    for Entry { paint, shape, text } in entries {
        let taken = 22.0 + font::width(text, SMALL, false);
        if x > left && x + taken > left + width {
            (x, y) = (left, y + LINE);
        }
        let middle = y + 8.0;
        match shape {
            Shape::Dot => svg.circle((x + 5.0, middle), 4.0, Mark::fill(*paint)),
            Shape::Ring => svg.circle((x + 5.0, middle), 3.5, Mark::stroke(*paint, 1.5)),
            Shape::Line => svg.line((x, middle), (x + 12.0, middle), Mark::stroke(*paint, 2.0)),
            Shape::Dashed => {
                svg.line((x, middle), (x + 12.0, middle), Mark::stroke(*paint, 1.5).dashed("3 2"));
            }
        }
        svg.text((x + 16.0, y + 12.0), text, Text::muted().size(SMALL));
        x += taken + 12.0;
    }
    if entries.is_empty() { 0.0 } else { y + LINE - top }
}
