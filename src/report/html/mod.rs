//! Runs as one page that stands for itself: no file beside it, nothing fetched, readable without its script.
//!
//! | file | what |
//! |---|---|
//! | `elements` | names, tables, figures |
//! | `leaderboard` | the leaderboard of a run |
//! | `models` | a section a model |
//! | [`checks`] | what must be known before anything is believed |
//! | `made` | how to make the results again |
//! | `variance` | where scores vary, and how often the best model stays the best |
//! | `style.css`, `script.js` | how it looks; sorting, filtering, tooltips |
//!
//! The pictures are those of [`figures`](super::figures). Everything that was not written here is escaped
//! ([`escaped`]), and a content security policy allows no script but ours, by its hash.

pub mod checks;
mod elements;
mod leaderboard;
mod made;
mod models;
mod variance;

use super::across::Across;
use super::chart::base64::base64;
use super::chart::{escaped, font, paint};
use super::figures::{Ablation, Cost, Differences, Figure, Map, PerClass, Ranks, Resource, Slope};
use super::{Leaderboard, LeaderboardOptions, Results, percent};
use crate::run::Cell;
use crate::score::Metric;
use crate::util::Damage;
use elements::{Widths, figure, heat_figure, name};
use genre_bench_api::Published;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A run of a page.
pub struct Run<'a> {
    /// What it came to.
    pub results: &'a Results,
    /// Its leaderboard.
    pub board: Leaderboard<'a>,
    /// What it is called: its protocol, and what else tells it from the other runs.
    pub label: String,
    /// The experiment behind it as a file; or why there is none.
    pub experiment: &'a Result<String, String>,
    /// What of it is damaged in the store.
    pub damage: Vec<Damage>,
    /// Its place among the runs.
    number: usize,
}

impl Run<'_> {
    /// Whether a stored result of a model is damaged.
    fn is_damaged(&self, model: &str) -> bool {
        let Ok(model) = self.results.model(model) else { return false };
        let keys = keys(self.results, |cell| cell.model == model);
        self.damage.iter().any(|damage| is_of(damage, &keys))
    }

    /// A word for the page's script to know its panels by.
    fn panel(&self) -> String {
        format!("p{}", self.number)
    }
}

/// A run from the store, with the experiment behind it as a file or why there is none.
pub type Stored = (Results, Result<String, String>);

/// A page of runs.
pub struct Page<'a> {
    runs: Vec<Run<'a>>,
}

