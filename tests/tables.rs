//! Feature tables as people write them: which columns are read as what, what is told of it, and that another library
//! reads the same.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, gtzan, scores, small_table};
use flate2::Compression;
use flate2::write::GzEncoder;
use genre_bench::Error;
use genre_bench::dataset::{ColumnChoice, Dataset, Source};
use polars::prelude::{CsvParseOptions, CsvReadOptions, DataFrame, SerReader};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Write as _};
use std::path::Path;

fn load(path: &Path, columns: ColumnChoice) -> Result<Dataset, Error> {
    let source = Source { data: Some(path.to_owned()), columns, ..Source::default() };
    Dataset::load(&source, &|_, _| ())
}

/// The dataset of a table, and its notes as one text.
#[track_caller]
fn loaded(table: impl AsRef<[u8]>, columns: ColumnChoice) -> (Dataset, String) {
    let place = Place::new();
    let dataset = load(&place.write("t.csv", table), columns).unwrap_or_else(|e| panic!("{e}"));
    let notes = dataset.notes.join("\n");
    (dataset, notes)
}

#[track_caller]
fn refused(table: impl AsRef<[u8]>, columns: ColumnChoice) -> String {
    let place = Place::new();
    load(&place.write("t.csv", table), columns).unwrap_err().to_string()
}

fn plain() -> ColumnChoice {
    ColumnChoice::default()
}

fn choose(flags: &[(&str, &str)]) -> ColumnChoice {
    let mut choice = plain();
    for &(flag, value) in flags {
        match flag {
            "label" => choice.label = Some(value.to_owned()),
            "group" => choice.group = Some(value.to_owned()),
            "id" => choice.id = Some(value.to_owned()),
            "features" => choice.features = Some(value.parse().unwrap()),
            "drop" => choice.drop = Some(value.parse().unwrap()),
            _ => unreachable!("{flag}"),
        }
    }
    choice
}

/// A table of 30 tracks of each of three genres in two segments, sorted by genre, with more columns in front. `add` is
/// given the number of the row and of its genre.
fn with(names: &[&str], add: impl Fn(usize, usize) -> Vec<String>) -> String {
    let table = small_table(30, 2);
    let genre = |line: &str| ["blues", "jazz", "rock"].iter().position(|g| line.ends_with(g)).unwrap();
    let line = |(number, line): (usize, &str)| match number {
        0 => format!("{},{line}\n", names.join(",")),
        _ => format!("{},{line}\n", add(number - 1, genre(line)).join(",")),
    };
    table.lines().enumerate().map(line).collect()
}

/// The lines of a table but the first in another order.
fn shuffled(table: &str, seed: u64) -> String {
    let mut lines: Vec<&str> = table.lines().collect();
    lines[1..].shuffle(&mut StdRng::seed_from_u64(seed));
    lines.join("\n")
}

fn columns(dataset: &Dataset) -> Vec<&str> {
    dataset.columns.iter().map(String::as_str).collect()
}

/// The features of [`small_table`] in the published order.
fn measured() -> Vec<String> {
    let (dataset, _) = loaded(small_table(10, 1), plain());
    dataset.columns.to_vec()
}

#[test]
fn label_columns_that_disagree_are_refused_and_one_can_be_named() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut genres: Vec<&str> = ["blues", "jazz", "rock"].repeat(60);
    genres.shuffle(&mut rng);
    let words = with(&["genre"], |row, _| vec![genres[row].to_owned()]);
    let bits = with(&["class"], |_, genre| vec![usize::from(genre == 1).to_string()]);
    for (table, other) in [(&words, "genre"), (&bits, "class")] {
        let said = refused(table, plain());
        for word in ["`label`", &format!("`{other}`"), "disagree", "--label label", "line "] {
            assert!(said.contains(word), "`{word}` is not said:\n{said}");
        }
        let reference = loaded(small_table(30, 2), plain()).0.info.fingerprint;
        let (named, notes) = loaded(table, choose(&[("label", "label")]));
        assert_eq!(named.info.fingerprint, reference, "{notes}");
        assert!(notes.contains(&format!("another label column: `{other}`")), "{notes}");
        let (dropped, _) = loaded(table, choose(&[("drop", other)]));
        assert_eq!(dropped.info.fingerprint, reference);
    }
    let (two, _) = loaded(&bits, choose(&[("label", "class")]));
    assert_eq!(two.info.classes, ["0", "1"]);
}

#[test]
fn label_columns_that_say_the_same_are_told() {
    let table = with(&["class", "genre"], |_, genre| vec![genre.to_string(), format!("G{genre}")]);
    let (dataset, notes) = loaded(table, plain());
    assert_eq!(dataset.info.classes, ["blues", "jazz", "rock"]);
    assert_eq!(dataset.columns[..], measured()[..]);
    assert!(notes.contains("`label` is the label; `genre`, `class` say the same"), "{notes}");
}

