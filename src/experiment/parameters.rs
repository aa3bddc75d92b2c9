use super::{Configuration, Experiment, Invalid, Registered, Registry};
use crate::dataset::PlannedEncoder;
use crate::run::PlannedModel;
use genre_bench_api::{EncoderCard, Param, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most rows that lists of values may make of one model.
const MOST_VARIANTS: usize = 1000;

/// Hyper-parameters that differ from the defaults: for each model or encoder, values by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameters(BTreeMap<String, BTreeMap<String, Values>>);

/// A value of a hyper-parameter, or several, each for a row of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, true, false, a word or a list of such values")]
pub enum Values {
    /// One value.
    One(#[schemars(with = "Scalar")] Value),
    /// Several values.
    Many(#[schemars(with = "Vec<Scalar>")] Vec<Value>),
}

/// A value, for the schema alone.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum Scalar {
    Bool(bool),
    Number(f64),
    Text(String),
}

impl Values {
    fn as_slice(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// Reads a value as a user types it.
pub(super) fn value_of(text: &str) -> Value {
    let number = || text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float));
    match text.parse() {
        Ok(switch) => Value::Bool(switch),
        Err(_) => number().unwrap_or_else(|_: std::num::ParseFloatError| Value::Text(text.to_owned())),
    }
}

impl Parameters {
    /// Whether every model has its defaults.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a model's hyper-parameter to what a user typed; the last one counts.
    pub fn set(&mut self, model: &str, parameter: &str, value: &str) {
        let of_model = self.0.entry(model.to_owned()).or_default();
        of_model.insert(parameter.to_owned(), Values::One(value_of(value)));
    }

    /// Whether a model's hyper-parameter is set.
    pub fn has(&self, model: &str, parameter: &str) -> bool {
        self.0.get(model).is_some_and(|of_model| of_model.contains_key(parameter))
    }

    /// Keeps the hyper-parameters of these models, and of their encoders, alone.
    pub(super) fn only_of(&mut self, entrants: &[&Registered]) {
        let is_of = |entrant: &Registered, name: &String| {
            let encoder = entrant.encoder.as_ref().map(|encoder| &encoder.card.name);
            entrant.card.name == *name || encoder == Some(name)
        };
        self.0.retain(|name, _| entrants.iter().any(|entrant| is_of(entrant, name)));
    }

    /// Refuses a model or encoder that does not take part, and what an encoder has not, unless a model of its name has it.
    pub(super) fn check(&self, entrants: &[&Registered], registry: &Registry) -> Result<(), Invalid> {
        for (name, of_name) in &self.0 {
            let is_model = entrants.iter().any(|entrant| entrant.card.name == *name);
            let mut encoders = entrants.iter().filter_map(|entrant| entrant.encoder.as_ref());
            match encoders.find(|encoder| encoder.card.name == *name) {
                None if !is_model => {
                    let hint = registry.closest(name);
                    return Err(Invalid::new(
                        format!("parameters.{name}"),
                        "is not a model of this run",
                        hint,
                    ));
                }
                Some(encoder) if !is_model => {
                    let has = |name: &String| encoder.card.params.iter().any(|param| param.name == *name);
                    if let Some(other) = of_name.keys().find(|name| !has(name)) {
                        let known: Vec<&str> = encoder.card.params.iter().map(|p| p.name.as_str()).collect();
                        let reason = format!("the encoder has no such parameter, only: {}", known.join(", "));
                        let hint = format!(
                            "`bench list encoders {name}` shows them; of a model on it, {name}+MODEL.{other}"
                        );
                        return Err(Invalid::new(format!("parameters.{name}.{other}"), reason, hint));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Every combination of a model's or encoder's values, with the values that make a difference between them; only of
    /// the parameters that count.
    fn combinations(&self, model: &str, counts: impl Fn(&str) -> bool) -> Result<Vec<Variant>, Invalid> {
        let mut combinations = vec![Variant::default()];
        let of_model = self.0.get(model).into_iter().flatten();
        for (name, values) in of_model.filter(|(name, _)| counts(name)) {
            let values = values.as_slice();
            let key = || format!("parameters.{model}.{name}");
            if values.is_empty() {
                return Err(Invalid::new(key(), "the list has no value", "give at least one"));
            }
            if combinations.len() * values.len() > MOST_VARIANTS {
                let reason = format!("the lists make more than {MOST_VARIANTS} rows of one model");
                return Err(Invalid::new(key(), reason, "shorter lists; `[tune]` searches many values"));
            }
            let with = |combination: &Variant, value: &Value| {
                let mut combination = combination.clone();
                combination.values.push((name.clone(), value.to_string()));
                if values.len() > 1 {
                    combination.telling.push(format!("{name}={value}"));
                }
                combination
            };
            combinations =
                combinations.iter().flat_map(|c| values.iter().map(|value| with(c, value))).collect();
        }
        Ok(combinations)
    }
}

/// A value of each hyper-parameter that a user set, as text.
#[derive(Debug, Clone, Default)]
struct Variant {
    values: Vec<(String, String)>,
    /// Those that other combinations have otherwise, as text.
    telling: Vec<String>,
}

/// Changes of hyper-parameters, by name; later ones win.
type Changes<'a> = Vec<(&'a str, &'a str)>;

impl Variant {
    fn changes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Experiment {
    /// The rows that a model is: one, or several where a hyper-parameter of it or of its encoder has a list of values.
    /// Later settings win: the reduced configuration, what all networks share, then the model's own.
    ///
    /// # Errors
    ///
    /// A hyper-parameter that the model does not have, or a value that it does not allow.
    pub(super) fn variants(
        &self,
        entrant: &Registered,
        configuration: Configuration,
    ) -> Result<Vec<PlannedModel>, Invalid> {
        let models = self.planned_models(entrant, configuration)?;
        let Some(encoder) = &entrant.encoder else { return Ok(models) };
        let encoders = self.planned_encoders(&encoder.card)?;
        let on = |(planned, telling): &(PlannedEncoder, String), model: &PlannedModel| {
            let untrained = if planned.trained_on.is_none() { " (random weights)" } else { "" };
            let name = format!("{}{telling}{untrained}", model.name);
            PlannedModel { name, encoder: Some(planned.clone()), ..model.clone() }
        };
        Ok(encoders.iter().flat_map(|encoder| models.iter().map(|model| on(encoder, model))).collect())
    }

    /// A model without its encoder.
    fn planned_models(
        &self,
        entrant: &Registered,
        configuration: Configuration,
    ) -> Result<Vec<PlannedModel>, Invalid> {
        let card = &entrant.card;
        let reduced = if configuration == Configuration::Reduced { card.reduced.as_slice() } else { &[] };
        let shared: Vec<(&str, String)> = (self.networks.parameters())
            .filter(|(name, _)| entrant.has_parameter(name))
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        let of_combination = |combination: Variant| {
            // What a file must fit is not reduced.
            let is_kept = |name: &String| {
                let keepers = card.params.iter().filter(|param| param.keeps.contains(name));
                keepers.into_iter().any(|param| {
                    let own = combination.values.iter().find(|(of, _)| *of == param.name);
                    match own {
                        Some((_, text)) => param.names_file(text),
                        None => param.default_word().is_some() && !self.networks.from_scratch,
                    }
                })
            };
            let reduced = reduced.iter().filter(|(name, _)| !is_kept(name));
            let mut changes: Changes = self.scratch(&card.params);
            changes.extend(reduced.map(|(name, value)| (name.as_str(), value.as_str())));
            changes.extend(shared.iter().map(|(name, value)| (*name, value.as_str())));
            changes.extend(combination.changes());
            let mut planned =
                PlannedModel::new(card, changes).map_err(|e| self.refused("models", &card.name, &e))?;
            if !combination.telling.is_empty() {
                planned.name = format!("{} {}", planned.name, combination.telling.join(" "));
            }
            if planned.changes.iter().any(|change| change.takes_weights_away(card)) {
                planned.name += " (from scratch)";
            }
            Ok(planned)
        };
        self.parameters.combinations(&card.name, |_| true)?.into_iter().map(of_combination).collect()
    }

    /// An encoder with each combination of its parameters, and what tells that from the others.
    fn planned_encoders(&self, card: &EncoderCard) -> Result<Vec<(PlannedEncoder, String)>, Invalid> {
        let has = |name: &str| card.params.iter().any(|param| param.name == name);
        let of_combination = |combination: Variant| {
            let mut changes: Changes = self.scratch(&card.params);
            changes.extend(combination.changes());
            let planned =
                PlannedEncoder::new(card, changes).map_err(|e| self.refused("encoders", &card.name, &e))?;
            let telling = combination.telling.iter().map(|telling| format!(" {telling}")).collect();
            Ok((planned, telling))
        };
        self.parameters.combinations(&card.name, has)?.into_iter().map(of_combination).collect()
    }

    /// What leaves out all files that are defaults, if the experiment wants that.
    fn scratch<'a>(&self, params: &'a [Param]) -> Changes<'a> {
        let defaults = params.iter().filter(|param| param.default_word().is_some());
        let wanted = defaults.filter(|_| self.networks.from_scratch);
        wanted.map(|param| (param.name.as_str(), Param::NO_FILE)).collect()
    }

    /// The key behind a parameter that a model or encoder refuses; `what` lists it.
    fn refused(&self, what: &str, model: &str, error: &genre_bench_api::Error) -> Invalid {
        let hint = format!("`bench list {what} {model}` shows its parameters");
        match error {
            genre_bench_api::Error::Parameter { name, reason } => {
                let shared = self.networks.parameters().any(|(shared, _)| shared == name);
                let key = match shared && !self.parameters.has(model, name) {
                    true => format!("networks.{name}"),
                    false => format!("parameters.{model}.{name}"),
                };
                Invalid::new(key, reason, hint)
            }
            other => Invalid::new(format!("parameters.{model}"), other.to_string(), hint),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::{Card, Family};

    fn entrant() -> Registered {
        let card = Card::new("m", Family::Other, "")
            .param(Param::float("c", 1.0, "").above(0.0))
            .param(Param::choice("kernel", &["rbf", "linear"], ""))
            .param(Param::int("epochs", 5, "").at_least(1.0))
            .reduced("epochs", "2");
        Registered::for_tests(card)
    }

    fn experiment(toml: &str) -> Experiment {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn lists_make_rows_named_by_what_differs() {
        let two = experiment("[parameters.m]\nc = [1, 10.5]\nkernel = \"linear\"");
        let rows = two.variants(&entrant(), Configuration::Published).unwrap();
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["m c=1", "m c=10.5"]);
        assert_eq!(rows[1].params.float("c").unwrap(), 10.5);
        assert_eq!(rows[1].params.choice("kernel").unwrap(), "linear");
    }

    #[test]
    fn a_models_own_setting_wins_over_the_networks_and_the_reduced_configuration() {
        let epochs = |toml: &str| {
            let rows = experiment(toml).variants(&entrant(), Configuration::Reduced).unwrap();
            rows[0].params.count("epochs").unwrap()
        };
        assert_eq!(epochs(""), 2);
        assert_eq!(epochs("networks.epochs = 3"), 3);
        assert_eq!(epochs("networks.epochs = 3\nparameters.m.epochs = 4"), 4);
    }

    #[test]
    fn what_a_file_must_fit_is_not_reduced() {
        let card = Card::new("m", Family::Other, "")
            .param(Param::float("width", 1.0, ""))
            .param(Param::file("weights", Vec::new(), "").keeping(&["width"]))
            .reduced("width", "0.5");
        let entrant = Registered::for_tests(card);
        let width = |toml: &str| {
            let rows = experiment(toml).variants(&entrant, Configuration::Reduced).unwrap();
            rows[0].params.float("width").unwrap()
        };
        assert_eq!(width("parameters.m.weights = \"none\""), 0.5);
        assert_eq!(width("parameters.m.weights = \"Cargo.toml\""), 1.0);
        assert_eq!(width("parameters.m.weights = \"Cargo.toml\"\nparameters.m.width = 0.1"), 0.1);
    }

    #[test]
    fn a_value_that_is_not_allowed_is_told_by_its_key() {
        let key =
            |toml: &str| experiment(toml).variants(&entrant(), Configuration::Published).unwrap_err().key;
        assert_eq!(key("parameters.m.c = -1"), "parameters.m.c");
        assert_eq!(key("parameters.m.d = 1"), "parameters.m.d");
        assert_eq!(key("networks.epochs = 0"), "networks.epochs");
    }

    #[test]
    fn values_are_read_as_typed() {
        let typed = ["true", "3", "1e-3", "rbf"].map(value_of);
        let wanted = [Value::Bool(true), Value::Int(3), Value::Float(1e-3), Value::Text("rbf".to_owned())];
        assert_eq!(typed, wanted);
    }
}
