//! `bench list datasets`: known datasets on a screen, or one as a page.

use super::heading;
use crate::error::{Error, Result};
use crate::recordings::layouts::{KNOWN, KnownDataset, Labels, called};
use crate::recordings::lists::Lists;
use crate::report::{Grid, paragraph};
use crate::util::nearest;
use serde_json::{Value, json};

/// Spaces in front of everything below a heading.
const INDENT: &str = "  ";

/// One line a dataset, and the layouts of folders that are known.
pub(super) fn overview() -> String {
    let mut text = heading("Known datasets (--data DIR)");
    let mut grid = Grid::new(1, ["dataset", "recordings", "genres", "split", "page"]);
    for known in KNOWN {
        let genres = if known.genres.is_empty() { "any".to_owned() } else { known.genres.len().to_string() };
        let recordings = known.recordings.map_or("any".to_owned(), |recordings| recordings.to_string());
        let page = if known.key.is_empty() { "-" } else { known.key };
        grid.row([known.name, &recordings, &genres, known.split.unwrap_or("-"), page]);
    }
    text += &grid.indented(INDENT);
    text += "\n";
    for known in KNOWN {
        text += &paragraph(&format!("{INDENT}{:<20} ", known.name), known.about);
    }
    let pages = "`bench list datasets PAGE` says of one how to get it, its licence, known faults and split.";
    text + "\n" + &paragraph("", pages) + "\n"
}

/// The known dataset of that name.
///
/// # Errors
///
/// There is none.
pub(super) fn named(key: &str) -> Result<&'static KnownDataset> {
    called(key).ok_or_else(|| {
        let keys = || KNOWN.into_iter().map(|known| known.key).filter(|key| !key.is_empty());
        let meant = nearest(key, keys(), 1);
        let hint = match meant.first() {
            Some(meant) => format!("did you mean {meant}? `bench list datasets` shows all"),
            None => format!("one of {}", keys().collect::<Vec<_>>().join(", ")),
        };
        Error::new(format!("dataset `{key}`"), "is not known", hint)
    })
}

/// Everything about one.
pub(super) fn page(known: &KnownDataset) -> String {
    let mut text = heading(known.name);
    text += &paragraph(INDENT, known.about);
    text += "\n";
    let distribution = &known.distribution;
    let genres = match known.genres {
        [] => "those that its list has".to_owned(),
        genres => genres.join(", "),
    };
    let labels = match known.labels {
        Labels::Folder { renamed: [] } => "the folder that a recording lies in".to_owned(),
        Labels::Folder { renamed } => {
            let renamed: Vec<String> = renamed.iter().map(|(from, to)| format!("{from} is {to}")).collect();
            format!("the folder that a recording lies in; {}", renamed.join(", "))
        }
        Labels::Metadata { file, column } => format!("{file}, column {column}"),
    };
    let artists = match known.lists {
        Some(Lists::FmaTracks { .. }) => "artist.id of tracks.csv",
        Some(Lists::Ismir04) => "the second column of tracklist.csv, but for the development part",
        Some(Lists::JamendoGenre) => "ARTIST_ID of the list of tags",
        Some(Lists::ExtendedBallroom) => "extendedballroom_v1.1.xml",
        Some(Lists::ArtistInName) => "what stands before the hyphen in a file's name",
        None => "splits/artist_folds.csv in the folder or beside it, or --artists CSV",
    };
    let mut facts = vec![
        ("reference", known.reference.to_owned()),
        ("recordings", known.recordings.map_or(String::new(), |recordings| recordings.to_string())),
        ("length", known.seconds.map_or("whole tracks".to_owned(), |seconds| format!("{seconds} s"))),
        ("size", distribution.size.to_owned()),
        ("licence", distribution.licence.to_owned()),
        ("source", distribution.source.to_owned()),
        ("genres", genres),
        ("labels from", labels),
        ("artists from", artists.to_owned()),
        ("split", known.split_is.to_owned()),
    ];
    if let Some(split) = known.split {
        facts.push(("", format!("--protocol {split}")));
    }
    if !distribution.kept.is_empty() {
        let beside = distribution.beside.map_or(String::new(), |beside| format!(" --from {beside}"));
        facts.push(("fetch", format!("bench data fetch {} --from ARCHIVE{beside}", known.key)));
    }
    for (what, said) in facts {
        text += &paragraph(&format!("{INDENT}{what:<14}"), &said);
    }
    if !known.faults.is_empty() {
        text += &format!("\n{}", heading("Known faults"));
        known.faults.iter().for_each(|fault| text += &paragraph(&format!("{INDENT}- "), fault));
    }
    text + "\n"
}

/// Known datasets for programs.
pub(super) fn json(known: &[&'static KnownDataset]) -> Value {
    known.iter().map(|known| json!(known)).collect()
}
