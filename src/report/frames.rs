//! Result tables as polars frames, long form: one observation a row, so that they join and filter.

use super::ablation::Ablation;
use super::terminal::pooled;
use super::{Leaderboard, Results, Row, Scores, insights, reliability as reliabilities};
use crate::error::{Error, Result};
use crate::score::{Bin, labels_of};
use genre_bench_api::Quality;
use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, NamedFromOwned, Series};

/// A table that can be made from a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Table {
    /// One row a model: scores with intervals, seconds, memory.
    Leaderboard,
    /// One row a model and class: precision, recall, F1, support; test parts pooled.
    PerClass,
    /// One row a model, true class and predicted class: number of examples; test parts pooled.
    Confusion,
    /// One row a model, fold and test example: truth, prediction, one score a class.
    Predictions,
    /// One row an example and fold: who trained and who was tested.
    Split,
    /// One row a model and column: its importance, mean over folds; only models that tell.
    Importances,
    /// One row a model, fold and number that the model told of its fit, such as out-of-bag accuracy.
    Insights,
    /// One row a network, fold and epoch: loss, accuracy, F1, learning rate, seconds.
    History,
    /// One row a calibrated model and step of probability: examples, mean probability, share predicted correctly.
    Reliability,
    /// One row a model and group of columns: the change where the group is left out (after `bench ablate`).
    Ablation,
}

impl Table {
    /// Makes the table.
    ///
    /// # Errors
    ///
    /// Only if polars refuses, which would be a bug.
    pub fn frame(self, results: &Results, board: &Leaderboard) -> Result<DataFrame> {
        let columns = match self {
            Self::Leaderboard => leaderboard(board),
            Self::PerClass => per_class(results),
            Self::Confusion => confusion(results),
            Self::Predictions => predictions(results),
            Self::Split => split(results),
            Self::Importances => importances(results),
            Self::Insights => numbers(results),
            Self::History => history(results),
            Self::Reliability => reliability(results),
            Self::Ablation => ablation(results),
        };
        DataFrame::new_infer_height(columns).map_err(|e| Error::new("the table", e, "report this as a bug"))
    }
}

fn text(name: &str, values: impl Iterator<Item = String>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn number(name: &str, values: impl Iterator<Item = f64>) -> Column {
    Series::from_vec(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn count(name: &str, values: impl Iterator<Item = usize>) -> Column {
    Series::from_vec(name.into(), values.map(|n| n as u64).collect::<Vec<_>>()).into_column()
}

fn leaderboard(board: &Leaderboard) -> Vec<Column> {
    let rows = &board.rows;
    let score = |name: &str, of: &dyn Fn(&Scores) -> Option<f64>| {
        let values: Vec<Option<f64>> = rows.iter().map(|row| row.scores.as_ref().and_then(of)).collect();
        Series::new(name.into(), values).into_column()
    };
    let optional_text = |name: &str, of: &dyn Fn(&Row) -> Option<String>| {
        Series::new(name.into(), rows.iter().map(of).collect::<Vec<_>>()).into_column()
    };
    vec![
        text("model", rows.iter().map(|row| row.model.clone())),
        text("family", rows.iter().map(|row| row.family.name().to_owned())),
        score("macro_f1", &|s| Some(s.macro_f1)),
        score("macro_f1_low", &|s| Some(s.macro_f1_low)),
        score("macro_f1_high", &|s| Some(s.macro_f1_high)),
        score("accuracy", &|s| Some(s.accuracy)),
        score("accuracy_low", &|s| Some(s.accuracy_low)),
        score("accuracy_high", &|s| Some(s.accuracy_high)),
        score("train_macro_f1", &|s| Some(s.train_macro_f1)),
        score("train_accuracy", &|s| Some(s.train_accuracy)),
        score("top3_accuracy", &|s| Some(s.top3_accuracy)),
        score("clip_vote_macro_f1", &|s| s.clip_vote_macro_f1),
        score("clip_vote_accuracy", &|s| s.clip_vote_accuracy),
        score("clip_mean_macro_f1", &|s| s.clip_mean_macro_f1),
        score("clip_mean_accuracy", &|s| s.clip_mean_accuracy),
        score("calibration_error", &|s| s.calibration_error),
        score("calibration_error_before", &|s| s.calibration_error_before),
        score("fit_seconds", &|s| Some(s.fit_seconds)),
        score("predict_seconds", &|s| Some(s.predict_seconds)),
        score("peak_bytes", &|s| Some(s.peak_bytes as f64)),
        count("folds_done", rows.iter().map(|row| row.folds_done)),
        count("folds", rows.iter().map(|row| row.folds)),
        Series::new("published".into(), rows.iter().map(|row| row.published).collect::<Vec<_>>())
            .into_column(),
        optional_text("published_source", &|row| row.published_source.clone()),
        optional_text("errors", &|row| (!row.errors.is_empty()).then(|| row.errors.join("; "))),
        text(
            "params",
            rows.iter().map(|row| match row.choices.as_slice() {
                [] => row.params.to_string(),
                choices => choices.iter().map(|c| c.params.to_string()).collect::<Vec<_>>().join("; "),
            }),
        ),
    ]
}

fn per_class(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            let classes = pooled(results, model).per_class().into_iter().enumerate();
            classes.map(move |(class, metrics)| (model, class, metrics))
        })
        .collect();
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("class", rows.iter().map(|row| results.catalogue.classes[row.1].clone())),
        number("precision", rows.iter().map(|row| row.2.precision)),
        number("recall", rows.iter().map(|row| row.2.recall)),
        number("f1", rows.iter().map(|row| row.2.f1)),
        count("support", rows.iter().map(|row| row.2.support as usize)),
    ]
}

