//! The leaderboard as people read it, in the terminal, in Markdown and in LaTeX: metrics in their formats, and what the
//! columns mean.

use super::published::PartitionFigure;
use super::{Grid, Leaderboard, LeaderboardRow, capitalised, changed, percent};
use crate::score::{Format, IntervalMethod, Metric};
use genre_bench_api::Family;
use rayon::prelude::*;

/// The table: models, the metrics shown with the interval of one of them, and what was published. Its [`footnotes`] stand
/// below it, or it has to speak for itself (`alone`), as in a file.
pub fn grid(leaderboard: &Leaderboard, alone: bool) -> Grid {
    let published = shows_published(leaderboard);
    let interval = match (&leaderboard.interval_warning, leaderboard.rows.first()) {
        (Some(_), Some(row)) if alone => format!("95 % interval ({} folds)", row.folds),
        (Some(_), _) => "95 % interval*".to_owned(),
        (None, _) => "95 % interval".to_owned(),
    };
    let mut header = vec!["model"];
    for metric in &leaderboard.columns {
        header.push(metric.header);
        header.extend(has_interval(leaderboard, metric).then_some(interval.as_str()));
    }
    header.extend(published.then_some("published"));
    // A file has no lines below the table.
    let changed = alone && leaderboard.rows.iter().any(|row| row.changed.is_some());
    let cautioned = alone && !leaderboard.cautions.is_empty();
    header.extend(changed.then_some("not as published"));
    header.extend(cautioned.then_some("caution"));
    let (mut grid, columns) = (Grid::new(1, header.iter().copied()), header.len());
    let cells = |row: &LeaderboardRow| {
        // A file has no legend.
        let mark = if row.tied == Some(true) && !alone { " =" } else { "" };
        let mut cells = vec![format!("{}{mark}", row.model)];
        if row.is_complete() {
            for metric in &leaderboard.columns {
                cells.extend(values(row, metric, has_interval(leaderboard, metric)));
            }
            cells.extend(published.then(|| row.published.map_or_else(String::new, percent)));
            cells.extend(changed.then(|| row.changed.clone().unwrap_or_default()));
            cells.extend(cautioned.then(|| row.caution.clone().unwrap_or_default()));
        } else {
            cells.extend((columns > 2).then(|| "–".to_owned()));
            cells.push(failure(row));
        }
        cells
    };
    // In parallel, because of the intervals.
    let rows: Vec<Vec<String>> = leaderboard.rows.par_iter().map(cells).collect();
    rows.into_iter().for_each(|cells| grid.row(cells));
    grid
}

/// The scores of the leader and of all that cannot be told from it, by row and column of the [`grid`]; none where there was
/// nothing to test.
pub fn best(leaderboard: &Leaderboard) -> Vec<(usize, usize)> {
    let mut column = 1;
    for metric in &leaderboard.columns {
        if std::ptr::eq(*metric, leaderboard.sort) {
            let is_best = |(at, row): &(usize, &LeaderboardRow)| *at == 0 || row.tied == Some(true);
            let tested = leaderboard.rows.iter().any(|row| row.tied.is_some());
            let rows = leaderboard.rows.iter().enumerate().filter(|_| tested).filter(is_best);
            return rows.map(|(at, _)| (at, column)).collect();
        }
        column += 1 + usize::from(has_interval(leaderboard, metric));
    }
    Vec::new()
}

/// What the reader must know of the columns, a paragraph each.
pub fn footnotes(leaderboard: &Leaderboard) -> Vec<String> {
    let columns = &leaderboard.columns;
    let mut notes: Vec<String> = Vec::new();
    let explained: Vec<&str> = columns.iter().map(|m| m.footnote).filter(|note| !note.is_empty()).collect();
    let any = |format| columns.iter().any(|metric| metric.format == format);
    let units = [
        any(Format::Percent).then_some("scores in %, means over folds"),
        any(Format::Seconds).then_some("seconds summed over folds"),
    ];
    let units = units.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let sentences = [explained.join("; "), capitalised(&units)];
    let sentences = sentences.iter().filter(|sentence| !sentence.is_empty());
    notes.push(sentences.map(|sentence| format!("{sentence}.")).collect::<Vec<_>>().join(" "));
    let sort = leaderboard.sort;
    if !std::ptr::eq(sort, Metric::macro_f1()) {
        notes.push(format!("Sorted by {}, {} is better.", sort.key, sort.better.name()));
    }
    if let (Some(_), Some(method)) = (leaderboard.with_interval, leaderboard.interval_method) {
        notes.push(format!("Interval: {}.", IntervalMethod::description(method)));
        notes.extend(leaderboard.interval_warning.iter().map(|warning| format!("* {warning}")));
    }
    notes.extend(ties(leaderboard));
    notes.extend(worse_calibrated(leaderboard));
    if shows_published(leaderboard) {
        notes.push(
            "published: test F1 or accuracy, same table and protocol, other splits (`bench list models`)."
                .to_owned(),
        );
    }
    notes.extend(not_as_published(leaderboard));
    notes.extend(leaderboard.cautions.iter().map(|caution| format!("{}.", capitalised(caution))));
    notes.extend(leaderboard.trained.iter().map(|said| format!("{}.", capitalised(said))));
    notes.extend(on_partition(leaderboard));
    notes.retain(|note| !note.is_empty());
    notes
}

