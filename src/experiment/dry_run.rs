use super::estimates::Estimates;
use super::session::cores;
use super::{Configuration, Prepared, Session};
use crate::error::Result;
use crate::protocol::Split;
use crate::report::{Grid, width};
use crate::run::{Plan, Store, cell_memory};
use crate::util::shown::one_line;
use serde::Serialize;
use std::ops::Range;
use std::time::Duration;

/// What running an experiment would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRun {
    /// The data, for people.
    pub data: String,
    /// The split, for people.
    pub split: String,
    /// One row a model, and one for a search.
    pub models: Vec<DryRunRow>,
    /// The embeddings that are read, by encoder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embeddings: Vec<DryRunEmbeddings>,
    /// Cells at a time.
    pub jobs: usize,
    /// Threads for each.
    pub threads: usize,
    /// Estimated seconds of wall clock; none if nothing is known of some model.
    pub seconds: Option<f64>,
    /// Whether it may take less, because networks stop before all epochs are over.
    pub stops_early: bool,
    /// Estimated bytes of main memory that fits hold at one time, beside the data.
    pub peak_bytes: Option<u64>,
    /// Bytes of the data.
    pub data_bytes: u64,
}

/// What a model would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRunRow {
    /// The model, or what is searched.
    pub model: String,
    /// Its cells: models × folds × seeds.
    pub cells: usize,
    /// Those that the store has already.
    pub stored: usize,
    /// Estimated seconds of the other cells, one after the other on one processor.
    pub seconds: Option<f64>,
    /// Whether it may take less, because fits may stop before all epochs are over.
    pub stops_early: bool,
    /// Estimated bytes of a fit.
    pub peak_bytes: Option<u64>,
}

/// What embeddings would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRunEmbeddings {
    /// The encoder.
    pub encoder: String,
    /// Recordings or images.
    pub recordings: usize,
    /// Those whose embeddings are in the cache already.
    pub cached: usize,
}

impl Session<'_> {
    /// What [`Session::run`] would do. Seconds and bytes are estimated from cells of the same model in the store, else
    /// from what was measured for this version, in proportion to the training examples (and epochs): the right power of
    /// ten, no more.
    ///
    /// # Errors
    ///
    /// A store that is there and cannot be read.
    pub fn dry_run(&self, prepared: &Prepared) -> Result<DryRun> {
        let store = if Store::is_at(&self.out) { Some(Store::open(&self.out)?) } else { None };
        let published = prepared.experiment.networks.configuration == Configuration::Published;
        let estimates = Estimates::of(store.as_ref(), published);
        let mut rows = Rows { prepared, store: store.as_ref(), estimates };
        let mut models = Vec::new();
        if let Some(search) = &prepared.search {
            let plan = prepared.search_plan(search)?;
            let mut row = rows.of(&plan, &search.inner, 0..plan.models.len());
            row.model = format!("{} candidates", plan.models.len());
            models.push(row);
        }
        let plan = prepared.plan(prepared.models.clone())?;
        for at in 0..plan.models.len() {
            models.push(rows.of(&plan, &prepared.split, at..at + 1));
        }
        if prepared.search.is_some() {
            // What will be chosen is not known yet, so nothing of it counts as stored.
            let mut unstored = Rows { store: None, ..rows };
            let mut tuned = unstored.of(&plan, &prepared.split, 0..1);
            tuned.model = format!("{} tuned", plan.models[0].name);
            models.push(tuned);
        }
        for damage in store.iter().flat_map(Store::take_untold) {
            self.observer.warns(&format!("{damage}; it counts as missing"));
        }
        let mut embeddings: Vec<DryRunEmbeddings> = Vec::new();
        for encoder in plan.models.iter().filter_map(|model| model.encoder.as_ref()) {
            if !embeddings.iter().any(|other| other.encoder == encoder.name) {
                let (recordings, cached) = prepared.dataset.cached(encoder, self.cache.as_ref());
                embeddings.push(DryRunEmbeddings { encoder: encoder.name.clone(), recordings, cached });
            }
        }
        let (jobs, threads) = self.jobs_and_threads(models.iter().map(|row| row.cells - row.stored).sum());
        let seconds: Option<f64> = models.iter().map(|row| row.seconds).sum();
        let largest = models.iter().map(|row| row.peak_bytes).collect::<Option<Vec<_>>>();
        Ok(DryRun {
            data: prepared.dataset.info.describe(),
            split: prepared.split.to_string(),
            jobs,
            threads,
            seconds: seconds.map(|seconds| seconds / cores().min(jobs * threads) as f64),
            stops_early: models.iter().any(|row| row.stops_early),
            peak_bytes: largest.map(|all| all.into_iter().max().unwrap_or(0) * jobs as u64),
            data_bytes: prepared.dataset.bytes(),
            embeddings,
            models,
        })
    }
}

