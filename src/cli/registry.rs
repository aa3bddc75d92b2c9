use crate::error::{Error, Result};
use crate::report::published;
use genre_bench_api::{Card, Family, Model, Published};
use std::collections::BTreeMap;

/// The models of the program with their cards, published figures filled in.
pub(super) struct Registry {
    pub models: Vec<Box<dyn Model>>,
    pub cards: Vec<Card>,
    /// See [`super::Bench::cuda_devices`].
    pub cuda_devices: Option<usize>,
}

impl Registry {
    /// Of models that all have names of their own.
    ///
    /// # Errors
    ///
    /// Two have the same name.
    pub fn new(models: Vec<Box<dyn Model>>, cuda_devices: Option<usize>) -> Result<Self> {
        let figures = published::shipped()?;
        let mut cards: Vec<Card> = Vec::new();
        for model in &models {
            let mut card = model.card();
            if cards.iter().any(|other| other.name == card.name) {
                let reason = "two plugins have a model of this name";
                return Err(Error::new(format!("model `{}`", card.name), reason, "rename one of them"));
            }
            card.published.extend(figures.get(&card.name).into_iter().flatten().cloned());
            cards.push(card);
        }
        Ok(Self { models, cards, cuda_devices })
    }

    /// Published figures by model.
    pub fn figures(&self) -> BTreeMap<String, Vec<Published>> {
        self.cards.iter().map(|card| (card.name.clone(), card.published.clone())).collect()
    }

    /// The models of a list of names and families, in the registry's order; the default models if it is empty.
    ///
    /// # Errors
    ///
    /// A name that is neither a model's nor a family's, or nothing to run at all.
    pub fn select(&self, names: &[String]) -> Result<Vec<(&dyn Model, &Card)>> {
        let is_family = |name: &str| Family::ALL.into_iter().find(|family| family.name() == name);
        for name in names {
            let family = is_family(name);
            if !self.cards.iter().any(|card| card.name == *name || family == Some(card.family)) {
                let reason = "is no model and no family that has models";
                return Err(self.unknown(name, &format!("--models {name}"), reason));
            }
        }
        let wanted = |card: &Card| {
            let named = names.contains(&card.name);
            let in_family = names.is_empty() || names.iter().any(|name| is_family(name) == Some(card.family));
            named || (in_family && card.is_default)
        };
        let models: Vec<(&dyn Model, &Card)> = (self.models.iter().zip(&self.cards))
            .filter(|(_, card)| wanted(card))
            .map(|(model, card)| (model.as_ref(), card))
            .collect();
        if models.is_empty() {
            let hint = "`bench list models` shows those there are";
            return Err(Error::new("--models", "there is no model to run", hint));
        }
        Ok(models)
    }

    /// The model of a name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find(&self, name: &str) -> Result<(&dyn Model, &Card)> {
        match self.cards.iter().position(|card| card.name == name) {
            Some(at) => Ok((self.models[at].as_ref(), &self.cards[at])),
            None => Err(self.unknown(name, &format!("model `{name}`"), "is not there")),
        }
    }

    /// The error for a name that is no model, with the model that may have been meant.
    pub fn unknown(&self, name: &str, subject: &str, reason: &str) -> Error {
        let closest = self
            .cards
            .iter()
            .map(|card| (strsim::jaro_winkler(name, &card.name), &card.name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = match closest {
            Some((likeness, closest)) if likeness > 0.8 && closest != name => {
                format!("did you mean {closest}? `bench list models` shows all")
            }
            _ => "`bench list models` shows all".to_owned(),
        };
        Error::new(subject, reason, hint)
    }
}
