//! What `bench all` and `bench show` print. Scores are in percent here, 0–1 everywhere else.

use super::{Grid, Leaderboard, Results, Row, Scores, WIDTH, ablation, percent, tuning};
use crate::score::{Confusion, IntervalMethod, labels_of};
use console::style;
use std::fmt::Write;

/// What a run was made for: what each group of features is worth, what a search chose, or the leaderboard.
pub fn report(results: &Results, board: &Leaderboard) -> String {
    let ablation = ablation::table(results);
    if ablation.is_empty() {
        let tuning = tuning::table(results);
        return heading(results) + &tuning + &leaderboard(results, board);
    }
    let note =
        "F1 is macro-averaged, on the test parts, in %, mean over folds; change: in points, fold by fold.";
    let method = board.interval_method.map_or("", IntervalMethod::description);
    let notes = [note.to_owned(), format!("Interval: {method}."), again(results)];
    heading(results) + &ablation + &failures(board) + &dim(&notes)
}

/// The leaderboard with its footnotes, at most [`WIDTH`] columns wide for names of up to 14 letters.
fn leaderboard(results: &Results, board: &Leaderboard) -> String {
    let mut out = String::new();
    let grid = grid(results, board);
    for (number, line) in grid.lines().iter().enumerate() {
        let failed = number > 0 && board.rows[number - 1].scores.is_none();
        let line = match number {
            0 => style(line).bold(),
            _ if failed => style(line).red(),
            _ => style(line),
        };
        let _ = writeln!(out, "{line}"); // writing to a string cannot fail
    }
    out.push_str(&footnotes(results, board));
    out
}

fn heading(results: &Results) -> String {
    let plan = &results.plan;
    let mut out = String::new();
    if plan.dataset.synthetic {
        let _ = writeln!(out, "{}", style("SYNTHETIC DATA").yellow().bold());
    }
    let _ = writeln!(out, "{}", style(plan.dataset.describe()).bold());
    let _ = writeln!(
        out,
        "protocol {} ({}), split {}, data {}, seed {}",
        style(&plan.protocol).bold(),
        plan.scheme,
        &plan.split_hash[..12],
        &plan.dataset.fingerprint[..12],
        plan.conditions.seed
    );
    for warning in &plan.warnings {
        out += &labelled(&style("warning:").yellow().bold().to_string(), "warning:".len(), warning);
    }
    for note in &plan.notes {
        out += &labelled("note:", "note:".len(), note);
    }
    out.push('\n');
    out
}

/// A paragraph behind a label, of which `width` columns can be seen, its further lines indented.
fn labelled(label: &str, width: usize, text: &str) -> String {
    let lines = textwrap::wrap(text, WIDTH - width - 1);
    format!("{label} {}\n", lines.join(&format!("\n{:width$} ", "")))
}

fn grid(results: &Results, board: &Leaderboard) -> Grid {
    let tracks = !results.plan.dataset.whole_tracks();
    let published = board.rows.iter().any(|row| row.published.is_some());
    let mut header = vec!["model", "F1", "95 % interval", "acc.", "train", "top-3"];
    if tracks {
        header.extend(["vote", "mean"]);
    }
    let calibrated = results.plan.conditions.calibration.is_some();
    if calibrated {
        header.push("ECE");
    }
    header.extend(["fit s", "pred. s", "MB"]);
    if published {
        header.push("published");
    }
    let mut grid = Grid::new(1, header);
    for row in &board.rows {
        let Some(scores) = &row.scores else {
            grid.row([row.model.clone(), "–".to_owned(), failure(row)]);
            continue;
        };
        let mut cells = vec![
            row.model.clone(),
            percent(scores.macro_f1),
            format!("{} – {}", percent(scores.macro_f1_low), percent(scores.macro_f1_high)),
            percent(scores.accuracy),
            percent(scores.train_macro_f1),
            percent(scores.top3_accuracy),
        ];
        if tracks {
            cells.extend(
                [scores.clip_vote_macro_f1, scores.clip_mean_macro_f1]
                    .map(|f1| f1.map_or_else(String::new, percent)),
            );
        }
        if calibrated {
            cells.push(scores.calibration_error.map_or_else(String::new, percent));
        }
        cells.extend(costs(scores));
        if published {
            cells.push(row.published.map_or_else(String::new, percent));
        }
        grid.row(cells);
    }
    grid
}

