//! What spoke for an answer on a recording.

use super::audio::{pixels, shares};
use super::{DataTable, Figure, Sheet, signed};
use crate::report::chart::scale::tick_text;
use crate::report::chart::svg::Image;
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, TEXT, Text, font};
use crate::report::explanation::{Explanation, Regions};

/// Columns that are drawn; the table has all.
const SHOWN: usize = 15;
const LINE: f64 = 20.0;
const PICTURE: f64 = 130.0;

/// By how much the probability of an answer falls without a column, or without a part of the spectrogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The recording.
    pub file: String,
    /// The model.
    pub model: String,
    /// The answer.
    pub genre: String,
    /// What spoke for it.
    pub explanation: Explanation,
}

impl Explained {
    /// Bars, one a row; where they end.
    fn bars(svg: &mut Svg, title: &str, rows: &[(String, f64)], top: f64, width: f64) -> f64 {
        let shown = &rows[..rows.len().min(SHOWN)];
        if shown.is_empty() {
            return top;
        }
        svg.text((0.0, top + 12.0), title, Text::ink().size(SMALL).bold());
        let top = top + 20.0;
        let names: Vec<_> = shown.iter().map(|(name, _)| font::fitted(name, TEXT, false, 200.0)).collect();
        let left = names.iter().map(|name| font::width(name, TEXT, false)).fold(0.0, f64::max) + 10.0;
        let values = || shown.iter().map(|(_, fall)| *fall);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(1e-9, f64::max));
        let scale = Scale::linear((low, high), (left + if low < 0.0 { 44.0 } else { 0.0 }, width - 44.0));
        for (at, ((_, fall), name)) in shown.iter().zip(&names).enumerate() {
            let y = top + LINE * at as f64;
            let (zero, end) = (scale.at(0.0), scale.at(*fall));
            svg.text((left - 10.0, y + 14.0), name, Text::ink().end());
            let paint = if *fall < 0.0 { Paint::Warn } else { Paint::Accent };
            svg.rect((zero.min(end), y + 4.0), ((end - zero).abs(), LINE - 8.0), Mark::fill(paint));
            let text = signed(100.0 * fall);
            match *fall < 0.0 {
                true => svg.text((end - 6.0, y + 14.0), &text, Text::muted().end()),
                false => svg.text((end + 6.0, y + 14.0), &text, Text::muted()),
            }
        }
        top + LINE * shown.len() as f64 + 14.0
    }
}

impl Regions {
    /// The spectrogram, and below it what each part of it is worth; where they end.
    fn draw(&self, svg: &mut Svg, top: f64, width: f64) -> f64 {
        let (left, right) = (52.0, width - 10.0);
        let (start, end) = (self.times.first().map_or(0.0, |t| t.0), self.times.last().map_or(1.0, |t| t.1));
        let across = Scale::linear((start, end.max(start + 1e-3)), (left, right));
        let title =
            |svg: &mut Svg, y: f64, text: &str| svg.text((left, y), text, Text::ink().size(SMALL).bold());
        title(svg, top + 12.0, "Spectrogram, as the model reads it");
        let picture = top + 20.0;
        let size = (right - left, PICTURE);
        svg.image(Image {
            at: (left, picture),
            size,
            pixels: pixels(&shares(&self.spectrogram.t().to_owned())),
        });
        let heat = picture + PICTURE + 22.0;
        let most = self.falls.iter().fold(1e-9_f64, |most, fall| most.max(fall.abs()));
        let (up, down) = (signed(100.0 * most), signed(-100.0 * most));
        let text =
            format!("Fall of the probability without a part, in points: from {down} (orange) to {up} (blue)");
        title(svg, heat - 7.0, &text);
        let height = PICTURE / self.rows.len().max(1) as f64;
        for ((band, time), fall) in self.falls.indexed_iter() {
            let (from, to) = (across.at(self.times[time].0), across.at(self.times[time].1));
            let y = heat + PICTURE - height * (band + 1) as f64;
            let tip = signed(100.0 * fall);
            svg.rect((from, y), (to - from, height), Mark::fill(Paint::Difference(fall / most)).tip(&tip));
        }
        for (band, (first, last)) in self.rows.iter().enumerate().filter(|(band, _)| band % 2 == 0) {
            let y = heat + PICTURE - height * (band as f64 + 0.5) + 4.0;
            let text = format!("{first}–{}", last.saturating_sub(1));
            svg.text((left - 6.0, y), &text, Text::muted().size(SMALL).end());
        }
        let axis = heat + PICTURE;
        for tick in across.ticks(8) {
            svg.text((across.at(tick), axis + 16.0), &tick_text(tick), Text::muted().size(SMALL).middle());
        }
        svg.text(
            (f64::midpoint(left, right), axis + 32.0),
            "seconds; rows of the spectrogram, the lowest below",
            Text::muted().size(SMALL).middle(),
        );
        axis + 46.0
    }
}

