//! The built-in music, through the program and back from the files it writes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, row};
use genre_bench::audio::Cut;
use genre_bench::dataset::{Artists, Dataset, Source};
use genre_bench::features::ExtractionOptions;
use genre_bench::features::extract::{Extraction, ExtractionJob, extract};
use genre_bench::features::table::Convention;
use genre_bench::recordings::{example_name, recordings};
use std::cell::RefCell;

#[test]
fn written_files_give_the_built_in_table_and_its_artists() {
    let place = Place::new();
    place.run("data synth music --seed 3 --quiet");
    let told = RefCell::new(Vec::new());
    let source = Source { seed: 3, ..Source::default() };
    let dataset = Dataset::load(&source, &|done, total| told.borrow_mut().push((done, total))).unwrap();
    assert!(dataset.info.synthetic);
    assert_eq!(dataset.info.tracks, 200);
    assert_eq!(told.borrow().first(), Some(&(0, 200)));
    assert_eq!(told.borrow().last(), Some(&(200, 200)));

    let written = recordings(&place.path("music")).unwrap();
    assert_eq!(written.len(), 200);
    let names: Vec<String> =
        written.iter().map(|(path, _)| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, dataset.catalogue.tracks);
    let artists = Artists::read(&place.path("music/splits/artist_folds.csv"), &names).unwrap();
    assert_eq!(artists, dataset.artists);

    // Three recordings of each genre, to save time.
    let some: Vec<_> = written.into_iter().step_by(7).collect();
    let paths: Vec<_> = some.iter().map(|(path, _)| path.clone()).collect();
    let mut compared = 0;
    let options = ExtractionOptions {
        convention: Convention::of_published(10.0),
        ..ExtractionOptions::new(Cut::new(10.0, None).unwrap())
    };
    extract(&paths, &ExtractionJob::table(options), |file, outcome| {
        let Extraction::Rows { rows, note: None } = outcome else { panic!("{outcome:?}") };
        for row in rows {
            let name = example_name(&paths[file].file_stem().unwrap().to_string_lossy(), row.segment, "wav");
            let at = dataset.catalogue.examples.iter().position(|e| e.name == name).expect("the same name");
            assert_eq!(dataset.table.row(at).to_vec(), row.values, "{name}");
            assert_eq!(dataset.catalogue.examples[at].segment, row.segment);
            assert_eq!(dataset.catalogue.classes[dataset.catalogue.examples[at].label], some[file].1);
            compared += 1;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(compared, 3 * some.len());

    let refused = place.refused("data synth music");
    assert!(refused.contains("not empty"), "{refused}");
    let readme = std::fs::read_to_string(place.path("music/README.txt")).unwrap();
    assert!(readme.starts_with("SYNTHETIC MUSIC") && readme.contains("--seed 3"), "{readme}");
}

#[test]
fn the_music_is_learnable_but_not_easy_and_leaks_show() {
    let place = Place::new();
    let f1 = |protocol: &str| {
        let run = place.json(&format!("--models svm,lda,forest --protocol {protocol}"));
        assert_eq!(run["dataset"]["synthetic"], true);
        let f1 = ["svm", "lda", "forest"].map(|model| row(&run, model)["macro_f1"].as_f64().unwrap());
        (f1, run["dataset"]["fingerprint"].as_str().unwrap().to_owned())
    };
    let (segment, played) = f1("segment");
    let usage: serde_json::Value = serde_json::from_str(&place.run("cache info --json")).unwrap();
    assert_eq!(usage["kept"]["recordings"], 200, "what was computed of every recording is kept");
    let (artist, kept) = f1("artist");
    assert_eq!(kept, played);
    for (segment, artist) in segment.into_iter().zip(artist) {
        assert!((0.60..0.95).contains(&artist), "artist: {artist}");
        assert!(segment > artist + 0.03, "segment {segment}, artist {artist}");
    }
}

#[test]
fn lengths_that_do_not_fit_and_foreign_artists_are_refused() {
    let place = Place::new();
    for words in ["all --segment 31", "all --segment 0"] {
        assert!(place.refused(words).contains("30, 10 or 3"));
    }
    assert!(place.refused("all --artists a.csv").contains("artists of its own"));
    let list = place.run("list datasets");
    assert!(list.contains("built-in music (synthetic, 10 s, seed 0): 600 examples of 200 tracks"), "{list}");
}