fn confusion(results: &Results) -> Vec<Column> {
    let classes = results.catalogue.classes.len();
    let matrices: Vec<_> =
        (0..results.plan.models.len()).map(|model| pooled(results, model).counts).collect();
    let cells = || {
        (0..matrices.len())
            .flat_map(move |m| (0..classes).flat_map(move |t| (0..classes).map(move |p| (m, t, p))))
    };
    vec![
        text("model", cells().map(|(model, ..)| results.plan.models[model].name.clone())),
        text("truth", cells().map(|(_, truth, _)| results.catalogue.classes[truth].clone())),
        text("predicted", cells().map(|(.., predicted)| results.catalogue.classes[predicted].clone())),
        count("examples", cells().map(|(m, t, p)| matrices[m][t][p] as usize)),
    ]
}

fn predictions(results: &Results) -> Vec<Column> {
    let mut rows = Vec::new(); // model, repeat, fold, example, predicted
    let mut scores = vec![Vec::new(); results.catalogue.classes.len()];
    for model in 0..results.plan.models.len() {
        for cell in results.fold_results(model) {
            let labels = labels_of(cell.record.scores().view());
            for ((&example, predicted), row) in
                cell.fold.test.iter().zip(labels).zip(&cell.record.test_scores)
            {
                rows.push((model, cell.fold.repeat, cell.fold.fold, example, predicted));
                scores.iter_mut().zip(row).for_each(|(column, &score)| column.push(score));
            }
        }
    }
    let catalogue = &results.catalogue;
    let example = |row: &(usize, usize, usize, usize, usize)| &catalogue.examples[row.3];
    let mut columns = vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        count("repeat", rows.iter().map(|row| row.1)),
        count("fold", rows.iter().map(|row| row.2)),
        text("example", rows.iter().map(|row| example(row).name.clone())),
        text("clip", rows.iter().map(|row| catalogue.tracks[example(row).track].clone())),
        text("truth", rows.iter().map(|row| catalogue.classes[example(row).label].clone())),
        text("predicted", rows.iter().map(|row| catalogue.classes[row.4].clone())),
    ];
    columns.extend(
        catalogue
            .classes
            .iter()
            .zip(scores)
            .map(|(class, scores)| Series::from_vec(format!("score_{class}").into(), scores).into_column()),
    );
    columns
}

fn split(results: &Results) -> Vec<Column> {
    let catalogue = &results.catalogue;
    let rows: Vec<(usize, usize, &str, usize)> = (results.folds.iter())
        .flat_map(|f| {
            [("train", &f.train), ("valid", &f.valid), ("test", &f.test)]
                .into_iter()
                .flat_map(move |(part, examples)| examples.iter().map(move |&e| (f.repeat, f.fold, part, e)))
        })
        .collect();
    vec![
        text("example", rows.iter().map(|row| catalogue.examples[row.3].name.clone())),
        text("clip", rows.iter().map(|row| catalogue.tracks[catalogue.examples[row.3].track].clone())),
        count("repeat", rows.iter().map(|row| row.0)),
        count("fold", rows.iter().map(|row| row.1)),
        text("part", rows.iter().map(|row| row.2.to_owned())),
    ]
}

