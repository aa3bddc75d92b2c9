use super::made::MadeFits;
use super::{Leaderboard, LeaderboardRow, Results, check, encoders};
use crate::score::{Format, IntervalMethod, Intervals, Metric};
use genre_bench_api::Params;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// The object that `--json` prints: what was run, and the leaderboard with every metric by its key, 0–1 where it is a
/// share. A metric with intervals has their ends under its key with `_low` and `_high`.
pub fn to_json(results: &Results, leaderboard: &Leaderboard) -> Value {
    let plan = &results.plan;
    // In parallel, because of the intervals.
    let rows = leaderboard.rows.par_iter().map(|row| of_row(row, &leaderboard.exported));
    let rows: Vec<Value> = rows.collect();
    let damaged = results.damaged.iter().map(ToString::to_string);
    let warnings: Vec<String> = plan.warnings.iter().cloned().chain(damaged).collect();
    json!({
        "run": plan.id,
        "program": plan.program,
        "made": MadeFits::of(results),
        "dataset": plan.dataset,
        "protocol": plan.protocol,
        "scheme": plan.scheme,
        "split_hash": plan.split_hash,
        "seed": plan.conditions.seed,
        "seeds": plan.conditions.seeds(),
        "warnings": warnings,
        "notes": plan.notes,
        "interval_method": leaderboard.interval_method.map(IntervalMethod::description),
        "tied_by": leaderboard.tied_by,
        "interval_warning": leaderboard.interval_warning,
        "worse_calibrated": leaderboard.worse_calibrated().iter().map(|(model, ..)| *model).collect::<Vec<_>>(),
        "validated_on_test": plan.validated_on_test,
        "per_class": plan.per_class,
        "shots": plan.shots,
        "cautions": leaderboard.cautions,
        "checks": check::findings(results, leaderboard),
        "published_on_partition": leaderboard.on_partition,
        "leaderboard": rows,
    })
}

fn of_row(row: &LeaderboardRow, metrics: &[&Metric]) -> Value {
    let mut object = json!({
        "model": row.model,
        "family": row.family,
        "reads": row.reads,
        "folds_done": row.folds_done,
        "folds": row.folds,
        "tied_with_leader": row.tied,
        "errors": row.errors,
        "published": row.published,
        "published_source": row.published_source,
        "params": params(&row.params),
        "changes": row.changes,
        "resized": row.resized,
        "caution": row.caution,
    });
    if let Some(encoder) = row.encoder {
        object["encoder"] = encoders::json(encoder);
    }
    if row.is_complete() {
        for metric in metrics {
            object[metric.key] = number(metric, row.value(metric));
            if metric.intervals != Intervals::Never {
                let (low, high) = row.interval(metric).map(|i| (i.low, i.high)).unzip();
                object[format!("{}_low", metric.key)] = number(metric, low);
                object[format!("{}_high", metric.key)] = number(metric, high);
            }
        }
    }
    if !row.choices.is_empty() {
        let choice =
            |c: &crate::run::Choice| json!({"params": params(&c.params), "inner_score": c.inner_score});
        object["choices"] = row.choices.iter().map(choice).collect();
    }
    object
}

/// Bytes are counted, everything else is measured.
fn number(metric: &Metric, value: Option<f64>) -> Value {
    match metric.format {
        Format::Megabytes => json!(value.map(|bytes| bytes as u64)),
        Format::Percent | Format::Plain | Format::Seconds => json!(value),
    }
}

fn params(params: &Params) -> Value {
    Value::Object(params.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>())
}
