//! Folders of a table, audio and images as one dataset.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::png::{Pixel, png};
use common::{Place, gtzan, row};
use genre_bench::Error;
use genre_bench::dataset::{Dataset, Source};
use genre_bench_api::{Representation, Spectrograms};
use std::fmt::Write as _;

/// Tracks of each of two genres.
const TRACKS: usize = 4;

/// The grey value that segment `segment` of a track has all over in its image: no two have the same.
fn grey(genre: usize, track: usize, segment: usize) -> u8 {
    (genre * 100 + track * 20 + segment * 5 + 10) as u8
}

const GENRES: [&str; 2] = ["blues", "rock"];

/// An image of 60 columns for every track, in three stripes.
fn write_image(place: &Place, genre: usize, track: usize) {
    let pixels = png(60, 16, Pixel::Grey, |x, _| grey(genre, track, x / 20));
    let name = GENRES[genre];
    place.write(&format!("d/images_original/{name}/{name}{track:05}.png"), pixels);
}

/// Rows of a 10 s table, three segments a track, the last first, counted from `from`.
fn rows(from: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for (genre, name) in GENRES.iter().enumerate() {
        for track in 0..TRACKS {
            for segment in 0..3 {
                let x = genre as f64 + 0.1 * ((track * 7 + segment * 5) % 9) as f64;
                rows.push(format!("{name}.{track:05}.{}.wav,{x},{},{name}", segment + from, 1.0 - x * x));
            }
        }
    }
    rows.reverse();
    rows
}

fn write_table(place: &Place, rows: &[String]) {
    let mut text = "filename,x,y,label\n".to_owned();
    rows.iter().for_each(|row| writeln!(text, "{row}").unwrap());
    place.write("d/features_10_sec.csv", text);
}

/// A folder in which everything fits.
fn folder() -> Place {
    let place = Place::new();
    write_table(&place, &rows(0));
    for genre in 0..2 {
        (0..TRACKS).for_each(|track| write_image(&place, genre, track));
    }
    place
}

fn source(place: &Place, inputs: Option<&str>) -> Source {
    Source {
        data: Some(place.path("d")),
        inputs: inputs.map(|inputs| inputs.parse().unwrap()),
        seconds: Some(10),
        representations: vec![Representation::log_mel(128), Representation::mfcc(13)],
        ..Source::default()
    }
}

fn load(source: &Source) -> Result<Dataset, Error> {
    Dataset::load(source, &|_, _| ())
}

fn values(spectrograms: &Spectrograms, example: usize) -> Vec<f32> {
    let mut values = Vec::new();
    spectrograms.append_to(&mut values, example);
    values
}

/// Every example has the spectrogram of its own segment; returns their number and all notes.
#[track_caller]
fn joined_rightly(dataset: &Dataset, from: usize) -> (usize, String) {
    let images = dataset.spectrograms.of(Representation::log_mel(128)).unwrap();
    assert_eq!(images.len(), dataset.info.examples);
    for (at, example) in dataset.catalogue.examples.iter().enumerate() {
        let track = &dataset.catalogue.tracks[example.track];
        let (name, number) = track.rsplit_once('.').unwrap();
        let genre = GENRES.iter().position(|genre| *genre == name).unwrap();
        let wanted = grey(genre, number.parse().unwrap(), example.segment.unwrap() - from);
        assert!(
            values(images, at).iter().all(|value| (value * 255.0 - f32::from(wanted)).abs() < 0.01),
            "{}",
            example.name
        );
    }
    (dataset.info.examples, dataset.notes.join("\n"))
}