/// What of the recipes of networks was changed, a paragraph for all that were changed alike.
fn not_as_published(leaderboard: &Leaderboard) -> Vec<String> {
    let networks = leaderboard.rows.iter().filter(|row| row.family == Family::Neural);
    let changed = networks.filter_map(|row| Some((row.model.as_str(), row.changed.clone()?)));
    changed::lines(changed).into_iter().map(|line| format!("Not as published: {line}.")).collect()
}

/// What others published for the partition of the run.
fn on_partition(leaderboard: &Leaderboard) -> Option<String> {
    let figure = |figure: &PartitionFigure| format!("{} {:.1}", figure.system, figure.percent);
    let figures: Vec<String> = leaderboard.on_partition.iter().map(figure).collect();
    let said = "Published on this partition by others, accuracy in %, each ± 4 to 5 points";
    (!figures.is_empty()).then(|| format!("{said}: {} (`bench reproduce G`).", figures.join("; ")))
}

/// What the mark behind a model means, if there is any.
fn ties(leaderboard: &Leaderboard) -> Option<String> {
    let leader = leaderboard.rows.first()?;
    let tested = leaderboard.rows.iter().filter(|row| row.tied.is_some()).count();
    let test = leaderboard.tied_by.name();
    leaderboard.rows.iter().any(|row| row.tied == Some(true)).then(|| {
        format!(
            "= cannot be told from {} by {} ({test}, 5 %, Holm over {tested} models; `bench compare` has the differences).",
            leader.model,
            leaderboard.sort.header
        )
    })
}

/// Which models stand in the band of the best, for pictures; `None` where there was nothing to test.
pub fn band(leaderboard: &Leaderboard) -> Option<String> {
    let tied: Vec<bool> = leaderboard.rows.iter().filter_map(|row| row.tied).collect();
    let (leader, test) = (&leaderboard.rows.first()?.model, leaderboard.tied_by.name());
    let said = match tied.iter().filter(|tied| **tied).count() {
        _ if tied.is_empty() => return None,
        0 => format!("No other model is tied with {leader}: each can be told from it"),
        1 => format!("The band: {leader} and the one that cannot be told from it"),
        many => format!("The band: {leader} and the {many} that cannot be told from it"),
    };
    Some(format!("{said} ({test}, 5 %, Holm)."))
}

/// Which models calibration did harm to, if it did to any.
pub fn worse_calibrated(leaderboard: &Leaderboard) -> Option<String> {
    let worse = leaderboard.worse_calibrated();
    let said = worse.iter().map(|(model, before, after)| {
        format!("{model} (ECE {} before, {} after)", percent(*before), percent(*after))
    });
    let said = said.collect::<Vec<_>>().join(", ");
    (!worse.is_empty()).then(|| format!("Calibration made these models worse: {said}."))
}

fn has_interval(leaderboard: &Leaderboard, metric: &Metric) -> bool {
    leaderboard.with_interval.is_some_and(|with_interval| std::ptr::eq(with_interval, metric))
}

fn shows_published(leaderboard: &Leaderboard) -> bool {
    !leaderboard.columns_chosen && leaderboard.rows.iter().any(|row| row.published.is_some())
}

/// The cells of a metric: its value and, if wanted, its interval; empty where there is none.
fn values(row: &LeaderboardRow, metric: &Metric, with_interval: bool) -> Vec<String> {
    let shown = |value| metric.format.show(value);
    let mut cells = vec![row.value(metric).map_or_else(String::new, shown)];
    if with_interval {
        let ends = row.interval(metric).map(|i| format!("{} – {}", shown(i.low), shown(i.high)));
        cells.push(ends.unwrap_or_default());
    }
    cells
}

fn failure(row: &LeaderboardRow) -> String {
    if row.errors.is_empty() {
        format!("{}/{} folds", row.folds_done, row.folds)
    } else {
        "FAILED".to_owned()
    }
}
