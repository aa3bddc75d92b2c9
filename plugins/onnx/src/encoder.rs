//! The contract.

use crate::graph::Graph;
use crate::layout::Layout;
use crate::limits::Limits;
use crate::model::{self, Model};
use crate::settings::{Settings, TEMPLATE};
use genre_bench_api::{
    Encoder, EncoderCard, EncoderInput, Error, GivenFile, LoadedEncoder, Observer, Params, Result, Silent,
};
use ndarray::{Array2, ArrayD, ArrayViewD, Axis};
use rayon::prelude::*;
use std::path::Path;

/// Most bytes of a TOML file.
const MOST_SETTINGS: u64 = 1 << 20;

/// An ONNX file and the TOML file beside it.
pub(crate) struct OnnxEncoder {
    name: String,
    settings: Settings,
    graph: GivenFile,
    toml: GivenFile,
}

impl OnnxEncoder {
    pub(crate) fn open(name: &str, file: &Path) -> Result<Self> {
        let graph = GivenFile::of(file).map_err(Error::failed)?;
        let beside = file.with_extension("toml");
        if !beside.exists() {
            return Err(Error::failed(without_settings(&beside, &graph)));
        }
        let of_toml = |why: String| Error::failed(format!("{}: {why}", beside.display()));
        let toml = GivenFile::of(&beside).map_err(&of_toml)?;
        let text = toml.read(MOST_SETTINGS).map_err(&of_toml)?;
        let text = String::from_utf8(text).map_err(|_| of_toml("is no text".to_owned()))?;
        let settings = Settings::parse(&text).map_err(of_toml)?;
        Ok(Self { name: name.to_owned(), settings, graph, toml })
    }
}

/// As a sentence whose subject is the ONNX file.
fn without_settings(beside: &Path, graph: &GivenFile) -> String {
    let limits = Limits::default();
    let described = graph.read(limits.bytes).and_then(|bytes| model::describe(&bytes, &limits));
    let described = described.unwrap_or_else(|why| format!("but this file {why}"));
    format!(
        "has no {} beside it, which says what to give the network ({described}). Write one like this:\n\n{TEMPLATE}",
        beside.display()
    )
}

impl Encoder for OnnxEncoder {
    fn card(&self) -> EncoderCard {
        EncoderCard {
            name: self.name.clone(),
            summary: format!("{} ({})", self.settings.about, self.settings.licence),
            trained_on: self.settings.trained_on.clone(),
            content: format!("onnx sha256:{} toml sha256:{}", self.graph.sha256, self.toml.sha256),
            input: self.settings.input.clone(),
            pooling: self.settings.pooling,
            params: Vec::new(),
        }
    }

    fn load(&self, _params: &Params) -> Result<Box<dyn LoadedEncoder>> {
        let limits = Limits::default();
        let file =
            self.graph.path.as_ref().map_or(self.graph.name.clone(), |path| path.display().to_string());
        let of_file = |why: String| Error::failed(format!("{file} {why}"));
        let bytes = self.graph.read(limits.bytes).map_err(of_file)?;
        Ok(Box::new(LoadedOnnx::new(&self.settings, &bytes, &limits, file)?))
    }
}

/// The graph and how to feed it.
struct LoadedOnnx {
    graph: Graph,
    layout: Layout,
    /// For messages.
    file: String,
}

impl LoadedOnnx {
    fn new(settings: &Settings, bytes: &[u8], limits: &Limits, file: String) -> Result<Self> {
        let model = Model::read(bytes, &settings.graph, limits)
            .map_err(|why| Error::failed(format!("{file} {why}")))?;
        let layout = Layout::new(&settings.graph, settings.axes());
        Ok(Self { graph: Graph::new(model, *limits), layout, file })
    }

    fn embed_one(&self, window: ArrayViewD<f32>) -> Result<Vec<f32>> {
        let of_file = |why: String| Error::failed(format!("{} {why}", self.file));
        let shape = self.layout.shape(window.shape());
        let model = self.graph.model();
        if let Some(declared) = &model.declared {
            self.layout
                .fits(declared, &shape)
                .map_err(|why| of_file(format!("has an input `{}` that {why}", model.input)))?;
        }
        let output = self.graph.run(self.layout.arrange(window), &shape).map_err(of_file)?;
        let of_output = |why: String| of_file(format!("makes a value `{}`, but {why}", model.output));
        let embedding = self.layout.embedding(output).map_err(of_output)?;
        if embedding.is_empty() {
            return Err(of_output("that is empty".to_owned()));
        }
        match embedding.iter().all(|number| number.is_finite()) {
            true => Ok(embedding),
            false => {
                Err(of_output("that is not finite here: does it get what it was trained on?".to_owned()))
            }
        }
    }
}

impl LoadedEncoder for LoadedOnnx {
    fn embed(&self, windows: &ArrayD<f32>, observer: &dyn Observer) -> Result<Array2<f32>> {
        // A window at a time: what is embedded with it must not matter, and so the memory is that of one a thread.
        let embed =
            |window| if observer.cancelled() { Err(Error::Cancelled) } else { self.embed_one(window) };
        let windows: Vec<ArrayViewD<f32>> = windows.axis_iter(Axis(0)).collect();
        let rows = windows.into_par_iter().map(embed).collect::<Result<Vec<Vec<f32>>>>()?;
        let width = rows.first().map_or(0, Vec::len);
        let count = rows.len();
        Array2::from_shape_vec((count, width), rows.concat())
            .map_err(|e| Error::failed(format!("{} makes embeddings of several widths: {e}", self.file)))
    }
}

pub(crate) fn embed_zeros(settings: &str, model: Vec<u8>, limits: &Limits) -> Result<Vec<f32>> {
    let settings = Settings::parse(settings).map_err(Error::failed)?;
    let loaded = LoadedOnnx::new(&settings, &model, limits, "the file".to_owned())?;
    drop(model);
    let shape = match &settings.input {
        EncoderInput::Samples { windows, .. } => vec![1, windows.length.unwrap_or(1)],
        EncoderInput::Mel { mel, windows } => vec![1, mel.bands, windows.length.unwrap_or(1)],
        EncoderInput::Picture(picture) => vec![1, 3, picture.height, picture.width],
    };
    Ok(loaded.embed(&ArrayD::zeros(shape), &Silent)?.into_iter().collect())
}
