use super::external::{ClassMapFlags, ends, none, score, scored, told, told_seen};
use super::leaderboard_flags::metric_parser;
use super::open_flags::OpenFlags;
use super::progress::{AuditBar, Console};
use super::{Registry, Status, json_text, print, report, warn};
use crate::dataset::{Dataset, Info, Source};
use crate::error::Result;
use crate::experiment::SessionObserver;
use crate::experiment::outside::{Answer, ClassMap, Flagged, Outside, recordings_of};
use crate::experiment::predict::Predictor;
use crate::recordings::audit::{self, SeenRecording};
use crate::recordings::{Recording, find};
use crate::report::{Evaluation, Grid};
use crate::run::saved::About;
use crate::score::Metric;
use crate::util::shown::{counted, one_line};
use genre_bench_api::Silent;
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench score svm --data elsewhere                       a saved model on a folder of GENRE/file
  bench score svm --data elsewhere --trained-on gtzan    without the songs that are in both
  bench score of-gtzan of-fma --data gtzan --data fma    train on one, test on the other: a table
  bench score svm --data fma --class-map classes.csv     where classes are called otherwise

A score of songs from elsewhere, by a model that was fitted to everything it had. Only classes that both have are scored, and \
the model is asked which of these it is. For the data that a model was fitted to, the score that it was saved with stands in the \
table, in brackets, if it has one.

Exit status: 0 done; 1 some of the models could not be asked about some data; 2 none could; 130 stopped by Ctrl-C.")]
pub(super) struct Args {
    /// Folders of saved models
    #[arg(value_name = "DIR", required = true)]
    models: Vec<PathBuf>,
    /// Labelled data: a folder of GENRE/file or a table; may be given repeatedly
    #[arg(long, value_name = "PATH", required = true)]
    data: Vec<PathBuf>,
    /// Recordings that the models were fitted to: songs that are the same are found by their sound, named and left out
    #[arg(long, value_name = "DIR")]
    trained_on: Option<PathBuf>,
    #[command(flatten)]
    classes: ClassMapFlags,
    /// The metric; `bench list metrics` shows all
    #[arg(long, value_name = "METRIC", value_parser = metric_parser(), default_value = "macro_f1", hide_possible_values = true)]
    metric: &'static Metric,
    #[command(flatten)]
    opened: OpenFlags,
    /// Print results and errors, nothing else
    #[arg(long, short)]
    quiet: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A model on some data.
struct Asked {
    info: Info,
    found: Found,
}

enum Found {
    /// It was fitted to the data; the score that it was saved with, if there is one.
    Own(Option<f64>),
    Outside(Box<Scored>),
}

/// A model on data from outside.
struct Scored {
    outside: Outside,
    /// Recordings that it was fitted to, too, if they were looked for.
    seen: Option<Vec<SeenRecording>>,
    /// Tracks that it knows all the same.
    known: usize,
    /// Of the genres in common, and of others.
    unknown: [Flagged; 2],
    evaluation: Evaluation<'static>,
}

/// Runs `bench score`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let registry = args.opened.registry(registry)?;
    let map = args.classes.map()?;
    let inside = args.trained_on.as_ref().map(|folder| find(std::slice::from_ref(folder))).transpose()?;
    // The same recordings, whatever the model.
    let known: Vec<Known> = args.data.iter().map(|_| Known::default()).collect();
    let (mut rows, mut failed, mut all) = (Vec::new(), 0, 0);
    for folder in &args.models {
        let predictor = Predictor::open(folder, &registry, args.opened.options(&registry)?)?;
        let mut row = Vec::new();
        for (data, known) in args.data.iter().zip(&known) {
            all += 1;
            row.push(args.ask(&predictor, data, &map, inside.as_deref(), known).inspect_err(|error| {
                failed += 1;
                report(error);
            }));
        }
        rows.push((folder, predictor.about().clone(), row));
    }
    if args.json {
        print(json_text(&args.object(&rows)))?;
    } else if failed < all {
        print(args.table(&rows))?;
    }
    Ok(match failed {
        0 => Status::DONE,
        failed if failed == all => Status::WRONG_INPUT,
        _ => Status::PARTLY_FAILED,
    })
}

/// `3/10`.
fn share(of: &Flagged) -> String {
    format!("{}/{}", of.flagged, of.all)
}

/// Recordings of some data that models were fitted to, once they were looked for.
type Known = OnceCell<Option<Vec<SeenRecording>>>;

/// A model's folder, what it is, and what it scored on each data.
type Row<'a> = (&'a PathBuf, About, Vec<Result<Asked>>);

