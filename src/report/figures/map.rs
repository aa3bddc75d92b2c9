//! Tracks in a plane, near each other where models take them for alike.

use super::pca::project;
use super::{DataTable, Figure, Sheet};
use crate::report::chart::labels::spread;
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, font};
use crate::report::{Leaderboard, Results};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Misclassified tracks at most that say their names when they are pointed at.
const NAMED: usize = 800;

/// Tracks by what all models think of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// The model whose errors are marked.
    leader: String,
    models: usize,
    classes: Vec<String>,
    tracks: Vec<Spot>,
    /// Share of the variance in either direction.
    shares: [f64; 2],
}

#[derive(Debug, Clone, PartialEq)]
struct Spot {
    name: String,
    at: (f64, f64),
    truth: usize,
    /// What the leader takes it for, by the mean scores of its examples.
    taken_for: usize,
}

impl Map {
    /// Of the tested tracks of a run and all models that finished it; `None` without one, or with fewer than three tracks.
    pub fn of(results: &Results, board: &Leaderboard) -> Option<Self> {
        let rows: Vec<_> = board.rows.iter().filter(|row| row.is_complete()).collect();
        let classes = results.catalogue.classes.len();
        let models: Vec<usize> = rows.iter().filter_map(|row| results.model(&row.model).ok()).collect();
        // Sum of scores of each tested track, one block of classes a model.
        let width = models.len() * classes;
        let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (block, &model) in models.iter().enumerate() {
            for cell in results.fold_results(model) {
                for (&example, scores) in cell.fold.test.iter().zip(&cell.record.test_scores) {
                    let track = results.catalogue.examples[example].track;
                    let sum = sums.entry(track).or_insert_with(|| vec![0.0; width]);
                    let own = &mut sum[block * classes..][..classes];
                    own.iter_mut().zip(scores).for_each(|(sum, score)| *sum += f64::from(*score));
                }
            }
        }
        let mut of_track: Vec<usize> = vec![0; results.catalogue.tracks.len()];
        results.catalogue.examples.iter().for_each(|example| of_track[example.track] = example.label);
        let mut tested: BTreeMap<usize, f64> = BTreeMap::new();
        for fold in &results.folds {
            fold.test
                .iter()
                .for_each(|&e| *tested.entry(results.catalogue.examples[e].track).or_default() += 1.0);
        }
        let points = Array2::from_shape_vec(
            (sums.len(), width),
            sums.iter().flat_map(|(track, sum)| sum.iter().map(|sum| sum / tested[track])).collect(),
        )
        .ok()?;
        if models.is_empty() || points.nrows() < 3 {
            return None;
        }
        let (projected, shares) = project(&points);
        let spot = |((track, sum), at): ((&usize, &Vec<f64>), ndarray::ArrayView1<f64>)| {
            let own = &sum[..classes];
            let taken_for =
                (0..classes).fold(0, |best, class| if own[class] > own[best] { class } else { best });
            let (name, truth) = (results.catalogue.tracks[*track].clone(), of_track[*track]);
            Spot { name, at: (at[0], at[1]), truth, taken_for }
        };
        Some(Self {
            leader: rows.first()?.model.clone(),
            models: models.len(),
            classes: results.catalogue.classes.clone(),
            tracks: sums.iter().zip(projected.rows()).map(spot).collect(),
            shares,
        })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

impl Figure for Map {
    fn title(&self) -> String {
        "Map of the tracks".to_owned()
    }

    fn note(&self) -> String {
        let wrong = self.tracks.iter().filter(|spot| spot.taken_for != spot.truth).count();
        format!(
            "Each dot is a tested track, coloured by its genre; rings are the {wrong} of {} that {} gets wrong. Tracks are near \
             each other where the {} models score them alike: the first two principal components of all their standardised \
             scores ({:.0} and {:.0} % of the variance).",
            self.tracks.len(),
            self.leader,
            self.models,
            100.0 * self.shares[0],
            100.0 * self.shares[1]
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let labels = if sheet.is_narrow() { 78.0 } else { 110.0 };
        let (left, right) = (8.0, sheet.width - labels);
        let height = (0.72 * sheet.width).clamp(280.0, 460.0);
        let (top, bottom) = (8.0, height);
        let ends = |of: fn(&Spot) -> f64| {
            let values = || self.tracks.iter().map(of);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        let across = Scale::linear(ends(|spot| spot.at.0), (left + 6.0, right - 10.0));
        let up = Scale::linear(ends(|spot| spot.at.1), (bottom - 8.0, top + 8.0));
        let place = |spot: &Spot| (across.at(spot.at.0), up.at(spot.at.1));
        let mut svg = Svg::new(sheet.width, bottom + 4.0, sheet.theme);
        let frame = (right - left, bottom - top);
        svg.rect((left, top), frame, Mark::stroke(Paint::Rule, 1.0));
        let wrong = self.tracks.iter().filter(|spot| spot.taken_for != spot.truth).count();
        let named = wrong <= NAMED && !sheet.is_narrow();
        let mut middles = Vec::new();
        for (class, name) in self.classes.iter().enumerate() {
            let own: Vec<&Spot> = self.tracks.iter().filter(|spot| spot.truth == class).collect();
            if own.is_empty() {
                continue;
            }
            let middle = median(own.iter().map(|spot| place(spot).1).collect());
            middles.push((class, middle, median(own.iter().map(|spot| place(spot).0).collect())));
            let paint = Paint::Class(class);
            let (right, wrong): (Vec<&Spot>, Vec<&Spot>) =
                own.into_iter().partition(|spot| spot.taken_for == spot.truth);
            svg.painted(Mark::fill(paint).faded(0.75), |svg| {
                right.iter().for_each(|spot| svg.circle(place(spot), 2.6, Mark::inherited()));
            });
            svg.painted(Mark::stroke(paint, 1.25), |svg| {
                for spot in wrong {
                    let tip = format!("{}: {name}, taken for {}", spot.name, self.classes[spot.taken_for]);
                    let mark = if named { Mark::inherited().tip(&tip) } else { Mark::inherited() };
                    svg.circle(place(spot), 3.2, mark);
                }
            });
        }
        // Names beside the field, each with a line to the middle of its tracks.
        let wanted: Vec<f64> = middles.iter().map(|(_, y, _)| *y).collect();
        let gap = ((bottom - top - 20.0) / middles.len().max(1) as f64).min(18.0);
        for ((class, y, x), place) in middles.iter().zip(spread(&wanted, gap, (top + 10.0, bottom - 10.0))) {
            let paint = Paint::Class(*class);
            svg.path(
                &crate::report::chart::svg::path_through([
                    (*x, *y),
                    (right + 4.0, place),
                    (right + 10.0, place),
                ]),
                Mark::stroke(paint, 0.75).faded(0.4),
            );
            svg.circle((*x, *y), 4.5, Mark::fill(paint).outlined(Paint::Surface, 1.5));
            let name = font::fitted(&self.classes[*class], SMALL, true, labels - 16.0);
            svg.circle((right + 13.0, place), 3.0, Mark::fill(paint));
            svg.text((right + 20.0, place + 4.0), &name, Text::ink().size(SMALL).bold());
        }
        let wrong = format!("wrong by {}", self.leader);
        let entries = [
            Entry::new(Paint::Muted, Shape::Dot, "right"),
            Entry::new(Paint::Muted, Shape::Ring, font::fitted(&wrong, SMALL, false, 200.0)),
        ];
        svg.height = bottom + 8.0 + legend(&mut svg, (left, bottom + 8.0), right - left, &entries);
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(1, ["genre", "tracks", "wrong", "middle, across", "middle, up"]);
        for (class, name) in self.classes.iter().enumerate() {
            let own = || self.tracks.iter().filter(|spot| spot.truth == class);
            let wrong = own().filter(|spot| spot.taken_for != spot.truth).count();
            let middle = |of: fn(&Spot) -> f64| format!("{:.2}", median(own().map(of).collect()));
            table.rows.push(vec![
                name.clone(),
                own().count().to_string(),
                wrong.to_string(),
                middle(|spot| spot.at.0),
                middle(|spot| spot.at.1),
            ]);
        }
        table
    }
}
