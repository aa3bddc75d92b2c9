//! Ticks, grid lines and titles of a scale.

use super::scale::tick_text;
use super::svg::path_through;
use super::{Mark, Paint, SMALL, Scale, Svg, Text};

/// Draws the axis below a field: ticks at `y`, grid lines up to `top`, the title under the ticks.
pub fn bottom_axis(svg: &mut Svg, scale: &Scale, y: f64, top: f64, ticks: usize, title: &str) {
    let (left, right) = scale.places();
    let ticks: Vec<(f64, String)> =
        scale.ticks(ticks).into_iter().map(|value| (scale.at(value), tick_text(value))).collect();
    // One path and one group, because a page may have hundreds of axes.
    let lines: String = ticks.iter().map(|(x, _)| path_through([(*x, top), (*x, y)])).collect();
    svg.path(&lines, Mark::stroke(Paint::Rule, 1.0));
    svg.set(Text::muted().size(SMALL).middle(), |svg| {
        ticks.iter().for_each(|(x, text)| svg.text((*x, y + 16.0), text, Text::inherited()));
    });
    if !title.is_empty() {
        svg.text((f64::midpoint(left, right), y + 34.0), title, Text::muted().size(SMALL).middle());
    }
}

/// Draws the axis on the left of a field: ticks at `x`, grid lines to `right`, the title above.
pub fn left_axis(svg: &mut Svg, scale: &Scale, x: f64, right: f64, ticks: usize, title: &str) {
    let (bottom, top) = scale.places();
    let ticks: Vec<(f64, String)> =
        scale.ticks(ticks).into_iter().map(|value| (scale.at(value), tick_text(value))).collect();
    let lines: String = ticks.iter().map(|(y, _)| path_through([(x, *y), (right, *y)])).collect();
    svg.path(&lines, Mark::stroke(Paint::Rule, 1.0));
    svg.set(Text::muted().size(SMALL).end(), |svg| {
        ticks.iter().for_each(|(y, text)| svg.text((x - 8.0, y + 4.0), text, Text::inherited()));
    });
    if !title.is_empty() {
        svg.text((x - 8.0, top.min(bottom) - 12.0), title, Text::muted().size(SMALL));
    }
}
