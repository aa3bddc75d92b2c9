//! A run as one JSON object.

use super::{Leaderboard, Results};
use crate::score::IntervalMethod;

/// The object that `--json` prints.
pub fn json(results: &Results, leaderboard: &Leaderboard) -> serde_json::Value {
    let plan = &results.plan;
    serde_json::json!({
        "run": plan.id,
        "program": plan.program,
        "dataset": plan.dataset,
        "protocol": plan.protocol,
        "scheme": plan.scheme,
        "split_hash": plan.split_hash,
        "seed": plan.conditions.seed,
        "warnings": plan.warnings,
        "notes": plan.notes,
        "interval_method": leaderboard.interval_method.map(IntervalMethod::description),
        "leaderboard": leaderboard.rows,
    })
}