impl<'a> Page<'a> {
    /// Of runs; `figures` are the published ones, by model.
    pub fn new(
        runs: &'a [Stored],
        figures: &BTreeMap<String, Vec<Published>>,
        options: &LeaderboardOptions,
    ) -> Self {
        let labels = labels(runs);
        let run = |(number, ((results, experiment), label)): (usize, (&'a Stored, String))| {
            let board = Leaderboard::of(results, figures, options);
            Run { results, board, label, experiment, damage: damage_of(results), number }
        };
        let runs = runs.par_iter().zip(labels).enumerate().map(run).collect();
        Self { runs }
    }

    /// How many models there are, in all runs together.
    fn models(&self) -> usize {
        self.runs.iter().map(|run| run.board.rows.len()).sum()
    }

    /// What a model of a run reads.
    fn input(&self, run: &Run, model: &str) -> String {
        let planned = run.results.model(model).map(|model| &run.results.plan.models[model]);
        planned.map_or_else(|_| String::new(), |planned| planned.reads.to_string())
    }

    /// Where the section of a model begins.
    fn anchor(&self, run: &Run, model: &str) -> String {
        format!("m{}-{}", run.number, run.results.model(model).unwrap_or(usize::MAX))
    }

    /// Attributes that the page's script finds a model by.
    fn data(&self, run: &Run, model: &str) -> String {
        let family =
            run.results.model(model).map_or("", |model| run.results.plan.models[model].family.name());
        format!(
            " data-n=\"{}\" data-f=\"{family}\" data-i=\"{}\"",
            escaped(model),
            escaped(&self.input(run, model))
        )
    }

    /// The whole page.
    pub fn html(&self) -> String {
        let title = self.title();
        let sections = self.sections();
        let nav: String = sections
            .iter()
            .map(|section| format!("<a href=\"#{}\">{}</a>", section.id, section.short))
            .collect();
        let body: String = sections.into_iter().map(Section::html).collect();
        let hash = base64(&Sha256::digest(SCRIPT));
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; font-src data:; script-src 'sha256-{hash}'"
        );
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
             content=\"{policy}\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta \
             name=\"color-scheme\" content=\"light dark\"><meta name=\"generator\" content=\"genre-bench {}\"><title>{} – \
             genre-bench</title><style>{}</style></head><body><a class=\"skip\" href=\"#main\">Skip to the \
             results</a><header><div class=\"top\"><span class=\"brand\">genre-bench report</span><nav \
             aria-label=\"Sections\">{nav}</nav><button type=\"button\" class=\"theme\" hidden>Dark</button></div>{}{}</header><main \
             id=\"main\">{body}</main><footer><p>Made by genre-bench {}. The page holds everything that it \
             shows.</p></footer><div class=\"tip\" role=\"tooltip\" hidden></div><script>{SCRIPT}</script></body></html>\n",
            env!("CARGO_PKG_VERSION"),
            escaped(&title),
            style(),
            self.headline(&title),
            self.filters(),
            env!("CARGO_PKG_VERSION"),
        )
    }

    /// The datasets.
    fn title(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for run in &self.runs {
            let dataset = run.results.plan.dataset.name.as_str();
            if !names.contains(&dataset) {
                names.push(dataset);
            }
        }
        names.join(", ")
    }

    /// Runs on the same data, in groups.
    fn by_data(&self) -> Vec<Vec<&Run<'a>>> {
        let mut groups: Vec<Vec<&Run>> = Vec::new();
        for run in &self.runs {
            let of = |run: &Run| {
                (run.results.plan.dataset.name.clone(), run.results.plan.dataset.fingerprint.clone())
            };
            match groups.iter_mut().find(|group| of(group[0]) == of(run)) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        groups
    }

    /// The slope charts, one for each dataset with several protocols.
    fn slopes(&self) -> Vec<Slope> {
        let of = |group: Vec<&Run>| {
            let runs: Vec<(&Results, &Leaderboard)> =
                group.iter().map(|run| (run.results, &run.board)).collect();
            Slope::of(&runs)
        };
        self.by_data().into_iter().filter_map(of).collect()
    }

    /// What the page says in three numbers.
    fn headline(&self, title: &str) -> String {
        let mut out = format!("<div class=\"hero\"><h1>{}</h1>", name(title));
        for group in self.by_data() {
            let described = group[0].results.plan.dataset.describe();
            let one = self.by_data().len() == 1;
            let described =
                described.split_once(": ").filter(|_| one).map_or(described.as_str(), |(_, what)| what);
            let _ = write!(out, "<p class=\"lead\">{}</p>", escaped(described));
        }
        if self.runs.iter().any(|run| run.results.plan.dataset.synthetic) {
            out += "<p class=\"alarm\">Synthetic data: the scores say nothing about music.</p>";
        }
        let damaged: usize = self.runs.iter().map(|run| run.damage.len()).sum();
        if damaged > 0 {
            let _ = write!(
                out,
                "<p class=\"alarm\">{damaged} stored result{} damaged and not shown, see <a href=\"#checks\">Checks</a>.</p>",
                if damaged == 1 { " is" } else { "s are" }
            );
        }
        let mut facts: Vec<(String, String)> = Vec::new();
        // Of equally strict ones the first.
        let strictest = self.runs.iter().rev().max_by_key(|run| strictness(&run.results.plan.protocol));
        if let Some((run, leader)) = strictest.and_then(|run| Some((run, run.board.rows.first()?))) {
            if let Some(value) = leader.value(Metric::macro_f1()) {
                let said = format!("best macro-F1 under {}: {}", escaped(&run.label), name(&leader.model));
                facts.push((percent(value), said));
            }
            let tied = run.board.rows.iter().filter(|row| row.tied == Some(true)).count();
            if tied > 0 {
                let said = format!("of {} others cannot be told from it", run.board.rows.len() - 1);
                facts.push((tied.to_string(), said));
            }
        }
        if let Some((slope, change)) =
            self.slopes().iter().find_map(|slope| Some((slope.ends(), slope.whole_change()?))).as_ref()
        {
            let said = format!("points on the mean, from {} to {}", escaped(slope.0), escaped(slope.1));
            facts.push((format!("{:+.1}", 100.0 * change).replace('-', "−"), said));
        }
        if !facts.is_empty() {
            let tiles: String = facts
                .iter()
                .map(|(number, said)| format!("<li><b>{number}</b> <span>{said}</span>"))
                .collect();
            let _ = write!(out, "<ul class=\"facts\">{tiles}</ul>");
        }
        out + "</div>"
    }

    /// What the page's script filters by; not shown without it.
    fn filters(&self) -> String {
        let options = |all: &str, values: Vec<(String, String)>| {
            let each = values
                .into_iter()
                .map(|(value, text)| format!("<option value=\"{}\">{}", escaped(&value), escaped(&text)));
            std::iter::once(format!("<option value=\"\">{all}")).chain(each).collect::<String>()
        };
        let mut families: Vec<(String, String)> = Vec::new();
        let mut inputs: Vec<(String, String)> = Vec::new();
        for planned in self.runs.iter().flat_map(|run| &run.results.plan.models) {
            let (family, input) = (planned.family.name().to_owned(), planned.reads.to_string());
            families.push((family.clone(), family));
            inputs.push((input.clone(), input));
        }
        for list in [&mut families, &mut inputs] {
            list.sort();
            list.dedup();
        }
        let runs = self.runs.iter().map(|run| (run.panel(), run.label.clone())).collect::<Vec<_>>();
        let mut out = String::from("<form class=\"filters\" hidden aria-label=\"Filter models\">");
        out += "<label>Model <input type=\"search\" name=\"n\" placeholder=\"name\" autocomplete=\"off\"></label>";
        for (label, key, all, values) in
            [("Protocol", "p", "all", runs), ("Family", "f", "all", families), ("Input", "i", "all", inputs)]
        {
            if values.len() > 1 {
                let _ = write!(
                    out,
                    "<label>{label} <select name=\"{key}\">{}</select></label>",
                    options(all, values)
                );
            }
        }
        out + "<output role=\"status\"></output></form>"
    }

    /// A part of a section for each run, with its name above where there are several.
    fn each(&self, of: impl Fn(&Run<'a>) -> String + Sync) -> String {
        self.panels("panels", of)
    }

    /// The same, two beside each other where there is room.
    fn in_pairs(&self, of: impl Fn(&Run<'a>) -> String + Sync) -> String {
        self.panels(if self.runs.len() > 1 { "panels two" } else { "panels" }, of)
    }

    fn panels(&self, class: &str, of: impl Fn(&Run<'a>) -> String + Sync) -> String {
        let several = self.runs.len() > 1;
        let panel = |run: &Run<'a>| {
            let inside = of(run);
            if inside.is_empty() {
                return String::new();
            }
            let head = if several { format!("<h3>{}</h3>", name(&run.label)) } else { String::new() };
            format!("<div class=\"panel\" data-p=\"{}\">{head}{inside}</div>", run.panel())
        };
        let panels = self.runs.par_iter().map(panel).collect::<Vec<_>>().concat();
        if panels.is_empty() { panels } else { format!("<div class=\"{class}\">{panels}</div>") }
    }

    fn sections(&self) -> Vec<Section> {
        let several = self.runs.len() > 1;
        let level = if several { 4 } else { 3 };
        let slopes: String = self.slopes().iter().map(|slope| figure(slope, 3, Widths::WHOLE)).collect();
        let cost = |run: &Run| {
            let of = |resource| Cost::of(&run.board, resource).map(|cost| figure(&cost, level, Widths::HALF));
            let both: String = [Resource::Seconds, Resource::Memory].into_iter().filter_map(of).collect();
            if both.is_empty() { both } else { format!("<div class=\"pair\">{both}</div>") }
        };
        let classes = |run: &Run| {
            let drawn = PerClass::of(run.results, &run.board);
            drawn.map_or_else(String::new, |drawn| {
                heat_figure(&drawn.title(), &drawn.note(), &drawn.heat, level)
            })
        };
        let differences = |run: &Run| {
            let drawn = Differences::of(run.results, &run.board);
            let drawn = drawn.map_or_else(String::new, |drawn| {
                heat_figure(&drawn.title(), &drawn.note(), &drawn.heat, level)
            });
            drawn + &variance::variance(run, level)
        };
        let map = |run: &Run| {
            let drawn = Map::of(run.results, &run.board);
            drawn.map_or_else(String::new, |drawn| {
                figure(&drawn, level, if several { Widths::HALF } else { Widths::LARGE })
            })
        };
        let ablation = |run: &Run| {
            let drawn = Ablation::of(run.results);
            drawn.map_or_else(String::new, |drawn| {
                figure(&drawn, level, Widths(&[("wide medium", 640.0), ("narrow", 346.0)]))
            })
        };
        let sections = [
            Section::new(
                "slope",
                "Protocols",
                "What leaks",
                "The same models, scored on test parts that know less and less of what they were trained on.",
                slopes,
            ),
            Section::new(
                "leaderboard",
                "Leaderboard",
                "Leaderboard",
                "",
                self.each(|run| leaderboard::leaderboard(self, run)),
            ),
            Section::new("cost", "Cost", "What scores cost", "", self.each(cost)),
            Section::new("genres", "Genres", "Genres", "", self.in_pairs(classes)),
            Section::new(
                "differences",
                "Differences",
                "Which differences are more than chance",
                "",
                format!("{}{}", self.ranks(), self.each(differences)),
            ),
            Section::new("map", "Map", "Which tracks are taken for alike", "", self.in_pairs(map)),
            Section::new("ablation", "Features", "What features are worth", "", self.each(ablation)),
            Section::new(
                "models",
                "Models",
                "Models",
                "Each with its confusions and the tracks behind them; in the order of the leaderboard.",
                self.each(|run| models::models(self, run)),
            ),
            Section::new(
                "checks",
                "Checks",
                "Checks",
                "What must be known before these scores are believed.",
                self.each(|run| checks::checks(self, run)),
            ),
            Section::new("made", "Made by", "How it was made", "", self.each(made::made)),
        ];
        sections.into_iter().filter(|section| !section.body.is_empty()).collect()
    }

    /// The critical-difference diagram, or why there is none.
    fn ranks(&self) -> String {
        if self.runs.len() < 2 {
            return String::new();
        }
        let runs: Vec<&Results> = self.runs.iter().map(|run| run.results).collect();
        // Fewer than three models in common say nothing about ranks.
        let Ok(across) = Across::of(&runs, &[]) else { return String::new() };
        match Ranks::of(across) {
            Ok(ranks) => figure(&ranks, 3, Widths(&[("wide medium", 700.0), ("narrow", 346.0)])),
            Err(why) => format!(
                "<div class=\"refused\"><h3>Mean ranks over the runs</h3><p>There is no critical-difference diagram: {}.</p></div>",
                escaped(&why)
            ),
        }
    }
}

/// A section of the page.
struct Section {
    id: &'static str,
    short: &'static str,
    title: &'static str,
    lead: &'static str,
    body: String,
}

impl Section {
    fn new(
        id: &'static str,
        short: &'static str,
        title: &'static str,
        lead: &'static str,
        body: String,
    ) -> Self {
        Self { id, short, title, lead, body }
    }

    fn html(self) -> String {
        let Self { id, title, lead, body, .. } = self;
        let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{lead}</p>") };
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{title}</h2>{lead}{body}</section>"
        )
    }
}