#[test]
fn rows_and_images_are_joined_by_name_and_segment_and_not_by_order() {
    let place = folder();
    let dataset = load(&source(&place, None)).unwrap();
    let (examples, notes) = joined_rightly(&dataset, 0);
    assert_eq!((examples, dataset.info.tracks, dataset.columns.len()), (24, 8, 2));
    assert!(notes.contains("24 of 24 examples have one") && !notes.contains("left out"), "{notes}");
    assert_eq!(dataset.info.spectrograms.as_ref().map(|joined| joined.from.as_str()), Some("images"));
    // Of a column of equal values only the first coefficient, their sum divided by the root of their number, is not 0.
    let cepstra = dataset.spectrograms.of(Representation::mfcc(13)).unwrap();
    assert_eq!(cepstra.shape(), (13, 20));
    let images = dataset.spectrograms.of(Representation::log_mel(128)).unwrap();
    for at in 0..examples {
        let (cepstrum, level) = (values(cepstra, at), values(images, at)[0]);
        assert!((cepstrum[0] - 4.0 * level).abs() < 1e-5, "{cepstrum:?}");
        assert!(cepstrum[20..].iter().all(|value| value.abs() < 1e-5), "{cepstrum:?}");
    }

    // Without a model that reads them, the table stays as it is, and its fingerprint is the same either way.
    let alone = load(&Source { representations: Vec::new(), ..source(&place, None) }).unwrap();
    assert_eq!((&alone.info.spectrograms, &alone.info.fingerprint), (&None, &dataset.info.fingerprint));
    // The images are recognised by themselves.
    let changed = png(60, 16, Pixel::Grey, |x, y| grey(0, 0, x / 20) + u8::from(x + y == 0));
    place.write("d/images_original/blues/blues00000.png", changed);
    let again = load(&source(&place, None)).unwrap();
    assert_ne!(again.info.spectrograms, dataset.info.spectrograms);
    assert_eq!(again.info.fingerprint, alone.info.fingerprint);
}

#[test]
fn segments_may_be_counted_from_one() {
    let place = folder();
    write_table(&place, &rows(1));
    let (examples, notes) = joined_rightly(&load(&source(&place, None)).unwrap(), 1);
    assert_eq!(examples, 24);
    assert!(notes.contains("counts the segments of a track from 1"), "{notes}");
}

#[test]
fn what_disagrees_is_counted_and_named_and_never_shifts_a_row() {
    let place = folder();
    let mut table = rows(0);
    // A row without a segment in the image, and a segment without a row.
    table.push("blues.00001.3.wav,0.2,0.9,blues".to_owned());
    table.retain(|row| !row.starts_with("rock.00001.1.wav"));
    write_table(&place, &table);
    // No image, an image that is broken, one in the folder of another genre, one of another length, one of no row.
    std::fs::remove_file(place.path("d/images_original/blues/blues00000.png")).unwrap();
    place.write("d/images_original/rock/rock00000.png", "no image");
    std::fs::remove_file(place.path("d/images_original/rock/rock00002.png")).unwrap();
    place.write("d/images_original/blues/rock.00002.png", png(60, 16, Pixel::Grey, |_, _| 9));
    place.write("d/images_original/rock/rock00003.png", png(40, 16, Pixel::Grey, |_, _| 9));
    place.write("d/images_original/rock/rock00077.png", png(60, 16, Pixel::Grey, |_, _| 9));
    let (examples, notes) = joined_rightly(&load(&source(&place, Some("table,images"))).unwrap(), 0);
    for said in [
        "11 of 24 examples have one",
        "left out for all models, because there are no images of their tracks that can be used: 9 \
         (blues.00000, rock.00000, rock.00003)",
        "left out for all models, because their images lie in the folder of another genre than the table says: 3 \
         (rock.00002)",
        "left out for all models, because their images have no such segment: 1 (blues.00001)",
        "images of no track of the table, not used: 1 (rock.00077)",
        "segments of images without a row in the table, not used: 1 (rock.00001)",
        "2 of 8 images could not be used",
        "rock00003.png: is 40 pixels wide, and not 60 as most are: it shows another length of time",
        "rock00000.png: is no image that is known here",
    ] {
        assert!(notes.contains(said), "{said}\n\n{notes}");
    }
    assert_eq!(examples, 11);
}

