use crate::util::hex;
use genre_bench_api::{EncoderCard, EncoderInput, Params, Pooling, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Raise it when other embeddings come out of the same encoder: another cut, resampling, resizing or pooling.
const VERSION: u32 = 1;

/// An encoder as it takes part in a run: what it is given and told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedEncoder {
    /// Its name, which stands in front of the `+`.
    pub name: String,
    /// What decides its embeddings beside the rest, as its card says.
    pub content: String,
    /// What its weights were trained on; none if it has none.
    pub trained_on: Option<String>,
    /// What is prepared for it.
    pub input: EncoderInput,
    /// How the embeddings of an example's windows become one row.
    pub pooling: Pooling,
    /// Its parameters.
    pub params: Params,
}

impl PlannedEncoder {
    /// An encoder by its card, the card's defaults changed by `changes` (name, text as the user typed it).
    ///
    /// # Errors
    ///
    /// A parameter that the encoder does not have, a value it does not allow, or weights that are not there.
    pub fn new<'a>(
        card: &EncoderCard,
        changes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> genre_bench_api::Result<Self> {
        let params = card.resolve(changes)?;
        // Of files, all of which may be left out.
        let files = || card.params.iter().zip(params.iter()).filter(|(param, _)| param.is_file());
        let is_given = files().any(|(_, (_, value))| matches!(value, Value::File(_)));
        let untrained = files().next().is_some() && !is_given;
        Ok(Self {
            name: card.name.clone(),
            content: card.content.clone(),
            trained_on: (!untrained).then(|| card.trained_on.clone()),
            input: card.input.clone(),
            pooling: card.pooling,
            params,
        })
    }

    /// SHA-256 over everything that decides its embeddings, 64 hexadecimal digits; its name is not among it.
    pub fn identity(&self) -> String {
        let parts =
            serde_json::json!([VERSION, self.content, self.input, self.pooling, self.params.without_names()]);
        hex(&Sha256::digest(parts.to_string()))
    }

    /// Samples a second that it reads; none if it reads pictures.
    pub fn rate(&self) -> Option<u32> {
        match &self.input {
            EncoderInput::Samples { rate, .. } => Some(*rate),
            EncoderInput::Mel { mel, .. } => Some(mel.rate),
            EncoderInput::Picture(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::{Param, Windows};

    fn card(name: &str, hop: usize) -> EncoderCard {
        EncoderCard {
            name: name.to_owned(),
            summary: String::new(),
            trained_on: "songs".to_owned(),
            content: "abc".to_owned(),
            input: EncoderInput::Samples {
                rate: 16_000,
                windows: Windows { length: Some(100), hop: Some(hop) },
            },
            pooling: Pooling::Mean,
            params: vec![Param::file("weights", Vec::new(), "")],
        }
    }

    #[test]
    fn the_name_does_not_count_but_what_it_is_given_does() {
        let of = |name: &str, hop: usize| PlannedEncoder::new(&card(name, hop), []).unwrap();
        assert_eq!(of("a", 50).identity(), of("b", 50).identity());
        assert_ne!(of("a", 50).identity(), of("a", 51).identity());
        let with = PlannedEncoder::new(&card("a", 50), [("weights", "Cargo.toml")]).unwrap();
        assert_ne!(of("a", 50).identity(), with.identity());
        // Without weights it was trained on nothing.
        assert_eq!((of("a", 50).trained_on, with.trained_on.as_deref()), (None, Some("songs")));
        let text = serde_json::to_string(&with).unwrap();
        let back: PlannedEncoder = serde_json::from_str(&text).unwrap();
        assert_eq!((back.identity(), back), (with.identity(), with));
    }
}