#[test]
fn a_track_of_every_row_before_the_clip_is_refused_and_the_group_can_be_named() {
    let table = with(&["track", "clip"], |row, _| vec![row.to_string(), format!("c{}", row / 2)]);
    let said = refused(&table, plain());
    assert!(said.contains("`track` and `clip` disagree") && said.contains("--group"), "{said}");
    let (dataset, _) = loaded(&table, choose(&[("group", "clip")]));
    assert_eq!((dataset.info.examples, dataset.info.tracks), (180, 90));
    // The names of the examples say it too, so one column that contradicts them is told.
    let (dataset, notes) = loaded(with(&["track"], |row, _| vec![format!("t{row}")]), plain());
    assert_eq!(dataset.info.tracks, 180);
    assert!(
        notes.contains("`filename` and `track` disagree") && notes.contains("--group filename"),
        "{notes}"
    );
    let (dataset, notes) =
        loaded(with(&["track", "clip"], |row, _| vec![format!("{}", row / 2); 2]), plain());
    assert_eq!(dataset.info.tracks, 90);
    assert!(notes.contains("`track` is which examples belong together; `clip` says the same"), "{notes}");
}

#[test]
fn any_column_can_be_label_group_and_name() {
    let table = "take,song,style,x\np,s1,a,1.5\nq,s1,a,2.5\nr,s2,b,0.5\ns,s3,b,0.25\n";
    assert!(refused(table, plain()).contains("--label COLUMN"));
    let flags = [("label", "style"), ("group", "song"), ("id", "take")];
    let (dataset, notes) = loaded(table, choose(&flags));
    let names: Vec<&str> = dataset.catalogue.examples.iter().map(|e| e.name.as_str()).collect();
    assert_eq!((names, dataset.info.tracks, notes), (vec!["p", "q", "r", "s"], 3, String::new()));
    for (flag, wrong) in [("label", "stile"), ("group", "sogn"), ("id", "takes")] {
        let mut flags = flags.to_vec();
        flags.push((flag, wrong));
        let said = refused(table, choose(&flags));
        assert!(said.contains(&format!("no column matches `{wrong}` (--{flag})")), "{said}");
    }
}

#[test]
fn columns_are_chosen_and_dropped_by_patterns() {
    let chosen = |flags: &[(&str, &str)]| {
        let (dataset, _) = loaded(small_table(10, 1), choose(flags));
        dataset.columns.to_vec()
    };
    assert_eq!(chosen(&[("features", "mfcc*")]), ["mfcc1_mean", "mfcc1_var"]);
    assert_eq!(chosen(&[("drop", "mfcc?_mean,tempo")]), ["mfcc1_var"]);
    assert_eq!(chosen(&[("features", "*"), ("drop", "*_var")]).len(), 2);
    let said = refused(small_table(10, 1), choose(&[("features", "mffc*")]));
    assert!(said.contains("no column matches `mffc*` (--features)") && said.contains("mfcc1_mean"), "{said}");
    assert!(refused(small_table(10, 1), choose(&[("features", "label")])).contains("is the label"));
    assert!(refused(small_table(10, 1), choose(&[("features", "filename")])).contains("is not a number"));
}

#[test]
fn names_that_are_published_do_not_drop_the_others() {
    let (dataset, notes) = loaded(with(&["loudness"], |row, _| vec![(row * 7 % 11).to_string()]), plain());
    let expected: Vec<String> = measured().into_iter().chain(["loudness".to_owned()]).collect();
    assert_eq!(dataset.columns[..], expected[..]);
    assert!(!notes.contains("loudness"), "{notes}");
}

#[test]
fn row_numbers_ids_and_codes_are_found_told_and_taken_when_named() {
    type Cell = fn(usize, usize) -> String;
    let cases: [(&str, Cell, &str, bool); 13] = [
        ("id", |row, _| (row + 1).to_string(), "a row number", false),
        ("rownum", |row, _| (row * 3).to_string(), "a row number", false),
        ("counter", |row, _| (row * row + row).to_string(), "counts up", false),
        ("place", |row, _| row.to_string(), "stand by class", true),
        ("z", |row, _| format!("{}", row as f64 / 31.0 - 2.5), "stand by class", true),
        ("song", |row, _| (row / 2).to_string(), "numbers the tracks", false),
        ("song", |row, _| (row / 2 + 7000).to_string(), "numbers the tracks", true),
        ("genre_id", |_, genre| genre.to_string(), "one number a class", true),
        ("target", |_, genre| [7.5, -1.0, 3.25][genre].to_string(), "one number a class", true),
        ("y", |_, genre| ((genre + 2) % 3).to_string(), "one number a class", true),
        ("is_jazz", |_, genre| usize::from(genre == 1).to_string(), "is `jazz` or not", true),
        (
            "album",
            |row, genre| (genre * 100 + (row * 37) % 9 * 7).to_string(),
            "alone tell the classes",
            true,
        ),
        (
            "artist",
            |row, genre| ((row / 2) % 5 * 3 + genre).to_string(),
            "each of its values has one class",
            true,
        ),
    ];
    for (name, cell, why, shuffle) in cases {
        let table = with(&[name], |row, genre| vec![cell(row, genre)]);
        let table = if shuffle { shuffled(&table, 5) } else { table };
        let (dataset, notes) = loaded(&table, plain());
        assert_eq!(dataset.columns[..], measured()[..], "{name}: {notes}");
        assert!(notes.contains(&format!("`{name}` (")) && notes.contains(why), "{name}: {notes}");
        let (forced, notes) = loaded(&table, choose(&[("features", &format!("*,{name}"))]));
        assert!(columns(&forced).contains(&name) && forced.columns.len() == 4, "{name}: {notes}");
    }
}

