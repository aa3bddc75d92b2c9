//! The TOML file beside an ONNX file.

use genre_bench_api::{EncoderInput, MelSettings, PictureSettings, Pooling, Windows};
use serde::Deserialize;

/// A file to begin with, for a network that reads mel spectrograms.
pub const TEMPLATE: &str = r#"about = "what the network is, in one line"
trained-on = "the data that it was trained on"
licence = "the licence of its weights"
pooling = "mean"            # or "mean-std", "max": how an example's windows become one row

# One of [mel], [samples] and [picture]: what the network reads.
[mel]                       # mel spectrograms of mono sound
rate = 16000                # Hz
n-fft = 512                 # samples of a frame
hop = 256                   # samples from a frame to the next
bands = 96
log = { kind = "log10", factor = 10000.0, offset = 1.0 }
# [samples]                 # or the samples themselves
# rate = 16000
# [picture]                 # or an image of the example
# height = 224
# width = 224
# mean = [0.485, 0.456, 0.406]
# std = [0.229, 0.224, 0.225]

[windows]                   # frames, or samples; the whole example without `length`
length = 187
hop = 187

[graph]
layout = ["batch", "frames", "bands"]   # the axes of its input: batch, channels, bands, frames, samples, rows, columns
output = "embedding"        # the name of any value in the graph; its first output if it is not said
average = []                # axes of that value to take the mean over, the first is 0
"#;

/// What is said about a graph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) about: String,
    pub(crate) trained_on: String,
    pub(crate) licence: String,
    pub(crate) pooling: Pooling,
    pub(crate) input: EncoderInput,
    pub(crate) graph: GraphSettings,
}

/// Where in the graph the window goes, and where the embedding comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct GraphSettings {
    /// The name of the input; the only one if none.
    pub(crate) input: Option<String>,
    /// The axes of the input.
    pub(crate) layout: Vec<Axis>,
    /// The name of a value in the graph; the first output if none.
    pub(crate) output: Option<String>,
    /// Axes of that value.
    #[serde(default)]
    pub(crate) average: Vec<usize>,
}

/// An axis of a graph's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Axis {
    /// Of length 1.
    Batch,
    /// Red, green and blue; of length 1 for sound.
    Channels,
    Bands,
    Frames,
    Samples,
    Rows,
    Columns,
}

impl std::fmt::Display for Axis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", format!("{self:?}").to_lowercase())
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    about: String,
    trained_on: String,
    licence: String,
    #[serde(default)]
    pooling: Pooling,
    mel: Option<MelSettings>,
    samples: Option<Samples>,
    picture: Option<PictureSettings>,
    windows: Option<Windows>,
    graph: GraphSettings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    rate: u32,
}

/// Highest rate, and most rows or columns of an image.
const MOST_RATE: u32 = 768_000;
const MOST_SIDE: usize = 4096;
/// Most samples or frames of a window.
const MOST_LENGTH: usize = 1 << 26;
const MOST_BANDS: usize = 4096;

