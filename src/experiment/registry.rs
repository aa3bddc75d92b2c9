use super::Invalid;
use crate::error::{Error, Result};
use crate::report::published;
use crate::run::ModelSet;
use genre_bench_api::{Card, Family, Model, Published};
use std::collections::BTreeMap;

/// The models of the program.
pub struct Registry {
    models: Vec<Registered>,
    /// How many CUDA devices the models find; none if they were built without CUDA.
    pub cuda_devices: Option<usize>,
}

/// A model with its card, published figures filled in.
pub struct Registered {
    /// The model.
    pub model: Box<dyn Model>,
    /// Its card.
    pub card: Card,
}

impl Registered {
    /// Whether the model has a hyper-parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.card.params.iter().any(|param| param.name == name)
    }
}

impl ModelSet for Registry {
    fn model(&self, name: &str) -> Option<&dyn Model> {
        self.models.iter().find(|entry| entry.card.name == name).map(|entry| entry.model.as_ref())
    }
}

impl Registry {
    /// Of models that all have names of their own.
    ///
    /// # Errors
    ///
    /// Two have the same name.
    pub fn new(models: Vec<Box<dyn Model>>, cuda_devices: Option<usize>) -> Result<Self> {
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
            registered.push(Registered { model, card });
        }
        Ok(Self { models: registered, cuda_devices })
    }

    /// All models.
    pub fn iter(&self) -> impl Iterator<Item = &Registered> {
        self.models.iter()
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
            if !self.iter().any(|entry| entry.card.name == *name || family == Some(entry.card.family)) {
                let reason = format!("`{name}` is no model and no family that has models");
                return Err(Invalid::new("models", reason, self.closest(name)));
            }
        }
        let wanted = |card: &Card| {
            let named = names.contains(&card.name);
            let in_family = names.is_empty() || names.iter().any(|name| is_family(name) == Some(card.family));
            named || (in_family && card.is_default)
        };
        let selected: Vec<&Registered> = self.iter().filter(|entry| wanted(&entry.card)).collect();
        if selected.is_empty() {
            let hint = "`bench list models` shows those there are";
            return Err(Invalid::new("models", "there is no model to run", hint));
        }
        Ok(selected)
    }

    /// The model of a name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&Registered> {
        let found = self.iter().find(|entry| entry.card.name == name);
        found.ok_or_else(|| Error::new(format!("model `{name}`"), "is not there", self.closest(name)))
    }

    /// What to try instead of a name that is no model.
    pub fn closest(&self, name: &str) -> String {
        let names = self.iter().map(|entry| entry.card.name.as_str());
        match nearest(name, names) {
            Some(closest) => format!("did you mean {closest}? `bench list models` shows all"),
            None => "`bench list models` shows all".to_owned(),
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
        struct Nothing(Card);
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
        Self { model: Box::new(Nothing(card.clone())), card }
    }
}