#[test]
fn one_hot_columns_and_second_codes_are_found_together() {
    let names = ["is_blues", "is_jazz", "is_rock", "genre_id"];
    let table = with(&names, |_, genre| {
        (0..3).map(|g| usize::from(g == genre).to_string()).chain([genre.to_string()]).collect()
    });
    let (dataset, notes) = loaded(shuffled(&table, 1), plain());
    assert_eq!(dataset.columns[..], measured()[..], "{notes}");
    names.iter().for_each(|name| assert!(notes.contains(&format!("`{name}`")), "{notes}"));
    // A wildcard asks for no give-away.
    let said = refused(&table, choose(&[("features", "is_*")]));
    assert!(said.contains("no feature column") && said.contains("`is_rock`"), "{said}");
}

#[test]
fn measurements_are_never_taken_for_ids() {
    let Some(folder) = gtzan() else { return };
    for table in ["features_30_sec.csv", "features_10_sec.csv", "features_3_sec.csv"] {
        let dataset = load(&folder.join(table), plain()).unwrap();
        assert_eq!((dataset.columns.len(), &dataset.notes[..]), (57, &[][..]), "{table}");
        // Under names that nobody knows, whole, in pairs of genres, and a tenth of it.
        let text = std::fs::read_to_string(folder.join(table)).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let known = ["filename", "label", "length"];
        let renamed = |name| if known.contains(&name) { name.to_owned() } else { format!("column {name}") };
        let header = header.trim().split(',').map(renamed).collect::<Vec<_>>().join(",");
        let genres = &dataset.info.classes;
        let mut subsets: Vec<Vec<&str>> = vec![genres.iter().map(String::as_str).collect()];
        for (at, a) in genres.iter().enumerate() {
            subsets.extend(genres[at + 1..].iter().map(|b| vec![a.as_str(), b.as_str()]));
        }
        for subset in subsets {
            for every in [1, 10] {
                let of_subset = |line: &&str| subset.iter().any(|genre| line.trim().ends_with(genre));
                let lines: Vec<&str> = rows.lines().filter(of_subset).step_by(every).collect();
                let (found, notes) = loaded(format!("{header}\n{}", lines.join("\n")), plain());
                assert_eq!(found.columns.len(), 57, "{table}, {subset:?}, every {every}: {notes}");
            }
        }
    }
}

#[test]
fn small_tables_show_no_ids_by_chance() {
    let table = "x,y2,label\n1,0,a\n2,0,a\n3,1,b\n4,1,b\n";
    let (dataset, notes) = loaded(table, plain());
    assert_eq!(columns(&dataset), ["x", "y2"]);
    assert!(!notes.contains("left out"), "{notes}");
    // What the name says needs no more proof.
    let (dataset, notes) = loaded(table.replace("y2", "genre_code"), plain());
    assert_eq!(columns(&dataset), ["x"]);
    assert!(notes.contains("`genre_code` (one number a class)"), "{notes}");
}

#[test]
fn what_is_no_feature_is_told_with_the_reason() {
    let table = with(&["", "Unnamed: 0", "artist", "empty"], |row, _| {
        vec![row.to_string(), (row * 7 % 180).to_string(), format!("band {}", row % 7), String::new()]
    });
    let (dataset, notes) = loaded(table, plain());
    assert_eq!(dataset.columns[..], measured()[..]);
    for said in [
        "a row number: the first column",
        "a row number by its name: `Unnamed: 0`",
        "no numbers: `artist`",
        "empty: `empty`",
        "samples of an example, which give its seconds: `length`",
    ] {
        assert!(notes.contains(said), "{said}\n{notes}");
    }
    assert_eq!(dataset.info.seconds, Some(15));
    // A length in seconds is none in samples.
    let (dataset, notes) = loaded("length,x,label\n30,1,a\n30,2,b\n30,4,a\n", plain());
    assert_eq!(dataset.info.seconds, None);
    assert!(notes.contains("`length` is no number of samples"), "{notes}");
    let (dataset, _) =
        loaded("length,x,label\n30,1,a\n40,2,b\n30,4,a\n", choose(&[("features", "*,length")]));
    assert_eq!(columns(&dataset), ["length", "x"]);
}

