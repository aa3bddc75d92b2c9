//! Tracks behind the names that others gave their files.
//!
//! Read once, where a name comes in: from a file on a disk, a table's `filename` column, a list of artists. From there
//! on the track and the segment's number travel as what they are.

use crate::util::shown::counted;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a file or segment name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParsedName<'a> {
    /// The track, such as `blues.00000`.
    pub track: &'a str,
    /// Number of the segment in its track, if the name has one.
    pub segment: Option<usize>,
}

/// Reads the name of a file or segment.
///
/// The Kaggle tables name segment `S` of track `blues.00000` as `blues.00000.S.wav`. So an extension
/// of letters and digits that starts with a letter is dropped, and after it a trailing number of at most three digits is
/// the segment's, unless nothing but that number would be left.
///
/// A wrong guess errs to the safe side: two tracks taken for one are kept together, which
/// costs a little data but never leaks.
pub fn parse(filename: &str) -> ParsedName<'_> {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or(filename);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if is_extension(extension) && !stem.is_empty() => stem,
        _ => name,
    };
    parse_stem(stem)
}

/// The same of a name whose extension is off already.
pub fn parse_stem(stem: &str) -> ParsedName<'_> {
    match stem.rsplit_once('.') {
        Some((track, segment)) if is_segment(segment) && !track.is_empty() => {
            ParsedName { track, segment: segment.parse().ok() }
        }
        _ => ParsedName { track: stem, segment: None },
    }
}

/// The track and segment of each of a table's names; `None` of an empty one.
///
/// The folder in front of a name says nothing as long as names tell files apart: lists name GTZAN's as
/// `genres_original/blues/blues.00000.wav` or as `blues.00000.wav`. Where one name stands in several folders, as
/// `blues/00.mp3` and `classical/00.mp3`, the folder is part of the track.
pub fn parse_all<'a>(filenames: impl IntoIterator<Item = &'a str>) -> Vec<Option<OwnedName>> {
    let filenames: Vec<&str> = filenames.into_iter().collect();
    let mut folders: HashMap<ParsedName, &str> = HashMap::new();
    let mut shared: HashSet<&str> = HashSet::new();
    for name in filenames.iter().filter(|name| !name.is_empty()) {
        let (said, folder) = (parse(name), folder_of(name));
        if *folders.entry(said).or_insert(folder) != folder {
            shared.insert(said.track);
        }
    }
    let owned = |name: &&str| {
        let ParsedName { track, segment } = parse(name);
        let (folder, shared) = (folder_of(name), shared.contains(track));
        let track = if shared { in_folder(folder, track) } else { track.to_owned() };
        (!name.is_empty()).then_some(OwnedName { track, segment, shared })
    };
    filenames.iter().map(owned).collect()
}

/// What [`parse_all`] makes of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedName {
    /// The track.
    pub track: String,
    /// Number of the segment in its track, if the name has one.
    pub segment: Option<usize>,
    /// Whether the folder is part of the track, because the name stands in several.
    pub shared: bool,
}

/// The track that a file or segment name belongs to where the folder in front of it is part of that; see [`parse_all`].
pub fn track_with_folder(filename: &str) -> String {
    in_folder(folder_of(filename), parse(filename).track)
}

/// The folder in front of a name, `/` between its parts.
fn folder_of(filename: &str) -> &str {
    filename.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder)
}

fn in_folder(folder: &str, track: &str) -> String {
    match folder {
        "" => track.to_owned(),
        folder => format!("{}/{track}", folder.replace('\\', "/")),
    }
}

/// What the user should know of names that were read as segments, if any were and are not named as GTZAN's are: a track
/// may be called `blues album.3` too. `read` has the name, the track and the segment of each.
pub fn segments_note<'a>(
    read: impl IntoIterator<Item = (&'a str, &'a str, Option<usize>)>,
) -> Option<String> {
    let segments = read.into_iter().filter_map(|(name, track, segment)| Some((name, track, segment?)));
    let told: Vec<(&str, &str, usize)> = segments.filter(|(_, track, _)| !is_as_gtzans(track)).collect();
    let (name, track, segment) = *told.first()?;
    let tracks = told.iter().map(|(_, track, _)| track).collect::<BTreeSet<_>>().len();
    Some(format!(
        "{} of {} end in a number that was read as that of a segment: `{name}` as segment \
         {segment} of `{track}`; if they are tracks of their own, say so in a column `track` of a table, or write the \
         number with another sign than a point",
        counted(told.len(), "file name"),
        counted(tracks, "track"),
    ))
}

/// What the user should know of tracks that are told apart by their folders, if any are.
pub fn folders_note(read: &[Option<OwnedName>]) -> Option<String> {
    let shared = read.iter().flatten().filter(|name| name.shared).map(|name| name.track.as_str());
    let shared: BTreeSet<&str> = shared.collect();
    let first = shared.first()?;
    let name = first.rsplit('/').next().unwrap_or_default();
    let other = shared.iter().skip(1).find(|track| track.rsplit('/').next() == Some(name))?;
    Some(format!(
        "names that stand in several folders are taken for tracks of their own in each, such as `{first}` and `{other}`; \
         if they are copies of one, name the track in a column `track`"
    ))
}

