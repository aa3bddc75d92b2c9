use super::CudaDevices;
use super::Invalid;
use super::ModelOpeners;
use super::encoders::{Opener, RegisteredEncoder, refuse_name};
use crate::error::{Error, Result};
use crate::report::published;
use crate::run::ModelSet;
use genre_bench_api::{Card, Encoder, Family, Model, Published, Reads};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The models and encoders of the program.
#[derive(Clone, Default)]
pub struct Registry {
    models: Vec<Registered>,
    encoders: Vec<Arc<RegisteredEncoder>>,
    /// Every model that reads the table on every encoder.
    composed: Vec<Registered>,
    opener: Opener,
    model_openers: ModelOpeners,
    /// The CUDA devices that the models find.
    pub cuda_devices: CudaDevices,
}

/// A model with its card, published figures filled in.
#[derive(Clone)]
pub struct Registered {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its card; where it stands on an encoder, under the name `ENCODER+MODEL`.
    pub card: Card,
    /// The encoder whose embeddings it reads instead of the table.
    pub encoder: Option<Arc<RegisteredEncoder>>,
    /// The name that it was opened by, if it was; with that of the encoder.
    pub opened_as: Option<String>,
}

impl Registered {
    /// A model that was opened by a name.
    pub(super) fn opened(name: &str, model: Box<dyn Model>) -> Self {
        let card = Card { is_default: false, ..model.card() };
        Self { model: model.into(), card, encoder: None, opened_as: Some(name.to_owned()) }
    }

    /// Whether a user means it by a name.
    pub fn is_called(&self, name: &str) -> bool {
        self.card.name == name || self.opened_as.as_deref() == Some(name)
    }

    /// The name by which it is found again, whatever program has opened it.
    pub fn typed(&self) -> &str {
        self.opened_as.as_ref().unwrap_or(&self.card.name)
    }

    /// Whether the model has a hyper-parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.card.params.iter().any(|param| param.name == name)
    }

    /// Whether it, or its encoder, starts from trained weights by default.
    pub fn starts_from_weights(&self) -> bool {
        let encoder = self.encoder.iter().flat_map(|encoder| &encoder.card.params);
        self.card.params.iter().chain(encoder).any(|param| param.default_word().is_some())
    }

    /// The same on an encoder. What was published for the model was so for another input.
    fn on(&self, encoder: &Arc<RegisteredEncoder>) -> Self {
        let card = Card {
            name: format!("{}+{}", encoder.card.name, self.card.name),
            summary: format!("{}, on the embeddings of {}", self.card.summary, encoder.card.name),
            published: Vec::new(),
            is_default: false,
            variant_of: None,
            ..self.card.clone()
        };
        let opened_as = self.opened_as.as_ref().map(|name| format!("{}+{name}", encoder.card.name));
        Self { model: Arc::clone(&self.model), card, encoder: Some(Arc::clone(encoder)), opened_as }
    }
}

impl ModelSet for Registry {
    fn model(&self, name: &str) -> Option<&dyn Model> {
        self.all().find(|entry| entry.is_called(name)).map(|entry| entry.model.as_ref())
    }
}

impl Registry {
    /// Of models that all have names of their own.
    ///
    /// # Errors
    ///
    /// Two have the same name.
    pub fn new(models: Vec<Box<dyn Model>>, cuda_devices: CudaDevices) -> Result<Self> {
        let figures = published::shipped()?;
        let mut registered: Vec<Registered> = Vec::new();
        for model in models {
            let mut card = model.card();
            if registered.iter().any(|other| other.card.name == card.name) {
                let reason = "two plugins have a model of this name";
                return Err(Error::new(format!("model `{}`", card.name), reason, "rename one of them"));
            }
            let own = figures.iter().filter(|figure| figure.model == card.name);
            card.published.extend(own.map(|own| own.figure.clone()).filter(|figure| figure.test.is_finite()));
            registered.push(Registered { model: model.into(), card, encoder: None, opened_as: None });
        }
        Ok(Self { models: registered, cuda_devices, ..Self::default() })
    }