#[test]
fn a_broken_cell_of_a_column_of_numbers_is_still_an_error() {
    let table = with(&["loudness"], |row, _| vec![if row == 40 { "n/a" } else { "0.5" }.to_owned()]);
    let said = refused(&table, plain());
    assert!(said.contains("line 42") && said.contains("column `loudness`: `n/a` is not a number"), "{said}");
    // A published column is never left out without being asked to.
    let said = refused("tempo,x,label\nfast,1,a\nslow,2,b\n", plain());
    assert!(said.contains("line 2") && said.contains("`tempo`"), "{said}");
    loaded(&table, choose(&[("drop", "loudness")]));
    // The line is the same however lines end.
    let said = refused(table.replace('\n', "\r\n"), plain());
    assert!(said.contains("line 42"), "{said}");
    let said = refused(table.replacen(",rock\n", "\n", 1).replace('\n', "\r\n"), plain());
    assert!(said.contains("line 122: the row has 6 cells"), "{said}");
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    std::iter::once('\u{feff}')
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(bytes)
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn encodings_separators_and_compression_change_nothing() {
    let table = small_table(10, 2);
    let reference = loaded(&table, plain()).0.info.fingerprint;
    let bom = [b"\xef\xbb\xbf", table.as_bytes()].concat();
    let tabs = table.replace(',', "\t");
    let two_members = [gzip(&table.as_bytes()[..500]), gzip(&table.as_bytes()[500..])].concat();
    for (how, bytes) in [
        ("mark", bom.clone()),
        ("UTF-16 LE", utf16(&table, true)),
        ("UTF-16 BE", utf16(&table, false)),
        ("tabs in UTF-16, as Excel saves them", utf16(&tabs.replace('\n', "\r\n"), true)),
        ("tabs", tabs.into_bytes()),
        ("bars", table.replace(',', "|").into_bytes()),
        ("semicolons", table.replace(',', ";").into_bytes()),
        ("decimal commas", table.replace(',', ";").replace('.', ",").replace(",wav", ".wav").into_bytes()),
        ("gzip", gzip(table.as_bytes())),
        ("gzip in two members", two_members),
        ("gzip of UTF-16", gzip(&utf16(&table, true))),
        ("gzip of text with a mark", gzip(&bom)),
    ] {
        let (dataset, notes) = loaded(&bytes, plain());
        let same = match how {
            // The names of segments have points too, which are not to be changed back here.
            "decimal commas" => dataset.table == loaded(&table, plain()).0.table,
            _ => dataset.info.fingerprint == reference,
        };
        assert!(same, "{how}: {notes}");
        assert_eq!(notes.contains("decimal comma"), how == "decimal commas", "{how}: {notes}");
    }
}

#[test]
fn what_holds_no_table_is_refused_with_what_it_is() {
    let table = gzip(small_table(10, 2).as_bytes());
    let zeros = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let block = vec![0; 1 << 20];
        (0..300).for_each(|_| encoder.write_all(&block).unwrap());
        encoder.finish().unwrap()
    };
    for (bytes, said) in [
        (table[..table.len() / 2].to_vec(), "cannot be read"),
        (zeros, "a line is longer than 256 MiB"),
        (b"PK\x03\x04 and more".to_vec(), "Excel"),
        (b"\x28\xb5\x2f\xfd and more".to_vec(), "Zstandard"),
        (utf16("a,label\n1,b\n", true)[..9].to_vec(), "UTF-16"),
        (b"PAR1 and more".to_vec(), "cannot be read"),
        (b"ARROW1\0\0 and more".to_vec(), "cannot be read"),
    ] {
        let error = refused(&bytes, plain());
        assert!(error.contains(said) && error.contains("try:"), "{said}: {error}");
    }
}

#[test]
fn decimal_commas_that_could_be_something_else_are_refused() {
    let said = refused("x;z;label\n1,5;2.5;a\n2,5;1.5;b\n", plain());
    assert!(
        said.contains("line 2") && said.contains("`1,5` has a decimal comma") && said.contains("`2.5`"),
        "{said}"
    );
    let said = refused("x;label\n1,500;a\n2,250;b\n", plain());
    assert!(said.contains("groups thousands"), "{said}");
    let (dataset, notes) = loaded("x;label\n1,500;a\n0,250;b\n", plain());
    assert_eq!(dataset.table.as_slice().unwrap(), [1.5, 0.25]);
    assert!(notes.contains("decimal comma"), "{notes}");
    assert!(refused("x;label\n1.234,5;a\n1,5;b\n1,5;b\n", plain()).contains("`1.234,5` is not a number"));
}

#[test]
fn the_header_of_the_free_music_archive_is_understood() {
    let rows: String =
        (0..20).map(|n| format!("{},{}.5,{},{}\n", n + 2, n * 7 % 5, n % 3, ["a", "b"][n % 2])).collect();
    let header = "feature,chroma_cens,mfcc,label\nstatistics,mean,kurtosis,\nnumber,01,12,\ntrack_id,,,\n";
    let (dataset, _) = loaded(format!("{header}{rows}"), plain());
    assert_eq!(columns(&dataset), ["chroma_cens_mean_01", "mfcc_kurtosis_12"]);
    assert_eq!((dataset.info.examples, dataset.catalogue.tracks[0].as_str()), (20, "10"));
    let said = refused("feature,mfcc\nstatistics,mean\nnumber,01\ntrack_id,\n2,0.5\n", plain());
    assert!(said.contains("mfcc_mean_01") && said.contains("--label"), "{said}");
    // One column that is called so makes no such header.
    let (dataset, _) = loaded("feature,label\n1,a\n2,b\n5,a\n", plain());
    assert_eq!(dataset.info.examples, 3);
}

