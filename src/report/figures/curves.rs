//! How networks learned: loss and accuracy on the training and validation parts, epoch by epoch.

use super::{DataTable, Figure, Sheet, percent};
use crate::report::Results;
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, bottom_axis, left_axis};
use genre_bench_api::Epoch;

/// Points of a line at most; more are no finer to see.
const MOST_POINTS: usize = 40;

/// The training histories of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    model: String,
    folds: Vec<History>,
}

#[derive(Debug, Clone, PartialEq)]
struct History {
    fold: String,
    epochs: Vec<Epoch>,
    /// The epoch whose weights were kept, from 0.
    kept: usize,
}

/// A quantity of a panel: on the training part and, where there is one, the validation part.
type Quantity = (fn(&Epoch) -> f64, fn(&Epoch) -> Option<f64>);

impl Curves {
    /// Of a model of a run, by its number; `None` where it has no history.
    pub fn of(results: &Results, model: usize) -> Option<Self> {
        let history = |cell: crate::report::results::FoldResult| {
            let insights = &cell.record.insights;
            let best = insights.numbers.iter().find(|(name, _)| name == "best epoch");
            let last = insights.history.len().checked_sub(1)?;
            let kept = best.map_or(last, |(_, number)| (*number as usize).saturating_sub(1).min(last));
            Some(History { fold: cell.name(), epochs: insights.history.clone(), kept })
        };
        let folds: Vec<History> = results.fold_results(model).filter_map(history).collect();
        let model = results.plan.models[model].name.clone();
        (!folds.is_empty()).then_some(Self { model, folds })
    }

    fn longest(&self) -> usize {
        self.folds.iter().map(|history| history.epochs.len()).max().unwrap_or(1)
    }

    fn is_validated(&self) -> bool {
        self.folds.iter().flat_map(|history| &history.epochs).any(|epoch| epoch.valid.is_some())
    }

    fn panel(
        &self,
        svg: &mut Svg,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
        title: &str,
        of: Quantity,
    ) {
        let (train, valid) = of;
        let epochs = || self.folds.iter().flat_map(|history| &history.epochs);
        let values =
            || epochs().map(train).chain(epochs().filter_map(valid)).filter(|value| value.is_finite());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        if !low.is_finite() {
            return;
        }
        let up = Scale::linear((low.min(0.0), high), (bottom, top)).nice(4);
        let across = Scale::linear((1.0, self.longest().max(2) as f64), (left, right));
        left_axis(svg, &up, left, right, 4, "");
        svg.text((left - 30.0, top - 12.0), title, Text::ink().size(SMALL).bold());
        bottom_axis(svg, &across, bottom, bottom, 5, "epoch");
        let main = Mark::stroke(Paint::Accent, 1.25).faded(0.8);
        let aside = Mark::stroke(Paint::Muted, 1.25).dashed("3 2");
        for History { epochs, kept, fold } in &self.folds {
            // Every so manyeth epoch, and the last.
            let every = epochs.len().div_ceil(MOST_POINTS);
            let kept_epochs = |at: &usize| at.is_multiple_of(every) || *at + 1 == epochs.len();
            let shown = || (0..epochs.len()).filter(kept_epochs);
            let place = |at: usize, value: f64| (across.at(at as f64 + 1.0), up.at(value));
            let line = shown().map(|at| place(at, train(&epochs[at])));
            svg.polyline(line, if self.is_validated() { aside } else { main.tip(fold) });
            let line = shown().filter_map(|at| Some(place(at, valid(&epochs[at])?)));
            svg.polyline(line, main.tip(fold));
            if let Some(value) = epochs.get(*kept).and_then(valid) {
                svg.circle(place(*kept, value), 3.0, Mark::fill(Paint::Accent).tip(fold));
            }
        }
    }
}

impl Figure for Curves {
    fn title(&self) -> String {
        format!("Training of {}", self.model)
    }

    fn note(&self) -> String {
        let kept = if self.is_validated() {
            " Dots: the epoch whose weights were kept."
        } else {
            " There is no validation part: the last epoch's weights were kept."
        };
        format!("One line a fold; training loss and accuracy are those at the moment of each step.{kept}")
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const HEIGHT: f64 = 170.0;
        let (top, loss, accuracy): (f64, Quantity, Quantity) = (
            26.0,
            (|epoch| epoch.train_loss, |epoch| Some(epoch.valid?.loss)),
            (|epoch| 100.0 * epoch.train_accuracy, |epoch| Some(100.0 * epoch.valid?.accuracy)),
        );
        let stacked = sheet.is_narrow();
        let mut svg = Svg::new(sheet.width, 0.0, sheet.theme);
        let bottom = top + HEIGHT;
        let below = if stacked {
            let next = bottom + 62.0;
            self.panel(&mut svg, (34.0, sheet.width - 8.0), (top, bottom), "loss", loss);
            self.panel(&mut svg, (34.0, sheet.width - 8.0), (next, next + HEIGHT), "accuracy, %", accuracy);
            next + HEIGHT
        } else {
            let middle = sheet.width / 2.0;
            self.panel(&mut svg, (34.0, middle - 16.0), (top, bottom), "loss", loss);
            self.panel(&mut svg, (middle + 34.0, sheet.width - 8.0), (top, bottom), "accuracy, %", accuracy);
            bottom
        };
        let entries = if self.is_validated() {
            vec![
                Entry::new(Paint::Muted, Shape::Dashed, "training"),
                Entry::new(Paint::Accent, Shape::Line, "validation"),
                Entry::new(Paint::Accent, Shape::Dot, "kept"),
            ]
        } else {
            vec![Entry::new(Paint::Accent, Shape::Line, "training")]
        };
        svg.height = below + 44.0 + legend(&mut svg, (34.0, below + 42.0), sheet.width - 42.0, &entries);
        svg
    }

    fn table(&self) -> DataTable {
        let heads = [
            "fold",
            "epochs",
            "kept",
            "train loss",
            "train acc.",
            "valid. loss",
            "valid. acc.",
            "valid. F1",
            "s",
        ];
        let mut table = DataTable::new(1, heads);
        for History { fold, epochs, kept } in &self.folds {
            let Some(epoch) = epochs.get(*kept) else { continue };
            let valid = epoch.valid.map_or([const { String::new() }; 3], |valid| {
                [format!("{:.3}", valid.loss), percent(valid.accuracy), percent(valid.macro_f1)]
            });
            let seconds: f64 = epochs.iter().map(|epoch| epoch.seconds).sum();
            let own = [
                fold.clone(),
                epochs.len().to_string(),
                (kept + 1).to_string(),
                format!("{:.3}", epoch.train_loss),
                percent(epoch.train_accuracy),
            ];
            table.rows.push(own.into_iter().chain(valid).chain([format!("{seconds:.1}")]).collect());
        }
        table
    }
}
