//! A small chart kit: what a picture of results is drawn with, as SVG.
//!
//! | file | what |
//! |---|---|
//! | [`svg`] | marks: lines, rectangles, circles, paths, text |
//! | [`scale`] | from values to places, with ticks at round numbers |
//! | [`axis`] | ticks, grid lines and titles of a scale |
//! | [`labels`] | names beside what they name, without covering each other |
//! | [`legend`] | what colours mean, where names cannot stand beside the marks |
//! | [`paint`] | colours by what they are for, in a light, a dark and a printed theme |
//! | [`font`], [`subset`] | how wide a text is in the typeface that drawings use, and the letters that go into a file |
//! | [`png`] | pictures of pixels, which spectrograms are |
//! | [`escape`], [`base64`] | names of others as text of XML and HTML, and bytes |
//! | [`file`] | drawings as SVG, PNG and PDF |
//!
//! Lengths are CSS pixels, 1/96 inch; y grows downwards. Everything that is drawn can be told from its neighbours
//! without its colour: by a label, a place, a dash or a shape.

pub mod axis;
pub mod base64;
pub mod escape;
pub mod file;
pub mod font;
pub mod labels;
pub mod legend;
pub mod paint;
#[cfg(feature = "figures")]
mod pdf;
pub mod png;
pub mod scale;
pub mod subset;
pub mod svg;

pub use axis::{bottom_axis, left_axis};
pub use escape::escaped;
pub use paint::{Paint, Theme};
pub use scale::Scale;
pub use svg::{Align, Mark, Svg, Text};

/// Size of ordinary text.
pub const TEXT: f64 = 12.0;
/// Size of what stands in the background: ticks, notes.
pub const SMALL: f64 = 11.0;