#[test]
fn flags_keys_and_notes_go_with_a_run() {
    let place = Place::new();
    place.write(
        "t.csv",
        with(&["genre_id", "style"], |_, genre| vec![genre.to_string(), format!("s{genre}")]),
    );
    let words = "--data t.csv --models knn-1 --label style --drop tempo --features *,tempo";
    let run = place.json(words);
    assert_eq!(run["dataset"]["features"], 2);
    assert_eq!(run["dataset"]["classes"][0], "s0");
    assert!(run["notes"].to_string().contains("another label column"), "{}", run["notes"]);
    place.write(
        "e.toml",
        "models = [\"knn-1\"]\n[data]\npath = \"t.csv\"\nlabel = \"style\"\ndrop = \"tempo\"\nfeatures = \"*,tempo\"\n",
    );
    let same: serde_json::Value = serde_json::from_str(&place.run("run e.toml --json")).unwrap();
    let same = if same["dataset"].is_null() { &same["runs"][0] } else { &same };
    assert_eq!(same["dataset"]["fingerprint"], run["dataset"]["fingerprint"], "{same}");
    let said = place.run("all --data t.csv --models knn-1");
    assert!(said.contains("tell the class and measure nothing") && said.contains("genre_id"), "{said}");
    let said = place.refused("all --models knn-1 --label style");
    assert!(said.contains("--label") && said.contains("built-in music"), "{said}");
    let said = place.refused("ablate --data t.csv --group timbre=mfcc*");
    assert!(said.contains("--leave-out timbre=mfcc*"), "{said}");
}

#[test]
fn scores_do_not_depend_on_the_unit() {
    let place = Place::new();
    let scaled = |power: i32| -> String {
        let line = |(number, line): (usize, &str)| {
            let cell = |(column, cell): (usize, &str)| match (number, column) {
                (0, _) | (_, 0 | 1 | 5) => cell.to_owned(),
                _ => {
                    let value: f64 = cell.parse().unwrap();
                    format!("{:e}", value * 2_f64.powi(power / 2) * 2_f64.powi(power - power / 2))
                }
            };
            line.split(',').enumerate().map(cell).collect::<Vec<_>>().join(",") + "\n"
        };
        small_table(10, 2).lines().enumerate().map(line).collect()
    };
    let run = |power: i32| {
        let name = format!("t{power}.csv");
        place.write(&name, scaled(power));
        scores(&place.json(&format!("--data {name} --models knn-1,logistic,svm --out {name}.runs")))
    };
    let plain = run(0);
    for power in [-1000, 300] {
        assert_eq!(run(power), plain, "2^{power}");
    }
}

// What follows reads tables that a generator makes, and compares with polars.

/// What a column of a made table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Measured,
    Label,
    Name,
    Track,
    RowNumber,
    Code,
    Words,
    Unnamed,
}

struct Made {
    kinds: Vec<Kind>,
    /// The header and the rows.
    lines: Vec<Vec<String>>,
    separator: char,
    /// What a refusal must say, if the table is to be refused.
    refusal: Option<String>,
}

/// A name that a stranger may give a column.
fn stranger(rng: &mut StdRng, separator: char, number: usize) -> String {
    let start = *["f", "Größe ", "a b", "x\"y", "mfcc1_mean", "音", "tempo", "e,f;g|h"].choose(rng).unwrap();
    let name = format!("{start}_{number}");
    if rng.gen_bool(0.1) { format!("{name}{separator}z") } else { name }
}

