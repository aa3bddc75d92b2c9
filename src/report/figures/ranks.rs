//! Mean ranks over several runs, and which models cannot be told apart: a critical-difference diagram.

use super::{DataTable, Figure, Sheet, percent};
use crate::report::across::Across;
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, TEXT, Text, font};

/// Models of several runs by their mean ranks.
#[derive(Debug)]
pub struct Ranks {
    across: Across,
}

impl Ranks {
    /// Of a comparison; or why there is no diagram: runs too few for any pair to be told apart.
    ///
    /// # Errors
    ///
    /// The reason, for people.
    pub fn of(across: Across) -> Result<Self, String> {
        match &across.refused {
            Some(reason) => Err(reason.clone()),
            None => Ok(Self { across }),
        }
    }

    /// Groups of neighbours in rank of which no two are told apart, each as long as it can be.
    fn alike(&self) -> Vec<(usize, usize)> {
        let names: Vec<&str> = self.across.models.iter().map(|model| model.model.as_str()).collect();
        let told = |a: usize, b: usize| {
            let is_pair = |(one, other, p): &&(String, String, f64)| {
                let pair = [one.as_str(), other.as_str()];
                *p < 0.05 && (pair == [names[a], names[b]] || pair == [names[b], names[a]])
            };
            self.across.pairs.iter().any(|pair| is_pair(&pair))
        };
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for first in 0..names.len() {
            let mut last = first;
            while last + 1 < names.len() && (first..=last).all(|member| !told(member, last + 1)) {
                last += 1;
            }
            if last > first && groups.last().is_none_or(|group| group.1 < last) {
                groups.push((first, last));
            }
        }
        groups
    }
}

impl Figure for Ranks {
    fn title(&self) -> String {
        "Mean ranks over the runs".to_owned()
    }

    fn note(&self) -> String {
        format!(
            "Rank 1 is the best; mean over {} runs (Friedman: χ² = {:.2}, p = {:.3}). Bars join models of which no two are told \
             apart by Wilcoxon's signed-rank test with Holm at 5 %.",
            self.across.runs.len(),
            self.across.friedman,
            self.across.p_value
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const LINE: f64 = 18.0;
        let models = &self.across.models;
        let half = models.len().div_ceil(2);
        let most = if sheet.is_narrow() { 84.0 } else { 150.0 };
        let names: Vec<_> =
            models.iter().map(|model| font::fitted(&model.model, TEXT, false, most)).collect();
        let side = names.iter().map(|name| font::width(name, TEXT, false)).fold(0.0, f64::max) + 52.0;
        let (left, right) = (side, sheet.width - side);
        let scale = Scale::linear((1.0, models.len() as f64), (left, right));
        let axis = 34.0;
        let groups = self.alike();
        let below = axis + 14.0 + 8.0 * groups.len() as f64;
        let mut svg = Svg::new(sheet.width, below + LINE * half as f64 + 8.0, sheet.theme);
        svg.line((left, axis), (right, axis), Mark::stroke(Paint::Ink, 1.0));
        for tick in scale.ticks(if sheet.is_narrow() { 4 } else { 8 }) {
            let x = scale.at(tick);
            svg.line((x, axis - 5.0), (x, axis), Mark::stroke(Paint::Ink, 1.0));
            svg.text((x, axis - 10.0), &format!("{tick:.0}"), Text::muted().size(SMALL).middle());
        }
        for (at, (model, name)) in models.iter().zip(&names).enumerate() {
            let on_left = at < half;
            let row = if on_left { at } else { models.len() - 1 - at };
            let (x, y) = (scale.at(model.mean_rank), below + LINE * (row as f64 + 0.5));
            let edge = if on_left { left - 6.0 } else { right + 6.0 };
            svg.polyline([(x, axis), (x, y), (edge, y)], Mark::stroke(Paint::Faint, 1.0));
            svg.circle((x, axis), 3.0, Mark::fill(Paint::Accent));
            let rank = format!("{:.1}", model.mean_rank);
            let (number, label) = if on_left { (edge - 4.0, edge - 36.0) } else { (edge + 4.0, edge + 36.0) };
            let align = |text: Text| if on_left { text.end() } else { text };
            svg.text((number, y + 4.0), &rank, align(Text::muted()));
            svg.text((label, y + 4.0), name, align(Text::ink()));
        }
        for (at, (first, last)) in groups.into_iter().enumerate() {
            let y = axis + 10.0 + 8.0 * at as f64;
            let [from, to] = [first, last].map(|model| scale.at(models[model].mean_rank));
            svg.line((from - 3.0, y), (to + 3.0, y), Mark::stroke(Paint::Accent, 3.0));
        }
        svg
    }

    fn table(&self) -> DataTable {
        let heads = self.across.runs.iter().map(String::as_str);
        let mut table = DataTable::new(1, ["model", "mean rank"].into_iter().chain(heads));
        for model in &self.across.models {
            let own = [model.model.clone(), format!("{:.2}", model.mean_rank)];
            table.rows.push(own.into_iter().chain(model.macro_f1.iter().map(|f1| percent(*f1))).collect());
        }
        table
    }
}
