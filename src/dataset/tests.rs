//! What datasets hold, and how they are recognised, without a table and with one.

#![allow(clippy::unwrap_used, reason = "test code")]

use super::*;
use crate::error::Error;
use crate::protocol::Fold;
use crate::protocol::Leakage;
use genre_bench_api::Representation;
use std::path::PathBuf;
use tempfile::TempDir;

/// Seconds of a tone that decays every half second, as an AU file of 16 bits.
fn tone(hz: f32, seconds: f32) -> Vec<u8> {
    let mut file = b".snd".to_vec();
    [24, u32::MAX, 3, 22_050, 1].iter().for_each(|field: &u32| file.extend(field.to_be_bytes()));
    for i in 0..(seconds * 22_050.0) as u32 {
        let t = i as f32 / 22_050.0;
        let x = 0.5 * (1.0 - (2.0 * t).fract()) * (std::f32::consts::TAU * hz * t).sin();
        file.extend(((x * 32_767.0) as i16).to_be_bytes());
    }
    file
}

/// Two genres of three recordings of 2.2 s each, in the original form of GTZAN; one is there twice.
fn music(change: f32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (genre, hz) in [("blues", 200.0), ("rock", 2000.0)] {
        let of_genre = folder.path().join("genres").join(genre);
        std::fs::create_dir_all(&of_genre).unwrap();
        for number in 0..3 {
            let hz = hz * (1.0 + 0.1 * (number / 2) as f32) + change;
            std::fs::write(of_genre.join(format!("{genre}.{number:05}.au")), tone(hz, 2.2)).unwrap();
        }
    }
    folder
}

fn source(folder: &TempDir, table: bool) -> Source {
    Source {
        data: Some(folder.path().to_owned()),
        seconds: Some(1),
        table,
        representations: vec![Representation::log_mel(16)],
        ..Source::default()
    }
}

fn loaded(source: &Source) -> Dataset {
    Dataset::load(source, &|_, _| ()).unwrap()
}

#[test]
fn without_a_table_the_data_is_recognised_by_its_samples() {
    let folder = music(0.0);
    let with = loaded(&source(&folder, true));
    let without = loaded(&source(&folder, false));
    assert_eq!(with.catalogue, without.catalogue);
    assert_eq!((without.table.dim(), without.columns.len()), ((12, 0), 0));
    assert_eq!((with.contents.len(), without.contents.len()), (0, 12));
    let wanted = Representation::log_mel(16);
    let numbers = |dataset: &Dataset| {
        let all = dataset.spectrograms.of(wanted).unwrap();
        let mut values = Vec::new();
        (0..all.len()).for_each(|place| all.append_to(&mut values, place));
        values
    };
    assert_eq!(numbers(&with), numbers(&without));

    assert_eq!(without.info.fingerprint, loaded(&source(&folder, false)).info.fingerprint);
    assert_ne!(without.info.fingerprint, loaded(&source(&music(1.0), false)).info.fingerprint);
    assert_ne!(without.info.fingerprint, with.info.fingerprint);
    // Whatever spectrograms are wanted, or none.
    let other = Source { representations: vec![], ..source(&folder, false) };
    assert_eq!(without.info.fingerprint, loaded(&other).info.fingerprint);
    assert!(without.info.describe().ends_with("no feature table"), "{}", without.info.describe());
}

#[test]
fn without_a_table_duplicates_are_found_and_no_others() {
    let folder = music(0.0);
    // Track 0 of each genre sounds as track 1; track 2 is another.
    let fold = |dataset: &Dataset, train: usize, test: usize| {
        let of_number = |number: usize| {
            let name = format!("{number:05}");
            let has = |e: &usize| dataset.catalogue.examples[*e].name.contains(&name);
            (0..dataset.catalogue.examples.len()).filter(has).collect::<Vec<_>>()
        };
        Fold { train: of_number(train), test: of_number(test), ..Fold::default() }
    };
    for table in [true, false] {
        let dataset = loaded(&source(&folder, table));
        let duplicates = |train, test| Leakage::count(&dataset, &[fold(&dataset, train, test)]).duplicates;
        assert_eq!((duplicates(0, 1), duplicates(0, 2)), (4, 0), "table: {table}");
    }
}

#[test]
fn the_built_in_music_needs_no_table_either() {
    let without = loaded(&Source { table: false, ..Source::default() });
    assert_eq!((without.info.features, without.contents.len()), (0, 600));
    assert_eq!(without.artists.known(), 200);
    assert_eq!(without.catalogue.examples[1].segment, Some(1));
    let mut contents = without.contents.clone();
    contents.sort_unstable();
    contents.dedup();
    assert_eq!(contents.len(), 600);
}

#[test]
fn tracks_and_segments_are_what_they_were_made_as() {
    let folder = music(0.0);
    let dataset = loaded(&source(&folder, false));
    let facts: Vec<_> = dataset.catalogue.examples[..3]
        .iter()
        .map(|e| (e.name.as_str(), dataset.catalogue.tracks[e.track].as_str(), e.segment))
        .collect();
    assert_eq!(
        facts,
        [
            ("blues.00000.0.wav", "blues.00000", Some(0)),
            ("blues.00000.1.wav", "blues.00000", Some(1)),
            ("blues.00001.0.wav", "blues.00001", Some(0)),
        ]
    );
    let mut whole = source(&folder, true);
    whole.data = Some(written(&folder, "filename,x,label\na.00000.7.wav,1,a\na.00001.wav,2,a\n,3,b\n,4,b\n"));
    whole.seconds = None;
    let dataset = loaded(&whole);
    let segments: Vec<_> = dataset.catalogue.examples.iter().map(|e| (e.name.as_str(), e.segment)).collect();
    assert_eq!(
        segments,
        [("row 3", None), ("row 4", None), ("a.00000.7.wav", Some(7)), ("a.00001.wav", None)]
    );
}

fn written(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("table.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_dataset_whose_genres_stand_in_a_table_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let of_track = folder.path().join("fma_small/000");
    std::fs::create_dir_all(&of_track).unwrap();
    std::fs::write(of_track.join("000002.mp3"), tone(200.0, 2.0)).unwrap();
    std::fs::create_dir(folder.path().join("fma_metadata")).unwrap();
    let table = folder.path().join("fma_metadata/features.csv");
    std::fs::write(&table, "feature,chroma_cens\nstatistics,mean\nnumber,01\ntrack_id,\n2,0.1\n").unwrap();
    let told = |path: &Path| -> Error {
        let source = Source { data: Some(path.to_owned()), ..Source::default() };
        Dataset::load(&source, &|_, _| ()).unwrap_err()
    };
    for path in [folder.path(), &folder.path().join("fma_small")] {
        assert!(told(path).reason.contains("fma_metadata/tracks.csv"), "{}", told(path));
    }
    assert!(told(&table).reason.contains("FMA"), "{}", told(&table));
}