/// Counts the cells of models, and what they would take.
struct Rows<'a> {
    prepared: &'a Prepared,
    store: Option<&'a Store>,
    estimates: Estimates<'a>,
}

impl Rows<'_> {
    /// Of the cells of some models of a plan on a split.
    fn of(&mut self, plan: &Plan, split: &Split, models: Range<usize>) -> DryRunRow {
        let classes = plan.dataset.classes.len();
        let (mut cells, mut stored, mut seconds, mut peak_bytes) = (0, 0, Some(0.0), Some(0));
        let mut stops_early = false;
        for cell in plan.fits().filter(|cell| models.contains(&cell.model)) {
            cells += 1;
            let fold = &split.folds[cell.fold];
            if self.store.is_some_and(|store| store.has(&plan.identity(cell), fold, classes)) {
                stored += 1;
                continue;
            }
            let estimate = self.estimates.cell(plan, cell, fold);
            stops_early |= estimate.is_some_and(|estimate| estimate.stops_early);
            seconds = seconds.zip(estimate).map(|(sum, estimate)| sum + estimate.seconds);
            let measured = estimate.and_then(|estimate| estimate.peak_bytes);
            let bytes = measured.or_else(|| {
                cell_memory(plan, cell, &self.prepared.dataset, split, &self.prepared.registry, 1)
            });
            peak_bytes = peak_bytes.zip(bytes).map(|(most, bytes): (u64, _)| most.max(bytes));
        }
        let model = plan.models[models.start].name.clone();
        DryRunRow { model, cells, stored, seconds, stops_early, peak_bytes }
    }
}

impl DryRun {
    /// As text for people.
    pub fn text(&self) -> String {
        let mut grid = Grid::new(1, ["model", "cells", "stored", "s", "MB"]);
        let unknown = || "?".to_owned();
        let seconds = |s: f64, stops_early: bool| {
            let at_most = if stops_early { "≤ " } else { "" };
            if s < 9.95 { format!("{at_most}{s:.1}") } else { format!("{at_most}{s:.0}") }
        };
        for row in &self.models {
            grid.row([
                row.model.clone(),
                row.cells.to_string(),
                row.stored.to_string(),
                row.seconds.map_or_else(unknown, |s| seconds(s, row.stops_early)),
                row.peak_bytes.map_or_else(unknown, |bytes| format!("{:.1}", bytes as f64 / 1e6)),
            ]);
        }
        let cells: usize = self.models.iter().map(|row| row.cells).sum();
        let stored: usize = self.models.iter().map(|row| row.stored).sum();
        let time = match self.seconds {
            Some(seconds) => {
                let duration = indicatif::HumanDuration(Duration::from_secs_f64(seconds.ceil()));
                let about = if self.stops_early { "at most" } else { "about" };
                format!("{about} {duration}")
            }
            None => "time unknown (no stored cell of some model)".to_owned(),
        };
        let memory = match self.peak_bytes {
            Some(bytes) => format!("about {} MB", (bytes + self.data_bytes) / 1_000_000),
            None => "memory unknown".to_owned(),
        };
        let what = textwrap::fill(&one_line(&format!("{}: {}", self.data, self.split)), width());
        let why =
            if self.stops_early { " Fits with early stopping (≤) mostly take fewer epochs." } else { "" };
        let threads =
            if self.threads > 1 { format!(", on {} threads each", self.threads) } else { String::new() };
        let all = format!(
            "{cells} cells, {stored} stored already; {time} with {} at a time{threads}, {memory}.{why}",
            self.jobs
        );
        let embeddings = self.embeddings.iter().map(|DryRunEmbeddings { encoder, recordings, cached }| {
            let said = format!(
                "Embeddings of {}: {cached} of {recordings} recordings are in the cache, which the time does not count.",
                one_line(encoder)
            );
            textwrap::fill(&said, width()) + "\n"
        });
        let embeddings: String = embeddings.collect();
        format!("{what}\n\n{grid}\n{embeddings}{}\nNothing was fitted.\n", textwrap::fill(&all, width()))
    }
}
