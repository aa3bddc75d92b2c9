//! Several runs beside each other.

use super::{Grid, Leaderboard, width};
use crate::score::Metric;
use crate::util::shown::one_line;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// One metric of every model in every run.
#[derive(Debug)]
pub struct Comparison {
    metric: &'static Metric,
    /// What tells the runs apart, in their order.
    runs: Vec<String>,
    /// One row a model, in the order of first sight.
    models: Vec<ComparedModel>,
    /// Why not to trust the intervals of some run, if so; the worst reason.
    warning: Option<(usize, String)>,
    /// Why scores of some run, or their order, mislead.
    cautions: Vec<String>,
}

/// A model in several runs.
#[derive(Debug)]
struct ComparedModel {
    name: String,
    /// Its value in each run; none where it did not take part or failed.
    values: Vec<Option<Compared>>,
}

/// A value with the ends of its 95 % interval, if it has one.
#[derive(Debug, Clone, Copy)]
struct Compared {
    value: f64,
    interval: Option<(f64, f64)>,
}

impl Comparison {
    /// Of no run yet.
    pub fn new(metric: &'static Metric) -> Self {
        Self { metric, runs: Vec::new(), models: Vec::new(), warning: None, cautions: Vec::new() }
    }

    /// Adds a run, with what tells it from the others.
    pub fn add(&mut self, label: &str, leaderboard: &Leaderboard) {
        for row in &leaderboard.rows {
            if !self.models.iter().any(|model| model.name == row.model) {
                let values = vec![None; self.runs.len()];
                self.models.push(ComparedModel { name: row.model.clone(), values });
            }
        }
        for model in &mut self.models {
            let row = leaderboard.rows.iter().find(|row| row.model == model.name);
            model.values.push(row.and_then(|row| {
                let interval = row.interval(self.metric).map(|interval| (interval.low, interval.high));
                row.value(self.metric).map(|value| Compared { value, interval })
            }));
        }
        if let (Some(warning), Some(row)) = (&leaderboard.interval_warning, leaderboard.rows.first()) {
            let fewest = self.warning.as_ref().is_none_or(|(folds, _)| row.folds < *folds);
            if fewest {
                self.warning = Some((row.folds, warning.clone()));
            }
        }
        // Beside honest runs, one that is not must say so itself.
        let optimistic = leaderboard.optimistic.then_some(" (OPTIMISTIC)");
        self.runs.push(format!("{label}{}", optimistic.unwrap_or_default()));
        let news = leaderboard.cautions.iter().filter(|caution| !self.cautions.contains(caution));
        self.cautions.extend(news.cloned().collect::<Vec<_>>());
    }

    /// Whether there is no run.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The models, the best mean over the runs first.
    fn ranked(&self) -> Vec<&ComparedModel> {
        let mut models: Vec<&ComparedModel> = self.models.iter().collect();
        models.sort_by(|a, b| match (a.mean(), b.mean()) {
            (Some(a), Some(b)) => self.metric.compare(b, a),
            (a, b) => b.is_some().cmp(&a.is_some()).then(Ordering::Equal),
        });
        models
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let cell = |compared: &Option<Compared>| match compared {
            None => "–".to_owned(),
            Some(Compared { value, interval: None }) => self.metric.show(*value),
            Some(Compared { value, interval: Some((low, high)) }) => {
                let [value, low, high] = [value, low, high].map(|value| self.metric.show(*value));
                format!("{value} ({low} – {high})")
            }
        };
        let grid = |heads: &[String]| {
            let mut grid = Grid::new(1, std::iter::once("model").chain(heads.iter().map(String::as_str)));
            for model in self.ranked() {
                grid.row(std::iter::once(model.name.clone()).chain(model.values.iter().map(cell)));
            }
            grid
        };
        let what = if self.metric.footnote.is_empty() { self.metric.header } else { self.metric.footnote };
        let note = format!("{what}; mean over folds, with its 95 % interval where it has one.");
        let warning = self.warning.as_ref().map(|(_, warning)| format!("\n{warning}")).unwrap_or_default();
        let cautions: String = self.cautions.iter().map(|caution| format!("\n{caution}.")).collect();
        let note = textwrap::fill(&(note + &warning + &cautions), width());
        let wide = grid(&self.runs);
        if wide.width() <= width() {
            return format!("{wide}\n{note}\n");
        }
        let numbers: Vec<String> = (1..=self.runs.len()).map(|number| format!("run {number}")).collect();
        let legend = numbers.iter().zip(&self.runs).map(|(number, label)| {
            format!("{}\n", textwrap::fill(&one_line(&format!("{number}: {label}")), width()))
        });
        format!("{}\n{}\n{note}\n", legend.collect::<String>(), grid(&numbers))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let compared = |compared: &Option<Compared>| {
            compared.map(|Compared { value, interval }| {
                json!({ "value": value, "low": interval.map(|ends| ends.0), "high": interval.map(|ends| ends.1) })
            })
        };
        let models = self.ranked().into_iter().map(|model| {
            json!({ "model": model.name, "values": model.values.iter().map(compared).collect::<Vec<_>>() })
        });
        let warning = self.warning.as_ref().map(|(_, warning)| warning);
        json!({
            "metric": self.metric.key,
            "runs": self.runs,
            "models": models.collect::<Vec<_>>(),
            "interval_warning": warning,
            "cautions": self.cautions,
        })
    }
}

impl ComparedModel {
    /// Over the runs that it is part of.
    fn mean(&self) -> Option<f64> {
        let there: Vec<f64> = self.values.iter().flatten().map(|compared| compared.value).collect();
        (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
    }
}