#[test]
fn a_table_is_not_cut_down_to_a_few_images_unless_the_user_wants_it() {
    let place = folder();
    for track in 0..TRACKS {
        std::fs::remove_file(place.path(&format!("d/images_original/rock/rock{track:05}.png"))).unwrap();
    }
    std::fs::remove_file(place.path("d/images_original/blues/blues00000.png")).unwrap();
    let whole = load(&source(&place, None)).unwrap();
    assert_eq!(whole.info.examples, 24);
    let why = whole.spectrograms.of(Representation::log_mel(128)).unwrap_err();
    assert!(why.contains("of only 3 of its 8 tracks (--inputs table,images"), "{why}");
    write_image(&place, 1, 0);
    let named = load(&source(&place, Some("table,images"))).unwrap();
    assert_eq!(named.info.examples, 12);
    // Also if nothing reads them, so that a run with networks and one without have the same examples.
    let alone =
        load(&Source { representations: Vec::new(), ..source(&place, Some("table,images")) }).unwrap();
    assert_eq!((alone.info.examples, alone.info.fingerprint), (12, named.info.fingerprint));
}

#[test]
fn files_that_contradict_the_table_do_not_cut_it_down() {
    let place = folder();
    // The genres of most tracks are the other way round.
    let turned: Vec<String> = rows(0)
        .into_iter()
        .map(|row| match row.rsplit_once(',') {
            Some((row, "rock")) => format!("{row},blues"),
            Some((row, _)) => format!("{row},rock"),
            None => row,
        })
        .collect();
    write_table(&place, &turned);
    let whole = load(&source(&place, None)).unwrap();
    assert_eq!(whole.info.examples, 24);
    let why = whole.spectrograms.of(Representation::log_mel(128)).unwrap_err();
    assert!(why.contains("only 0 of its 24 rows") && why.contains("another genre"), "{why}");
    let error = load(&source(&place, Some("table,images"))).unwrap_err().to_string();
    assert!(error.contains("only 0 of its 24 rows"), "{error}");
}

#[test]
fn inputs_can_be_chosen() {
    let place = folder();
    let table = load(&source(&place, Some("table"))).unwrap();
    assert!(table.spectrograms.of(Representation::log_mel(128)).is_err());
    let images = load(&source(&place, Some("images"))).unwrap();
    assert!(images.columns[0].starts_with("pixel_") && images.info.spectrograms.is_none());
    for (words, said) in [
        ("--data d --inputs audio", "none of the inputs that --inputs names"),
        ("--data d --inputs table,audio", "has neither audio nor images"),
        ("--data d --inputs tables", "some of table, audio and images"),
        ("--data d/features_10_sec.csv --inputs table", "a file has one input only"),
        ("--inputs table", "the built-in music has one input only"),
        ("--data d --inputs table --models ann", "a table has none"),
    ] {
        let error = place.refused(&format!("all {words}"));
        assert!(error.contains(said), "{words}: {error}");
    }
}

#[test]
fn models_of_both_inputs_stand_in_one_leaderboard_on_the_same_test_parts() {
    let place = folder();
    let run = place.json("--data d --segment 10 --folds 2 --models svm-c10,ann,lstm-64x2,mlfi --epochs 1");
    for model in ["svm-c10", "ann", "lstm-64x2", "mlfi"] {
        assert!(row(&run, model)["macro_f1"].is_number(), "{model}");
    }
    assert_eq!(run["dataset"]["spectrograms"]["from"], "images");
    let predictions = place.run("export last --table predictions");
    let mut tested: std::collections::BTreeMap<&str, Vec<&str>> = Default::default();
    for line in predictions.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        tested.entry(cells[0]).or_default().push(cells[3]);
    }
    let all: Vec<&Vec<&str>> = tested.values().collect();
    assert!(
        all.len() == 4 && all[0].len() == 24 && all.iter().all(|examples| *examples == all[0]),
        "{tested:?}"
    );
}

#[test]
fn gtzan_is_one_dataset() {
    let Some(data) = gtzan() else { return };
    let place = Place::new();
    let data = data.display();
    let run = place
        .json(&format!("--data {data} --segment 10 --protocol artist --models svm-c10,lstm-64x2 --epochs 1"));
    assert_eq!((&run["dataset"]["examples"], &run["dataset"]["clips"]), (&2988.into(), &999.into()));
    assert!(run["notes"].to_string().contains("jazz.00054"));
    assert!(row(&run, "lstm-64x2")["macro_f1"].is_number());
}