impl Figure for Explained {
    fn title(&self) -> String {
        format!("{}: {} by {}", self.file, self.genre, self.model)
    }

    fn note(&self) -> String {
        format!(
            "{} with a probability of {:.2}; by how many points it falls without each part. Below 0 speaks against it.",
            self.genre, self.explanation.probability
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let mut svg = Svg::new(sheet.width, 0.0, sheet.theme);
        let mut top = 0.0;
        if let Some(regions) = &self.explanation.regions {
            top = regions.draw(&mut svg, top, sheet.width);
        }
        top = Self::bars(&mut svg, "Groups of columns", &self.explanation.groups, top, sheet.width);
        let title = format!(
            "The first {} of {} columns",
            self.explanation.columns.len().min(SHOWN),
            self.explanation.columns.len()
        );
        svg.height = Self::bars(&mut svg, &title, &self.explanation.columns, top, sheet.width) + 4.0;
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(2, ["kind", "part", "fall, points"]);
        let row =
            |kind: &str, name: String, fall: f64| vec![kind.to_owned(), name, format!("{:.2}", 100.0 * fall)];
        table
            .rows
            .extend(self.explanation.groups.iter().map(|(name, fall)| row("group", name.clone(), *fall)));
        table
            .rows
            .extend(self.explanation.columns.iter().map(|(name, fall)| row("column", name.clone(), *fall)));
        if let Some(regions) = &self.explanation.regions {
            table.rows.extend(regions.falls.indexed_iter().map(|((band, time), fall)| {
                let ((first, last), (from, to)) = (regions.rows[band], regions.times[time]);
                row("region", format!("rows {first}–{}, {from:.1}–{to:.1} s", last.saturating_sub(1)), *fall)
            }));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn columns_are_bars_and_regions_are_cells() {
        let explained = Explained {
            file: "song.wav".to_owned(),
            model: "mlfi".to_owned(),
            genre: "rock".to_owned(),
            explanation: Explanation {
                class: 0,
                probability: 0.75,
                groups: vec![("mfcc".to_owned(), 0.5)],
                columns: vec![("mfcc1_mean".to_owned(), 0.25), ("tempo".to_owned(), -0.1)],
                regions: Some(Regions {
                    falls: array![[0.5, 0.0], [-0.25, 0.1]],
                    times: vec![(0.0, 1.5), (1.5, 3.0)],
                    rows: vec![(0, 4), (4, 8)],
                    spectrogram: Array2::from_shape_fn((8, 6), |(row, column)| (row + column) as f32),
                }),
            },
        };
        let drawn = explained.draw(Sheet::page(600.0)).file("x", "");
        assert_eq!(drawn.matches("<image").count(), 1, "{drawn}");
        assert!(drawn.contains(">mfcc1_mean<") && drawn.contains(">−10.0<") && drawn.contains(">0–3<"));
        let table = explained.table();
        assert_eq!(table.rows[0], ["group", "mfcc", "50.00"]);
        assert_eq!(
            table.rows.last().map(Vec::as_slice),
            Some(&["region".to_owned(), "rows 4–7, 1.5–3.0 s".to_owned(), "10.00".to_owned()][..])
        );
        assert_eq!(table.rows.len(), 1 + 2 + 4);
    }
}