impl Settings {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// Which line or key, why, and what would be right: to be put behind the file's name and `: `.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let File { about, trained_on, licence, pooling, mel, samples, picture, windows, graph } =
            toml::from_str(text).map_err(|error| at_line(text, &error))?;
        let windows_or = |all| windows.unwrap_or(all);
        let all = Windows { length: None, hop: None };
        let input = match (mel, samples, picture) {
            (Some(mel), None, None) => EncoderInput::Mel { mel, windows: windows_or(all) },
            (None, Some(Samples { rate }), None) => EncoderInput::Samples { rate, windows: windows_or(all) },
            (None, None, Some(_)) if windows.is_some() => {
                return Err("[windows]: an image is not cut into windows; leave it out".to_owned());
            }
            (None, None, Some(picture)) => EncoderInput::Picture(picture),
            (None, None, None) => {
                return Err("says not what the network reads: one of the tables [mel], [samples] and [picture] must be \
                            there"
                    .to_owned());
            }
            _ => {
                return Err(
                    "has more than one of [mel], [samples] and [picture]: only one may be there".to_owned()
                );
            }
        };
        let settings = Self { about, trained_on, licence, pooling, input, graph };
        settings.check()?;
        Ok(settings)
    }

    /// The axes that a window has, without those of length 1.
    pub(crate) fn axes(&self) -> &'static [Axis] {
        match self.input {
            EncoderInput::Samples { .. } => &[Axis::Samples],
            EncoderInput::Mel { .. } => &[Axis::Bands, Axis::Frames],
            EncoderInput::Picture(_) => &[Axis::Channels, Axis::Rows, Axis::Columns],
        }
    }

    fn check(&self) -> Result<(), String> {
        let within = |key: &str, value: usize, most: usize| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(format!("{key} is {value}, but must be from 1 to {most}")),
        };
        for (key, text) in
            [("about", &self.about), ("trained-on", &self.trained_on), ("licence", &self.licence)]
        {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(format!("{key} must be one line, and not empty; `unknown` will do"));
            }
        }
        let windows = match &self.input {
            EncoderInput::Samples { rate, windows } => {
                within("samples.rate", *rate as usize, MOST_RATE as usize)?;
                Some(windows)
            }
            EncoderInput::Mel { mel, windows } => {
                within("mel.rate", mel.rate as usize, MOST_RATE as usize)?;
                within("mel.bands", mel.bands, MOST_BANDS)?;
                Some(windows)
            }
            EncoderInput::Picture(picture) => {
                within("picture.height", picture.height, MOST_SIDE)?;
                within("picture.width", picture.width, MOST_SIDE)?;
                let is_right = picture.mean.iter().all(|mean| mean.is_finite())
                    && picture.std.iter().all(|std| std.is_finite() && *std > 0.0);
                if !is_right {
                    return Err(
                        "picture.mean and picture.std must be numbers, and those of std above 0".to_owned()
                    );
                }
                None
            }
        };
        if let Some(Windows { length, hop }) = windows {
            length.map_or(Ok(()), |length| within("windows.length", length, MOST_LENGTH))?;
            hop.map_or(Ok(()), |hop| within("windows.hop", hop, MOST_LENGTH))?;
            if length.is_none() && hop.is_some() {
                return Err(
                    "windows.hop is there without windows.length; give both, or neither for the whole \
                            example"
                        .to_owned(),
                );
            }
        }
        self.check_layout()
    }

    fn check_layout(&self) -> Result<(), String> {
        let layout = &self.graph.layout;
        let times = |axis: &Axis| layout.iter().filter(|other| *other == axis).count();
        let needed = self.axes();
        let is_extra = |axis: &Axis| matches!(axis, Axis::Batch | Axis::Channels) && times(axis) == 1;
        let is_right = needed.iter().all(|axis| times(axis) == 1)
            && layout.iter().all(|axis| needed.contains(axis) || is_extra(axis));
        if is_right {
            return Ok(());
        }
        let needed: Vec<String> = needed.iter().map(Axis::to_string).collect();
        Err(format!(
            "graph.layout must name each of {} once, in the order of the graph's input, and may name batch and channels \
             once",
            needed.join(", ")
        ))
    }
}

/// `line 3: unknown field …`.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let why = error.message();
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {why}", before.matches('\n').count() + 1),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn the_template_is_a_file() {
        let settings = Settings::parse(TEMPLATE).unwrap();
        assert_eq!(settings.graph.layout, [Axis::Batch, Axis::Frames, Axis::Bands]);
        let EncoderInput::Mel { mel, windows } = settings.input else { panic!("mel") };
        assert_eq!((mel.bands, windows.length), (96, Some(187)));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let told = |from: &str, to: &str| Settings::parse(&TEMPLATE.replace(from, to)).unwrap_err();
        for (from, to, why) in [
            ("rate = 16000                #", "rates = 16000 #", "unknown field `rates`"),
            ("bands = 96", "bands = \"96\"", "line 11: invalid type"),
            ("bands = 96\n", "", "missing field `bands`"),
            ("bands = 96", "bands = 0", "mel.bands is 0, but must be from 1 to 4096"),
            ("about = \"what", "about = \"\\n", "about must be one line"),
            ("pooling = \"mean\"  ", "pooling = \"median\"  ", "unknown variant `median`"),
            ("\"frames\", ", "", "graph.layout must name each of bands, frames once"),
            ("\"frames\", ", "\"frames\", \"rows\", ", "graph.layout must name"),
            ("\"frames\", ", "\"frames\", \"batch\", ", "graph.layout must name"),
            ("length = 187\n", "", "windows.hop is there without windows.length"),
            ("hop = 187", "hop = 0", "windows.hop is 0"),
            ("[mel] ", "[mels] ", "unknown field `mels`"),
            ("# [samples] ", "[samples]\nrate = 8000\n#", "more than one of [mel], [samples] and [picture]"),
            ("[graph]", "[graph", "line "),
        ] {
            let told = told(from, to);
            assert!(told.contains(why), "{from} → {to}: {told}");
        }
    }
}
