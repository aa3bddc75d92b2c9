//! Ticks, grid lines and titles of a scale.

use super::scale::tick_text;
use super::{Mark, Paint, SMALL, Scale, Svg, Text};

/// Draws the axis below a field: ticks at `y`, grid lines up to `top`, the title under the ticks.
pub fn bottom_axis(svg: &mut Svg, scale: &Scale, y: f64, top: f64, ticks: usize, title: &str) {
    let (left, right) = scale.places();
    for value in scale.ticks(ticks) {
        let x = scale.at(value);
        svg.line((x, top), (x, y), Mark::stroke(Paint::Rule, 1.0));
        svg.text((x, y + 16.0), &tick_text(value), Text::muted().size(SMALL).middle());
    }
    if !title.is_empty() {
        svg.text((f64::midpoint(left, right), y + 34.0), title, Text::muted().size(SMALL).middle());
    }
}

/// Draws the axis on the left of a field: ticks at `x`, grid lines to `right`, the title above.
pub fn left_axis(svg: &mut Svg, scale: &Scale, x: f64, right: f64, ticks: usize, title: &str) {
    let (bottom, top) = scale.places();
    for value in scale.ticks(ticks) {
        let y = scale.at(value);
        svg.line((x, y), (right, y), Mark::stroke(Paint::Rule, 1.0));
        svg.text((x - 8.0, y + 4.0), &tick_text(value), Text::muted().size(SMALL).end());
    }
    if !title.is_empty() {
        svg.text((x - 8.0, top.min(bottom) - 12.0), title, Text::muted().size(SMALL));
    }
}