fn importances(results: &Results) -> Vec<Column> {
    let rows: Vec<(usize, String, f64)> = (0..results.plan.models.len())
        .flat_map(|model| insights::importances(results, model).into_iter().map(move |(c, i)| (model, c, i)))
        .collect();
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("column", rows.iter().map(|row| row.1.clone())),
        number("importance", rows.iter().map(|row| row.2)),
    ]
}

fn numbers(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            results.fold_results(model).flat_map(move |cell| {
                let numbers = cell.record.insights.numbers.iter();
                numbers.map(move |(name, value)| (model, cell.fold, name, *value))
            })
        })
        .collect();
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        count("repeat", rows.iter().map(|row| row.1.repeat)),
        count("fold", rows.iter().map(|row| row.1.fold)),
        text("name", rows.iter().map(|row| row.2.clone())),
        number("value", rows.iter().map(|row| row.3)),
    ]
}

fn history(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            results.fold_results(model).flat_map(move |cell| {
                let epochs = cell.record.insights.history.iter().enumerate();
                epochs.map(move |(at, epoch)| (model, cell.fold, at + 1, epoch))
            })
        })
        .collect();
    let valid = |name: &str, of: &dyn Fn(&Quality) -> f64| {
        let values = rows.iter().map(|row| row.3.valid.as_ref().map(of));
        Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
    };
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        count("repeat", rows.iter().map(|row| row.1.repeat)),
        count("fold", rows.iter().map(|row| row.1.fold)),
        count("epoch", rows.iter().map(|row| row.2)),
        number("train_loss", rows.iter().map(|row| row.3.train_loss)),
        number("train_accuracy", rows.iter().map(|row| row.3.train_accuracy)),
        valid("valid_loss", &|valid| valid.loss),
        valid("valid_accuracy", &|valid| valid.accuracy),
        valid("valid_macro_f1", &|valid| valid.macro_f1),
        number("learning_rate", rows.iter().map(|row| row.3.learning_rate)),
        number("seconds", rows.iter().map(|row| row.3.seconds)),
    ]
}

fn reliability(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            let curves = reliabilities::pooled(results, model);
            let curves =
                curves.into_iter().flat_map(|(before, after)| [("before", before), ("after", after)]);
            curves.flat_map(move |(when, curve)| {
                let steps = curve.bins.len() as f64;
                let bins = curve.bins.into_iter().enumerate();
                bins.map(move |(at, bin)| (model, when, at as f64 / steps, (at + 1) as f64 / steps, bin))
            })
        })
        .collect();
    // An empty bin has neither.
    let share = |name: &str, of: &dyn Fn(&Bin) -> f64| {
        let shares = rows.iter().map(|row| (row.4.examples > 0).then(|| of(&row.4) / row.4.examples as f64));
        Series::new(name.into(), shares.collect::<Vec<_>>()).into_column()
    };
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("calibration", rows.iter().map(|row| row.1.to_owned())),
        number("low", rows.iter().map(|row| row.2)),
        number("high", rows.iter().map(|row| row.3)),
        count("examples", rows.iter().map(|row| row.4.examples as usize)),
        share("mean_probability", &|bin| bin.confidence),
        share("accuracy", &|bin| bin.correct as f64),
    ]
}

fn ablation(results: &Results) -> Vec<Column> {
    let rows = Ablation::all(results);
    vec![
        text("model", rows.iter().map(|row| row.model.clone())),
        text("without", rows.iter().map(|row| row.without.clone())),
        count("columns", rows.iter().map(|row| row.columns)),
        number("macro_f1_full", rows.iter().map(|row| row.macro_f1_full)),
        number("macro_f1", rows.iter().map(|row| row.macro_f1)),
        number("change", rows.iter().map(|row| row.change.mean)),
        number("change_low", rows.iter().map(|row| row.change.low)),
        number("change_high", rows.iter().map(|row| row.change.high)),
    ]
}