/// Whether a track is named like those of GTZAN, `blues.00000`, whose segments nobody takes for anything else.
fn is_as_gtzans(track: &str) -> bool {
    let number = track.rsplit_once('.').map(|(_, number)| number);
    number.is_some_and(|number| number.len() == 5 && number.chars().all(|c| c.is_ascii_digit()))
}

/// The track that a file or segment name belongs to; see [`parse`].
pub fn track_of(filename: &str) -> &str {
    parse(filename).track
}

/// The name of a file in the folder of `genre`, its extension off, as the tables write it: the Kaggle copy calls
/// the image of `blues.00000.wav` `blues00000.png`.
pub fn dotted(genre: &str, stem: &str) -> String {
    match stem.strip_prefix(genre) {
        Some(number) if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) => {
            format!("{genre}.{number}")
        }
        _ => stem.to_owned(),
    }
}

fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_segment(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn segments_belong_to_their_track() {
        for (name, segment) in [
            ("blues.00000.wav", None),
            ("blues.00000.0.wav", Some(0)),
            ("blues.00000.29.mp3", Some(29)),
            ("genres_original/blues/blues.00000.wav", None),
            ("blues.00000", None),
            ("blues.00000.7", Some(7)),
        ] {
            assert_eq!(parse(name), ParsedName { track: "blues.00000", segment }, "{name}");
        }
    }

    #[test]
    fn other_names_are_tracks_of_their_own() {
        assert_eq!(track_of("my song.flac"), "my song");
        assert_eq!(track_of("01.wav"), "01");
        assert_eq!(track_of(".5"), ".5");
        assert_eq!(track_of(""), "");
        assert_eq!(track_of("Symphony no. 5"), "Symphony no. 5");
    }

    #[test]
    fn a_folder_tells_tracks_apart_where_names_do_not() {
        let tracks = |names: &[&str]| -> Vec<String> {
            parse_all(names.iter().copied()).into_iter().map(|name| name.unwrap().track).collect()
        };
        assert_eq!(tracks(&["blues/00.mp3", "classical/00.mp3"]), ["blues/00", "classical/00"]);
        assert_eq!(tracks(&["a\\x\\00.mp3", "b\\x\\00.mp3", "01.mp3"]), ["a/x/00", "b/x/00", "01"]);
        assert_eq!(tracks(&["00.mp3", "blues/00.mp3"]), ["00", "blues/00"]);
        assert_eq!(tracks(&["a/x.0.wav", "a/x.1.wav", "b/x.0.wav"]), ["a/x", "a/x", "b/x"]);
        // Names that tell files apart, and so segments of one track in two folders.
        assert_eq!(
            tracks(&["g/blues/blues.00000.wav", "g/jazz/jazz.00000.wav"]),
            ["blues.00000", "jazz.00000"]
        );
        assert_eq!(tracks(&["train/x.0.wav", "test/x.1.wav"]), ["x", "x"]);
        assert_eq!(tracks(&["blues/00.mp3", "blues/00.mp3"]), ["00", "00"]);
        assert_eq!(parse_all([""]), [None]);
        assert_eq!(track_with_folder("a\\blues/00.2.mp3"), "a/blues/00");
        let note = |names: &[&str]| folders_note(&parse_all(names.iter().copied()));
        assert!(
            note(&["blues/00.mp3", "classical/00.mp3"]).unwrap().contains("`blues/00` and `classical/00`")
        );
        assert_eq!(note(&["blues/00.mp3", "classical/01.mp3"]), None);
    }

    #[test]
    fn names_that_were_read_as_segments_are_told() {
        let note = |names: &[&'static str]| {
            segments_note(names.iter().map(|name| (*name, parse(name).track, parse(name).segment)))
        };
        let told = note(&["blues album.3.mp3", "blues album.4.mp3", "b.7.wav", "c.wav"]).unwrap();
        assert!(told.starts_with("3 file names of 2 tracks end in a number"), "{told}");
        assert!(told.contains("`blues album.3.mp3` as segment 3 of `blues album`"), "{told}");
        assert!(note(&["x.1.wav"]).unwrap().starts_with("1 file name of 1 track end"));
        assert_eq!(note(&["blues.00000.3.wav", "jazz.00012.wav", "a song.mp3"]), None);
    }

    #[test]
    fn audio_and_image_are_of_one_track() {
        assert_eq!(dotted("blues", "blues.00000"), "blues.00000");
        assert_eq!(dotted("blues", "blues00000"), "blues.00000");
        assert_eq!(dotted("blues", "bluesy"), "bluesy");
        assert_eq!(dotted("blues", "cover"), "cover");
    }
}