fn made(rng: &mut StdRng, rows: usize, measured: usize) -> Made {
    let separator = *[',', ';', '\t', '|'].choose(rng).unwrap();
    let classes = rng.gen_range(2..5);
    let segments = rng.gen_range(1..4);
    let genre: Vec<usize> = (0..rows).map(|row| row / segments % classes).collect();
    let mut columns: Vec<(Kind, String, Vec<String>)> = Vec::new();
    let mut add = |kind, name: &str, cell: &mut dyn FnMut(usize) -> String| {
        columns.push((kind, name.to_owned(), (0..rows).map(cell).collect()));
    };
    let label = *["label", "genre", "class", "Label", "GENRE"].choose(rng).unwrap();
    add(Kind::Label, label, &mut |row| format!("génre {}", genre[row]));
    let with_names = rng.gen_bool(0.7);
    if with_names {
        add(Kind::Name, "filename", &mut |row| format!("t{}.{}.wav", row / segments, row % segments));
    }
    if rng.gen_bool(0.4) {
        let name = *["track", "clip", "track_id"].choose(rng).unwrap();
        add(Kind::Track, name, &mut |row| format!("t{}", row / segments));
    }
    if rng.gen_bool(0.4) {
        add(Kind::RowNumber, "id", &mut |row| (row + 5).to_string());
    }
    if rng.gen_bool(0.4) {
        add(Kind::Code, "genre_code", &mut |row| (genre[row] * 3).to_string());
    }
    if rng.gen_bool(0.4) {
        let words = ["a b", "", "\"quoted\"", "line\nbreak", "311", "ß"];
        add(Kind::Words, "remark", &mut |row| if row == 0 { "x".into() } else { words[row % 2 * 3].into() });
    }
    if rng.gen_bool(0.4) {
        add(Kind::Unnamed, "", &mut |row| row.to_string());
    }
    for number in 0..measured {
        let name = stranger(rng, separator, number);
        let mut values: Vec<String> = Vec::new();
        for &genre in &genre {
            let value = genre as f64 * 0.3 + rng.gen_range(-1.0..1.0);
            values.push(match rng.gen_range(0..4) {
                0 => format!("{value:e}"),
                1 => format!("{value:.2}"),
                2 => format!(" {value} "),
                _ => value.to_string(),
            });
        }
        add(Kind::Measured, &name, &mut |row| values[row].clone());
    }
    columns.shuffle(rng);
    let refusal = match rng.gen_range(0..8) {
        0 => {
            let at = columns.iter().position(|(kind, ..)| *kind == Kind::Measured).unwrap();
            let row = rng.gen_range(0..rows);
            let (bad, said) =
                *[("oops", "`oops` is not a number"), ("", "empty"), ("nan", "nan is not a finite number")]
                    .choose(rng)
                    .unwrap();
            columns[at].2[row] = bad.to_owned();
            Some(format!("column `{}`: {said}", columns[at].1.trim()).replace("empty", "the cell is empty"))
        }
        1 => {
            let again = columns.iter().find(|(kind, ..)| *kind == Kind::Measured).unwrap().clone();
            let said = format!("column `{}` twice", again.1);
            columns.push(again);
            Some(said)
        }
        2 => {
            let cells = (0..rows).map(|row| usize::from(row % 7 == 3).to_string()).collect();
            let other = if label.eq_ignore_ascii_case("class") { "genre" } else { "class" };
            columns.insert(0, (Kind::Label, other.to_owned(), cells));
            Some("--label".to_owned())
        }
        3 => {
            let at = columns.iter().position(|(kind, ..)| *kind == Kind::Label).unwrap();
            columns[at].2[rows / 2] = "  ".to_owned();
            Some("the label is empty".to_owned())
        }
        _ => None,
    };
    let kinds = columns.iter().map(|(kind, ..)| *kind).collect();
    let header = columns.iter().map(|(_, name, _)| name.clone()).collect();
    let line = |row: usize| columns.iter().map(|(.., cells)| cells[row].clone()).collect();
    let lines = std::iter::once(header).chain((0..rows).map(line)).collect();
    Made { kinds, lines, separator, refusal }
}

impl Made {
    fn text(&self, rng: &mut StdRng) -> String {
        let quote_all = rng.gen_bool(0.3);
        let end = if rng.gen_bool(0.3) { "\r\n" } else { "\n" };
        let cell = |cell: &String| {
            let special = |c: char| matches!(c, ',' | ';' | '\t' | '|' | '"' | '\n' | '\r');
            match quote_all || cell.contains(special) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.clone(),
            }
        };
        let separator = self.separator.to_string();
        let line = |line: &Vec<String>| line.iter().map(cell).collect::<Vec<_>>().join(&separator) + end;
        self.lines.iter().map(line).collect()
    }
}

/// The table as polars reads it, every cell a text.
fn by_polars(text: &str, separator: char) -> DataFrame {
    let parse = CsvParseOptions::default().with_separator(separator as u8).with_missing_is_null(false);
    CsvReadOptions::default()
        .with_infer_schema_length(Some(0))
        .with_parse_options(parse)
        .into_reader_with_file_handle(Cursor::new(text.as_bytes().to_vec()))
        .finish()
        .unwrap()
}

