//! What is left of a leaderboard on tracks from outside its data.

use super::progress::AuditBar;
use super::{print, tell, warn};
use crate::error::Result;
use crate::experiment::outside::{ClassMap, External, Outside};
use crate::experiment::{Evaluated, Prepared, Session};
use crate::recordings::audit::SeenRecording;
use crate::report::{Evaluation, Grid, Leaderboard};
use crate::score::{Interval, Metric};
use crate::util::shown::{counted, one_line};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Recordings of both sides that are named, at most; `--json` has all.
const NAMED: usize = 5;

/// Flags of data from outside.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data from outside")]
pub(super) struct ExternalFlags {
    /// Score the models of all folds on this data, too, which none of them was fitted to: a folder of GENRE/file or a table, as for
    /// --data
    #[arg(long, value_name = "PATH")]
    external: Option<PathBuf>,
    #[command(flatten)]
    pub classes: ClassMapFlags,
}

/// Which class is which.
#[derive(Debug, clap::Args)]
pub(super) struct ClassMapFlags {
    /// CSV with the columns outside and class, where classes are called otherwise there; an empty class leaves one out [default: by
    /// name]
    #[arg(long, value_name = "CSV")]
    class_map: Option<PathBuf>,
}

impl ClassMapFlags {
    pub fn map(&self) -> Result<ClassMap> {
        self.class_map.as_deref().map_or_else(|| Ok(ClassMap::default()), ClassMap::read)
    }
}

impl ExternalFlags {
    /// The data that is named, if any is, with the list of its classes: this is read before a run of hours.
    pub fn data(&self) -> Result<Option<ExternalData>> {
        let Some(data) = &self.external else { return Ok(None) };
        Ok(Some(ExternalData { data: data.clone(), map: self.classes.map()? }))
    }
}

/// Data from outside, to be loaded.
pub(super) struct ExternalData {
    data: PathBuf,
    map: ClassMap,
}

impl ExternalData {
    /// Asks the models of a run that was just made, with their folds' models kept; `None` if the user stopped it.
    pub fn asked(
        &self,
        session: &Session,
        prepared: &Prepared,
        evaluated: &Evaluated,
        quiet: bool,
    ) -> Result<Option<External>> {
        let bar = AuditBar::new(quiet);
        External::of(session, prepared, &evaluated.results, self.data.clone(), &self.map, &bar)
    }
}

/// Prints the scores inside and outside beside each other, in the order of the leaderboard.
pub(super) fn print_table(external: &External, leaderboard: &Leaderboard) -> Result<()> {
    let metric = leaderboard.sort;
    let mut grid = Grid::new(1, ["model", "inside", "95 %", "outside", "95 %"]);
    for row in &leaderboard.rows {
        let Some(model) = external.models.iter().find(|model| model.name == row.model) else { continue };
        let outside = model.evaluation.as_ref().ok();
        let cells = [
            row.value(metric).map_or_else(none, |value| metric.format.show(value)),
            row.interval(metric).map_or_else(none, |interval| ends(&interval, metric)),
            outside.and_then(|e| e.value(metric)).map_or_else(none, |value| metric.format.show(value)),
            outside.and_then(|e| e.interval(metric)).map_or_else(none, |interval| ends(&interval, metric)),
        ];
        grid.row(std::iter::once(model.name.clone()).chain(cells));
    }
    print(format!(
        "\n{grid}\n{}{} of the models of all folds; outside: interval by bootstrap over tracks and folds.\n",
        told(&one_line(&external.info.describe()), &external.outside)
            + &told_seen(external.seen.as_deref(), "no recordings on both sides to compare"),
        metric.key
    ))?;
    warn_of_known(external.known, external.outside.track_count());
    for model in &external.models {
        if let Err(reason) = &model.evaluation {
            tell(format!("{} has no score outside: {}", one_line(&model.name), one_line(reason)));
        }
    }
    Ok(())
}

/// Says that models know some of the tracks from outside, if they do.
fn warn_of_known(known: usize, all: usize) {
    if known > 0 {
        let all = counted(all, "track");
        warn(format!(
            "{known} of {all} are training examples, by their features: scores outside are too high"
        ));
    }
}

/// What of data from outside was scored, in lines.
pub(super) fn told(data: &str, outside: &Outside) -> String {
    let mut text = format!(
        "outside: {data}; scored: {} of {} in {}\n",
        counted(outside.examples.len(), "example"),
        counted(outside.track_count(), "track"),
        counted(outside.classes.len(), "common genre")
    );
    if !outside.foreign.is_empty() {
        let each: Vec<String> =
            outside.foreign.iter().map(|(class, count)| format!("{} ({count})", one_line(class))).collect();
        text += &format!("left out, of classes that the models do not have: {}\n", each.join(", "));
    }
    text
}

/// Which recordings are on both sides, in lines; `why` not, where that was not looked for.
pub(super) fn told_seen(seen: Option<&[SeenRecording]>, why: &str) -> String {
    let Some(seen) = seen else {
        return format!("whether songs are on both sides was not looked for: {why}\n");
    };
    if seen.is_empty() {
        return "no recording is on both sides\n".to_owned();
    }
    let mut text = format!(
        "left out, because they are in the training data, too: {}\n",
        counted(seen.len(), "recording")
    );
    for SeenRecording { outside, inside } in seen.iter().take(NAMED) {
        let names = [outside, inside].map(|path| one_line(&path.display().to_string()).into_owned());
        text += &format!("  {} is {}\n", names[0], names[1]);
    }
    if seen.len() > NAMED {
        text += "  …\n";
    }
    text
}

/// The same for programs.
pub(super) fn object(external: &External, metric: &Metric) -> Value {
    let model = |model: &crate::experiment::outside::ExternalModel| {
        json!({
            "model": model.name,
            "score": model.evaluation.as_ref().ok().map(|e| score(e, metric)),
            "reason": model.evaluation.as_ref().err(),
        })
    };
    json!({
        "data": external.info,
        "metric": metric.key,
        "scored": scored(&external.outside, external.seen.as_deref()),
        "tracks_fitted_to": external.known,
        "models": external.models.iter().map(model).collect::<Vec<_>>(),
    })
}

/// What was scored, for programs.
pub(super) fn scored(outside: &Outside, seen: Option<&[SeenRecording]>) -> Value {
    let both = seen.map(|seen| {
        seen.iter().map(|s| json!({ "outside": s.outside, "inside": s.inside })).collect::<Vec<_>>()
    });
    json!({
        "examples": outside.examples.len(),
        "tracks": outside.track_count(),
        "classes": outside.classes,
        "other_classes": outside.foreign,
        "on_both_sides": both,
    })
}

/// A score with its interval, for programs.
pub(super) fn score(evaluation: &Evaluation, metric: &Metric) -> Value {
    let interval = evaluation.interval(metric).map(|i| json!([i.low, i.high]));
    json!({ "value": evaluation.value(metric), "interval": interval })
}

pub(super) fn none() -> String {
    "–".to_owned()
}

/// `40.1 – 52.3`.
pub(super) fn ends(interval: &Interval, metric: &Metric) -> String {
    format!("{} – {}", metric.format.show(interval.low), metric.format.show(interval.high))
}