    /// The same with encoders, and with what opens files as such.
    ///
    /// # Errors
    ///
    /// A name that another encoder has, or that cannot be typed.
    pub fn with_encoders(mut self, encoders: Vec<Box<dyn Encoder>>, opener: Opener) -> Result<Self> {
        self.opener = opener;
        for encoder in encoders {
            self.add(Arc::new(RegisteredEncoder::of(encoder)))?;
        }
        Ok(self)
    }

    /// The same with what opens models by their names.
    pub fn with_model_openers(self, model_openers: ModelOpeners) -> Self {
        Self { model_openers, ..self }
    }

    fn add(&mut self, encoder: Arc<RegisteredEncoder>) -> Result<()> {
        let name = encoder.card.name.as_str();
        let refused = |reason| {
            let hint = "give it another name: lower-case letters, digits and hyphens";
            Err(Error::new(format!("encoder `{name}`"), reason, hint))
        };
        if let Some(reason) = refuse_name(name) {
            return refused(reason);
        }
        if self.encoders.iter().any(|other| other.card.name == name) {
            return refused("another encoder has this name");
        }
        let readers = self.models.iter().filter(|entry| entry.card.reads == Reads::Table);
        let composed: Vec<Registered> = readers.map(|entry| entry.on(&encoder)).collect();
        self.composed.extend(composed);
        self.encoders.push(encoder);
        Ok(())
    }

