//! How the results were made, so that they can be made again.

use super::Run;
use super::elements::scrolled;
use crate::report::chart::escaped;
use crate::report::made::MadeFits;
use std::fmt::Write as _;

/// What a run was made of and by.
pub fn made(run: &Run) -> String {
    let plan = &run.results.plan;
    let fits = (0..plan.models.len()).flat_map(|model| run.results.fits(model));
    let (count, seconds) = fits.fold((0, 0.0), |(count, seconds), fit| {
        (count + 1, seconds + fit.record.fit_seconds + fit.record.predict_seconds)
    });
    let made = MadeFits::of(run.results);
    let calibration = plan
        .conditions
        .calibration
        .map_or_else(|| "none".to_owned(), |method| format!("{method:?}").to_lowercase());
    let facts = [
        ("run", plan.id.clone()),
        ("data", plan.dataset.describe()),
        ("data fingerprint", plan.dataset.fingerprint.clone()),
        ("protocol", format!("{} ({})", plan.protocol, plan.scheme)),
        ("split", plan.split_hash.clone()),
        ("seed", plan.conditions.seed_text()),
        ("device of networks", plan.conditions.device.to_string()),
        ("calibration", calibration),
        ("program", format!("genre-bench {}, build {}", plan.program.version, plan.program.build)),
        ("commit", MadeFits::commits(&made)),
        ("machine", MadeFits::machines(&made)),
        ("seconds", format!("{seconds:.1}, {count} fits and the scores of their test parts")),
    ];
    let mut out = String::from("<dl>");
    for (what, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(out, "<dt>{what}<dd>{}", escaped(value));
    }
    out += "</dl>";
    match &run.experiment {
        Ok(text) => {
            let lines: Vec<String> = text.lines().map(escaped).collect();
            let text = scrolled("Experiment file", &format!("<pre>{}</pre>", lines.join("\n")));
            let _ = write!(
                out,
                "<details class=\"experiment\"><summary>Experiment file</summary><p>Saved as <code>experiment.toml</code> and run \
                 with <code>bench run experiment.toml</code>, it makes this run again.</p>{text}</details>"
            );
        }
        Err(why) => {
            let _ = write!(out, "<p class=\"why\">No experiment file: {}</p>", escaped(why));
        }
    }
    out
}