impl Args {
    fn ask(
        &self,
        predictor: &Predictor,
        data: &Path,
        map: &ClassMap,
        inside: Option<&[Recording]>,
        known: &Known,
    ) -> Result<Asked> {
        let own = &predictor.about().fitted_to.dataset;
        let source = predictor.source();
        // With the table, if the model's data had one: so that it is recognised by its fingerprint.
        let table = source.table || own.features > 0;
        let source = Source { data: Some(data.to_owned()), table, ..source };
        let console = Console::new(self.quiet);
        let dataset = Dataset::load(&source, &|done, total| console.reading(done, total))?;
        let info = dataset.info.clone();
        if info.fingerprint == own.fingerprint {
            let evaluation = predictor.about().evaluation.as_ref();
            let score = evaluation.filter(|e| e.metric == self.metric.key).map(|e| e.score);
            return Ok(Asked { info, found: Found::Own(score) });
        }
        let seen = self.seen(&dataset, inside, known)?;
        let files = seen.iter().flatten().map(|seen| seen.outside.clone()).collect();
        let outside = Outside::of(&dataset, &predictor.about().classes, map, &files)?;
        let Answer { predictions, known, unknown, unknown_foreign } =
            predictor.outside(&dataset, &outside, &Silent)?;
        let evaluation = outside.evaluation(vec![predictions]);
        if known > 0 {
            let (model, name) = (one_line(&predictor.about().model), one_line(&info.name));
            warn(format!(
                "{model} was fitted to {known} of {} of {name}, by their features: its score there is too high \
                 (--trained-on DIR finds and leaves out what it was fitted to)",
                counted(outside.track_count(), "track"),
            ));
        }
        Ok(Asked {
            info,
            found: Found::Outside(Box::new(Scored {
                outside,
                seen,
                known,
                unknown: [unknown, unknown_foreign],
                evaluation,
            })),
        })
    }

    /// The recordings of data that are among those `inside`; none where there are none on one of both sides.
    fn seen(
        &self,
        dataset: &Dataset,
        inside: Option<&[Recording]>,
        known: &Known,
    ) -> Result<Option<Vec<SeenRecording>>> {
        let recordings = recordings_of(dataset)?;
        let Some(inside) = inside.filter(|_| !recordings.is_empty()) else { return Ok(None) };
        if let Some(found) = known.get() {
            return Ok(found.clone());
        }
        let bar = AuditBar::new(self.quiet);
        let found = audit::seen(inside, &recordings, &self.opened.limits(), &bar)?;
        Ok(known.get_or_init(|| found).clone())
    }

    /// A row a model, a column a set of data.
    fn table(&self, rows: &[Row]) -> String {
        let name = |path: &Path| one_line(&path.display().to_string()).into_owned();
        let several = self.data.len() > 1;
        let heads = self.data.iter().flat_map(|data| [name(data), "95 %".to_owned(), "unknown".to_owned()]);
        let mut grid =
            Grid::new(3, ["folder", "model", "fitted to"].map(str::to_owned).into_iter().chain(heads));
        let mut notes = std::collections::BTreeSet::new();
        for (folder, about, row) in rows {
            let cells = row.iter().flat_map(|asked| match asked {
                Err(_) => [none(), String::new(), String::new()],
                Ok(Asked { found: Found::Own(score), .. }) => {
                    let score = score.map_or_else(none, |score| self.metric.format.show(score));
                    [format!("({score})"), String::new(), String::new()]
                }
                Ok(Asked { info, found: Found::Outside(found) }) => {
                    let Scored { outside, seen, unknown, evaluation, .. } = &**found;
                    let data = one_line(&info.describe()).into_owned();
                    let seen = told_seen(
                        seen.as_deref(),
                        "--trained-on DIR with what the models were fitted to does",
                    );
                    notes.insert(told(&data, outside) + &seen);
                    let interval = evaluation.interval(self.metric);
                    [
                        evaluation
                            .value(self.metric)
                            .map_or_else(none, |value| self.metric.format.show(value)),
                        interval.map_or_else(none, |interval| ends(&interval, self.metric)),
                        unknown.iter().filter(|of| of.all > 0).map(share).collect::<Vec<_>>().join(" + "),
                    ]
                }
            });
            let fitted_to = format!("{}, {}", about.fitted_to.dataset.name, about.fitted_to.part);
            let own = [name(folder), about.model.clone(), one_line(&fitted_to).into_owned()];
            grid.row(own.into_iter().chain(cells));
        }
        let notes: String = notes.into_iter().collect();
        let own = match several {
            true => {
                "In brackets: the score that a model was saved with, inside the data that it was fitted to.\n"
            }
            false => "",
        };
        format!(
            "{grid}\n{notes}{}; interval by bootstrap over tracks. Unknown: tracks that are unlike what the model was \
             fitted to; behind a + those of other genres.\n{own}",
            self.metric.key
        )
    }

    fn object(&self, rows: &[Row]) -> Value {
        let cell = |(data, asked): (&PathBuf, &Result<Asked>)| match asked {
            Err(error) => json!({ "data": data, "error": error.to_string() }),
            Ok(Asked { info, found: Found::Own(score) }) => {
                json!({ "data": data, "dataset": info, "fitted_to_it": true, "score_when_saved": score })
            }
            Ok(Asked { info, found: Found::Outside(found) }) => {
                let Scored { outside, seen, known, unknown, evaluation } = &**found;
                let [common, foreign] = unknown.map(|of| json!({ "flagged": of.flagged, "tracks": of.all }));
                json!({
                    "data": data,
                    "dataset": info,
                    "fitted_to_it": false,
                    "scored": scored(outside, seen.as_deref()),
                    "tracks_fitted_to": known,
                    "unknown": { "common_classes": common, "other_classes": foreign },
                    "score": score(evaluation, self.metric),
                })
            }
        };
        let row = |(folder, about, row): &Row| {
            let cells: Vec<Value> = self.data.iter().zip(row).map(cell).collect();
            json!({ "folder": folder, "model": about, "scores": cells })
        };
        json!({ "metric": self.metric.key, "models": rows.iter().map(row).collect::<Vec<_>>() })
    }
}