    /// The same with the encoders in some files, by name, and with those of some models that have to be opened.
    ///
    /// # Errors
    ///
    /// A file that is no encoder, a model that cannot be opened, or a name that another has. Models that nobody knows are
    /// for [`Registry::select`] to tell.
    pub fn opening(
        &self,
        files: &BTreeMap<String, PathBuf>,
        models: &[String],
    ) -> std::result::Result<Cow<'_, Self>, Invalid> {
        let is_unknown = |name: &&String| {
            let is_family = Family::ALL.into_iter().any(|family| family.name() == name.as_str());
            !is_family && !self.all().any(|entry| entry.is_called(name))
        };
        let unknown: Vec<&String> = models.iter().filter(is_unknown).collect();
        if files.is_empty() && unknown.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut more = self.clone();
        for (name, path) in files {
            let refused = |e: Error| Invalid::new(format!("encoders.{name}"), e.reason, e.hint);
            let opened = self.opener.open(name, path).map_err(refused)?;
            more.add(opened).map_err(refused)?;
        }
        for name in unknown {
            more.open_model(name)?;
        }
        Ok(Cow::Owned(more))
    }

    /// Opens the model of a name, if there is something that does; on every encoder, too.
    fn open_model(&mut self, name: &str) -> std::result::Result<(), Invalid> {
        // What is in front of a + is an encoder, if it could be one: a path may have a + of its own.
        let own = match name.split_once('+') {
            Some((encoder, model)) if refuse_name(encoder).is_none() => model,
            _ => name,
        };
        if self.models.iter().any(|entry| entry.is_called(own)) {
            return Ok(());
        }
        let Some(opened) = self.model_openers.open(own)? else { return Ok(()) };
        let shown = &opened.card.name;
        if let Some(other) = self.models.iter().find(|other| other.card.name == *shown) {
            let reason = format!("`{own}` and `{}` are both called {shown}", other.typed());
            return Err(Invalid::new("models", reason, "rename a file, or run them one after the other"));
        }
        if opened.card.reads == Reads::Table {
            self.composed.extend(self.encoders.iter().map(|encoder| opened.on(encoder)));
        }
        self.models.push(opened);
        Ok(())
    }

    /// All models, without those on encoders.
    pub fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.models.iter()
    }

    /// All models, those on encoders last.
    fn all(&self) -> impl Iterator<Item = &Registered> {
        self.models.iter().chain(&self.composed)
    }

    /// All encoders.
    pub fn encoders(&self) -> impl Iterator<Item = &RegisteredEncoder> {
        self.encoders.iter().map(Arc::as_ref)
    }

    /// The encoder of a name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn encoder(&self, name: &str) -> Result<&RegisteredEncoder> {
        let found = self.encoders().find(|encoder| encoder.card.name == name);
        found.ok_or_else(|| {
            Error::new(format!("encoder `{name}`"), "is not there", self.closest_encoder(name))
        })
    }

    /// Published figures by model.
    pub fn figures(&self) -> BTreeMap<String, Vec<Published>> {
        self.iter().map(|entry| (entry.card.name.clone(), entry.card.published.clone())).collect()
    }

    /// The models of a list of names and families, in the registry's order; the default models if it is empty.
    ///
    /// # Errors
    ///
    /// A name that is neither a model's nor a family's, or nothing to run at all.
    pub fn select(&self, names: &[String]) -> std::result::Result<Vec<&Registered>, Invalid> {
        let is_family = |name: &str| Family::ALL.into_iter().find(|family| family.name() == name);
        for name in names {
            let family = is_family(name);
            let is_there = self.all().any(|entry| entry.is_called(name))
                || self.iter().any(|entry| family == Some(entry.card.family));
            if !is_there {
                let (reason, hint) = self.why_not(name);
                return Err(Invalid::new("models", reason, hint));
            }
        }
        let wanted = |entry: &Registered| {
            let card = &entry.card;
            let named = names.iter().any(|name| entry.is_called(name));
            let in_family = names.is_empty() || names.iter().any(|name| is_family(name) == Some(card.family));
            named || (in_family && card.is_default)
        };
        let selected: Vec<&Registered> = self.all().filter(|entry| wanted(entry)).collect();
        if selected.is_empty() {
            let hint = "`bench list models` shows those there are";
            return Err(Invalid::new("models", "there is no model to run", hint));
        }
        Ok(selected)
    }

    /// Why a name is none that can be selected, and what to try.
    fn why_not(&self, name: &str) -> (String, String) {
        let Some((encoder, model)) = name.split_once('+') else {
            return (format!("`{name}` is no model and no family that has models"), self.closest(name));
        };
        if self.encoder(encoder).is_err() {
            let reason = format!("`{name}`: there is no encoder `{encoder}`");
            return (reason, self.closest_encoder(encoder));
        }
        match self.find(model) {
            Ok(entry) => {
                let reason =
                    format!("`{name}`: {model} reads {} and cannot read embeddings", entry.card.reads);
                (reason, "a model that reads the table, such as logistic or svm".to_owned())
            }
            Err(_) => (format!("`{name}`: there is no model `{model}`"), self.closest(model)),
        }
    }

    /// The model of a name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&Registered> {
        let found = self.all().find(|entry| entry.is_called(name));
        found.ok_or_else(|| {
            let hint = if name.contains('+') { self.why_not(name).1 } else { self.closest(name) };
            Error::new(format!("model `{name}`"), "is not there", hint)
        })
    }

    /// What to try instead of a name that is no model.
    pub fn closest(&self, name: &str) -> String {
        let names = self.iter().map(|entry| entry.card.name.as_str());
        match nearest(name, names) {
            Some(closest) => format!("did you mean {closest}? `bench list models` shows all"),
            None => "`bench list models` shows all".to_owned(),
        }
    }

    /// What to try instead of a name that is no encoder.
    fn closest_encoder(&self, name: &str) -> String {
        let names = self.encoders().map(|encoder| encoder.card.name.as_str());
        match nearest(name, names) {
            Some(closest) => format!("did you mean {closest}? `bench list encoders` shows all"),
            None => "`bench list encoders` shows those there are; --encoder NAME=FILE opens a file as one"
                .to_owned(),
        }
    }
}

/// The word that was probably meant by one that is not among them.
pub(super) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    crate::util::nearest(word, words, 1).pop()
}

#[cfg(test)]
impl Registered {
    /// A card without anything behind it.
    pub(super) fn for_tests(card: Card) -> Self {
        Self { model: Arc::new(Nothing(card.clone())), card, encoder: None, opened_as: None }
    }
}

/// A model that is a card alone.
#[cfg(test)]
pub(super) struct Nothing(pub Card);

#[cfg(test)]
impl Model for Nothing {
    fn card(&self) -> Card {
        self.0.clone()
    }
    fn fit(
        &self,
        _: &genre_bench_api::Examples,
        _: &genre_bench_api::Examples,
        _: &genre_bench_api::Run,
    ) -> genre_bench_api::Result<Box<dyn genre_bench_api::Fitted>> {
        Err(genre_bench_api::Error::failed("it is only a card"))
    }
}