fn costs(scores: &Scores) -> [String; 3] {
    let seconds = |s: f64| if s < 9.995 { format!("{s:.2}") } else { format!("{s:.0}") };
    let megabytes = scores.peak_bytes as f64 / 1e6;
    let memory = if megabytes < 9.95 { format!("{megabytes:.1}") } else { format!("{megabytes:.0}") };
    [seconds(scores.fit_seconds), seconds(scores.predict_seconds), memory]
}

fn failure(row: &Row) -> String {
    if row.errors.is_empty() {
        format!("{}/{} folds", row.folds_done, row.folds)
    } else {
        "FAILED".to_owned()
    }
}

fn failures(board: &Leaderboard) -> String {
    let mut out = String::new();
    for row in &board.rows {
        for error in &row.errors {
            let label = format!("{} failed:", row.model);
            out += &labelled(&style(&label).red().bold().to_string(), label.chars().count(), error);
        }
    }
    out
}

fn again(results: &Results) -> String {
    format!("Again without fitting: bench show {}", results.plan.id)
}

fn dim(notes: &[String]) -> String {
    let lines = notes.iter().flat_map(|note| textwrap::wrap(note, WIDTH));
    lines.map(|line| format!("{}\n", style(line).dim())).collect()
}

fn footnotes(results: &Results, board: &Leaderboard) -> String {
    let mut notes = vec![
        "F1 is macro-averaged, on the test parts; train: the same on the training parts; top-3: accuracy. Scores in %, \
         means over folds; seconds summed over folds."
            .to_owned(),
    ];
    if let Some(method) = board.interval_method {
        notes.push(format!("Interval: {}.", method.description()));
    }
    if !results.plan.dataset.whole_tracks() {
        notes
            .push("vote, mean: F1 of whole tracks by majority of their segments, by mean scores.".to_owned());
    }
    if results.plan.conditions.calibration.is_some() {
        notes.push(
            "ECE: expected calibration error of the calibrated probabilities, in points \
             (`bench show last --reliability MODEL`)."
                .to_owned(),
        );
    }
    if board.rows.iter().any(|row| row.published.is_some()) {
        notes.push(
            "published: test F1 or accuracy, same table and protocol, other splits (`bench list models`)."
                .to_owned(),
        );
    }
    notes.push(again(results));
    format!("{}\n{}", failures(board), dim(&notes))
}

/// Precision, recall and F1 of every class, all test parts pooled, for the model of this number.
pub fn per_class(results: &Results, model: usize) -> String {
    let mut grid = Grid::new(1, ["class", "precision", "recall", "F1", "examples"]);
    let pooled = pooled(results, model);
    for (name, class) in results.catalogue.classes.iter().zip(pooled.per_class()) {
        let cells =
            [percent(class.precision), percent(class.recall), percent(class.f1), class.support.to_string()];
        grid.row(std::iter::once(name.clone()).chain(cells));
    }
    format!("{}\n{grid}", style(format!("{}, all test parts pooled", results.plan.models[model].name)).bold())
}

/// The confusion matrix, all test parts pooled, for the model of this number.
pub fn confusion(results: &Results, model: usize) -> String {
    let classes = &results.catalogue.classes;
    // Short heads keep ten classes within 100 columns.
    let heads = classes.iter().map(|name| name.chars().take(6).collect::<String>());
    let mut grid = Grid::new(1, std::iter::once("true \\ predicted".to_owned()).chain(heads));
    for (name, row) in classes.iter().zip(&pooled(results, model).counts) {
        let cells = row.iter().map(|count| if *count == 0 { "·".to_owned() } else { count.to_string() });
        grid.row(std::iter::once(name.clone()).chain(cells));
    }
    format!("{}\n{grid}", style(format!("{}, all test parts pooled", results.plan.models[model].name)).bold())
}

/// The confusion of all finished folds of a model together.
pub fn pooled(results: &Results, model: usize) -> Confusion {
    let classes = results.catalogue.classes.len();
    let mut pooled = Confusion::new(&[], &[], classes);
    for cell in results.fold_results(model) {
        let labels = labels_of(cell.record.scores().view());
        pooled += &Confusion::new(&results.truth(&cell.fold.test), &labels, classes);
    }
    pooled
}