/// Compares the dataset of a made table with what polars reads.
fn compare(made: &Made, text: &str, dataset: &Dataset, context: &str) {
    let frame = by_polars(text, made.separator);
    let cells = |at: usize| -> Vec<String> {
        let column = frame.columns()[at].str().unwrap();
        column.iter().map(|cell| cell.unwrap_or("").trim().to_owned()).collect()
    };
    let of = |kind: Kind| made.kinds.iter().position(|k| *k == kind).map(cells);
    let labels = of(Kind::Label).unwrap();
    let (names, tracks) = (of(Kind::Name), of(Kind::Track));
    // Examples by name; those that share one are numbered.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut row_of: HashMap<String, usize> = HashMap::new();
    for row in 0..labels.len() {
        let name = match (&names, &tracks) {
            (Some(names), _) => names[row].clone(),
            (None, Some(tracks)) => tracks[row].clone(),
            (None, None) => format!("row {}", row + 1),
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        row_of.insert(if *count == 1 { name } else { format!("{name}#{count}") }, row);
    }
    let mut measured: Vec<(String, Vec<f64>)> = (0..made.kinds.len())
        .filter(|&at| made.kinds[at] == Kind::Measured)
        .map(|at| {
            (made.lines[0][at].trim().to_owned(), cells(at).iter().map(|c| c.parse().unwrap()).collect())
        })
        .collect();
    measured.sort_by(|a, b| a.0.cmp(&b.0));
    let names_of =
        |columns: &[(String, Vec<f64>)]| columns.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(dataset.columns[..], names_of(&measured)[..], "{context}: {:?}", dataset.notes);
    assert_eq!(dataset.catalogue.examples.len(), labels.len(), "{context}");
    for (number, example) in dataset.catalogue.examples.iter().enumerate() {
        let row = *row_of.get(&example.name).unwrap_or_else(|| panic!("{context}: no {}", example.name));
        assert_eq!(dataset.catalogue.classes[example.label], labels[row], "{context}");
        let track = match (&tracks, &names) {
            (Some(tracks), _) => tracks[row].clone(),
            (None, Some(names)) => names[row].split('.').next().unwrap().to_owned(),
            (None, None) => example.name.clone(),
        };
        assert_eq!(dataset.catalogue.tracks[example.track], track, "{context}");
        let expected: Vec<u64> = measured.iter().map(|(_, values)| values[row].to_bits()).collect();
        let found: Vec<u64> = dataset.table.row(number).iter().map(|value| value.to_bits()).collect();
        assert_eq!(found, expected, "{context}, {}", example.name);
    }
}

#[test]
fn made_tables_are_read_as_another_library_reads_them() {
    let place = Place::new();
    let (mut read, mut not_read) = (0, 0);
    for seed in 0..300 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (rows, measured) = (rng.gen_range(24..80), rng.gen_range(2..9));
        let made = made(&mut rng, rows, measured);
        let text = made.text(&mut rng);
        let bytes = match rng.gen_range(0..5) {
            0 => utf16(&text, true),
            1 => utf16(&text, false),
            2 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            _ => text.clone().into_bytes(),
        };
        let bytes = if rng.gen_bool(0.2) { gzip(&bytes) } else { bytes };
        let context = format!("seed {seed}");
        match (load(&place.write("t.csv", bytes), plain()), &made.refusal) {
            (Ok(dataset), None) => {
                read += 1;
                compare(&made, &text, &dataset, &context);
            }
            (Err(error), Some(said)) => {
                not_read += 1;
                assert!(error.to_string().contains(said), "{context}: `{said}` is not said: {error}");
            }
            (Ok(dataset), Some(said)) => panic!("{context}: read in spite of {said}: {:?}", dataset.notes),
            (Err(error), None) => panic!("{context}: {error}"),
        }
    }
    assert!(read > 100 && not_read > 80, "{read} read, {not_read} refused");
}

#[test]
fn a_hundred_thousand_columns_are_read() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut made = made(&mut rng, 24, 100_000);
    made.refusal = None;
    let text = made.text(&mut rng);
    let place = Place::new();
    let dataset = load(&place.write("t.csv", &text), plain()).unwrap();
    assert_eq!(dataset.table.dim(), (24, 100_000));
    compare(&made, &text, &dataset, "100,000 columns");
}

/// Rows of a table with names, so many numbers each, and the same numbers.
fn long_table(rows: usize, columns: usize) -> (String, Vec<f64>) {
    let mut rng = StdRng::seed_from_u64(2);
    let mut text = String::from("filename");
    (0..columns).for_each(|column| text += &format!(",f{column:02}"));
    text += ",label\n";
    let mut values = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        text += &format!("t.{:05}.{}.wav", row / 10, row % 10);
        for _ in 0..columns {
            let value = (rng.gen_range(-1.0..1.0_f64) * 1e6).round() / 1e6;
            values.push(value);
            text += &format!(",{value}");
        }
        text += &format!(",g{}\n", row / 10 % 10);
    }
    (text, values)
}

#[test]
#[ignore = "takes a minute and 2 GiB: cargo test --release --test tables -- --ignored"]
fn a_million_rows_are_read() {
    let (text, values) = long_table(1_000_000, 57);
    let place = Place::new();
    let path = place.write("t.csv", text);
    let dataset = load(&path, plain()).unwrap();
    assert_eq!((dataset.info.examples, dataset.info.tracks, dataset.columns.len()), (1_000_000, 100_000, 57));
    assert!(dataset.notes.is_empty(), "{:?}", dataset.notes);
    assert!(dataset.table.iter().eq(&values));
}

#[test]
fn a_hundred_thousand_rows_are_read() {
    let (text, values) = long_table(100_000, 12);
    let (dataset, notes) = loaded(text, plain());
    assert_eq!((dataset.info.examples, dataset.info.tracks), (100_000, 10_000));
    assert!(notes.is_empty(), "{notes}");
    assert!(dataset.table.iter().eq(&values));
}