/// The style sheet with its typeface and colours.
fn style() -> String {
    let (light, dark) = (paint::declarations(false), paint::declarations(true));
    let mut out = font::faces();
    let _ = write!(
        out,
        ":root{{color-scheme:light;{light}}}@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}@media \
         screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
    );
    let levels = |at| format!(".heat td.l{at}{{background:var(--l{at});color:var(--t{at})}}");
    out.extend((0..paint::LEVELS).map(levels));
    out.extend((0..paint::DIFFERENCES).map(|at| format!(".heat td.d{at}{{background:var(--d{at})}}")));
    out + STYLE
}

/// How little a protocol leaks: the greater the less.
fn strictness(protocol: &str) -> usize {
    ["segment", "track", "official", "artist", "fault-filtered"]
        .iter()
        .position(|known| *known == protocol)
        .map_or(0, |at| at + 1)
}

/// What runs are called: by what tells them apart.
fn labels(runs: &[Stored]) -> Vec<String> {
    let short = |results: &Results| results.plan.protocol.clone();
    let long = |results: &Results| format!("{} · {}", results.plan.protocol, results.plan.dataset.name);
    let unique = |labels: &[String]| {
        let mut sorted: Vec<&String> = labels.iter().collect();
        sorted.sort();
        sorted.windows(2).all(|pair| pair[0] != pair[1])
    };
    let shorts: Vec<String> = runs.iter().map(|(results, _)| short(results)).collect();
    if unique(&shorts) {
        return shorts;
    }
    let longs: Vec<String> = runs.iter().map(|(results, _)| long(results)).collect();
    if unique(&longs) {
        return longs;
    }
    runs.iter().map(|(results, _)| format!("{} · {}", results.plan.protocol, results.plan.id)).collect()
}

/// The damage that is of a run's own cells: a store tells of all that was found since it was opened.
fn damage_of(results: &Results) -> Vec<Damage> {
    let keys = keys(results, |_| true);
    results.damaged.iter().filter(|damage| is_of(damage, &keys)).cloned().collect()
}

/// The names under which some cells of a run are stored.
fn keys(results: &Results, wanted: impl Fn(&Cell) -> bool) -> Vec<String> {
    results.plan.cells().filter(wanted).map(|cell| results.plan.key(cell)).collect()
}

/// Whether a damaged file is of one of these cells.
fn is_of(damage: &Damage, keys: &[String]) -> bool {
    let file = damage.path.file_name().map(|file| file.to_string_lossy()).unwrap_or_default();
    keys.iter().any(|key| file.starts_with(key.as_str()))
}