#[test]
fn what_pandas_writes_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables");
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let texts = |key: &str| -> Vec<&str> {
        expected[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    };
    let (names, labels) = (texts("names"), texts("labels"));
    let mut fingerprints = Vec::new();
    for file in [
        "index.csv",
        "gzip.csv.gz",
        "utf16.tsv",
        "utf8-sig.csv",
        "decimal.csv",
        "quoted.psv",
        "snappy.parquet",
        "zstd.parquet",
        "plain.feather",
        "lz4.feather",
    ] {
        let dataset = load(&folder.join(file), plain()).unwrap_or_else(|e| panic!("{file}: {e}"));
        let notes = dataset.notes.join("\n");
        assert_eq!(columns(&dataset), ["Größe", "count", "loud, ness"], "{file}: {notes}");
        assert!(notes.contains("no numbers: `remark`"), "{file}: {notes}");
        assert_eq!(notes.contains("a row number: the first column"), file == "index.csv", "{file}: {notes}");
        assert_eq!(notes.contains("decimal comma"), file == "decimal.csv", "{file}: {notes}");
        for (example, row) in dataset.catalogue.examples.iter().zip(dataset.table.rows()) {
            let at = names.iter().position(|name| *name == example.name).unwrap();
            assert_eq!(dataset.catalogue.classes[example.label], labels[at], "{file}");
            for (column, value) in dataset.columns.iter().zip(row) {
                assert_eq!(
                    *value,
                    expected["features"][column][at].as_str().unwrap().parse::<f64>().unwrap(),
                    "{file}, {column}"
                );
            }
        }
        assert_eq!((dataset.info.examples, dataset.info.tracks), (24, 12), "{file}");
        fingerprints.push(dataset.info.fingerprint);
    }
    assert!(fingerprints.windows(2).all(|pair| pair[0] == pair[1]));
    for (file, said) in [
        ("category.parquet", "column `label` is of the type Dictionary"),
        ("int8.parquet", "column `count` is of the type Int8"),
        ("missing.parquet", "row 1: column `label`: the label is empty"),
    ] {
        let error = load(&folder.join(file), plain()).unwrap_err();
        assert!(error.reason.contains(said), "{file}: {error}");
    }
    let dataset = load(&folder.join("int8.parquet"), choose(&[("drop", "count")])).unwrap();
    assert_eq!(columns(&dataset), ["Größe", "loud, ness"]);
}

#[test]
fn broken_columnar_files_are_refused_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables");
    let place = Place::new();
    let mut refused = 0;
    for file in ["snappy.parquet", "zstd.parquet", "plain.feather", "lz4.feather"] {
        let whole = std::fs::read(folder.join(file)).unwrap();
        let mut rng = StdRng::seed_from_u64(4);
        for attempt in 0..60 {
            let mut bytes = whole.clone();
            match attempt % 3 {
                0 => bytes.truncate(rng.gen_range(8..whole.len())),
                1 => (0..4).for_each(|_| {
                    let at = rng.gen_range(8..whole.len());
                    bytes[at] = rng.r#gen();
                }),
                // The metadata stand at the end.
                _ => {
                    let at = whole.len() - rng.gen_range(1..whole.len() / 4);
                    bytes[at] ^= 1 << rng.gen_range(0..8);
                }
            }
            if let Err(error) = load(&place.write("t", &bytes), plain()) {
                refused += 1;
                assert!(
                    !error.reason.is_empty() && error.kind != genre_bench::ErrorKind::Internal,
                    "{error}"
                );
            }
        }
    }
    assert!(refused > 80, "only {refused} of 240 were refused");
}

#[test]
fn no_size_that_a_columnar_file_states_is_allocated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables");
    let place = Place::new();
    let mut said = std::collections::BTreeSet::new();
    for file in [
        "snappy.parquet",
        "zstd.parquet",
        "plain.feather",
        "lz4.feather",
        "views-plain.feather",
        "views-zstd.feather",
    ] {
        let whole = std::fs::read(folder.join(file)).unwrap();
        load(&place.write("t", &whole), plain()).unwrap();
        // Numbers stand at places of eight in the one, and have as many bytes as they need in the other.
        let (step, large) = match file.ends_with("feather") {
            true => (8, (1_u64 << 40).to_le_bytes().to_vec()),
            false => (1, vec![0xfe, 0xff, 0xff, 0xff, 0x0f]),
        };
        for at in (8..whole.len() - 12).step_by(step) {
            let mut bytes = whole.clone();
            bytes[at..at + large.len()].copy_from_slice(&large);
            // An allocation that fails ends the program, and this test with it.
            if let Err(error) = load(&place.write("t", &bytes), plain()) {
                said.insert((file, error.reason));
            }
        }
    }
    for (file, reason) in [
        ("plain.feather", "cannot be read: a part of it lies outside of the file"),
        ("lz4.feather", "cannot be read: a part of it lies outside of the file"),
        ("lz4.feather", "unfolds to more than 2 GiB"),
        ("views-plain.feather", "cannot be read: a part of it lies outside of the file"),
        ("views-zstd.feather", "unfolds to more than 2 GiB"),
        ("zstd.parquet", "unfolds to more than 2 GiB"),
        ("zstd.parquet", "cannot be read: its metadata are not what Parquet's are"),
        ("snappy.parquet", "cannot be read: its metadata are not what Parquet's are"),
    ] {
        assert!(said.contains(&(file, reason.to_owned())), "{file}: {reason}: {said:#?}");
    }
}
