//! Folders of spectrogram images as input.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::png::{Pixel, png};
use common::{Place, gtzan, row};
use std::io::Write as _;

/// Two genres told apart by where they are bright, four tracks each; black and white only.
fn spectrograms(place: &Place, folder: &str, pixel: Pixel) {
    for (genre, bright) in [("blues", 0), ("rock", 1)] {
        for track in 0..4_usize {
            let grey = |x: usize, y: usize| {
                if x / 20 == bright || (y + 1).is_multiple_of(track + 2) { 255 } else { 0 }
            };
            place.write(&format!("{folder}/{genre}/{genre}{track:05}.png"), png(40, 24, pixel, grey));
        }
    }
}

#[test]
fn every_kind_of_pixel_gives_the_same_table() {
    let place = Place::new();
    let kinds = [
        ("grey", Pixel::Grey),
        ("bit", Pixel::GreyOneBit),
        ("grey16", Pixel::Grey16),
        ("rgb", Pixel::Rgb),
        ("rgba", Pixel::Rgba),
        ("palette", Pixel::Palette),
    ];
    let run = |words: &str| place.json(&format!("--models knn-1 --folds 2 {words}"));
    spectrograms(&place, "grey", Pixel::Grey);
    let grey = run("--data grey --image-size 8x6");
    assert_eq!((&grey["dataset"]["features"], &grey["dataset"]["clips"]), (&48.into(), &8.into()));
    assert_eq!(row(&grey, "knn-1")["accuracy"], 1.0);
    assert!(place.run("export last --table split").contains("blues.00003.png,blues.00003,"));
    for (folder, pixel) in kinds {
        spectrograms(&place, folder, pixel);
        let run = run(&format!("--data {folder} --image-size 8x6"));
        assert_eq!(run["dataset"]["fingerprint"], grey["dataset"]["fingerprint"], "{folder}");
    }
    assert_eq!(run("--data grey")["dataset"]["features"], 32 * 32);
}

#[test]
fn broken_images_are_named_and_left_out() {
    let place = Place::new();
    spectrograms(&place, "images", Pixel::Rgb);
    let whole = png(40, 24, Pixel::Grey, |x, y| (x * y) as u8);
    place.write("images/rock/cut.png", &whole[..whole.len() / 2]);
    place.write("images/rock/empty.png", "");
    place.write("images/rock/text.png", "no spectrogram");
    // Says that it is 60,000 pixels a side.
    let mut huge = whole;
    huge[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    place.write("images/rock/huge.png", huge);
    let run = place.json("--data images --models knn-1 --folds 2");
    let notes = run["notes"].to_string();
    assert!(notes.contains("4 of 12 images could not be used"), "{notes}");
    for name in ["cut.png", "empty.png", "text.png", "huge.png"] {
        assert!(notes.contains(name), "{name}: {notes}");
    }
    assert_eq!(run["dataset"]["examples"], 8);

    for (words, said) in [
        ("all --data images --image-size 8", "WIDTHxHEIGHT"),
        ("all --data images --image-size 0x8", "from 1 to 512"),
        ("all --data images --segment 31", "an image is taken for 30 s"),
    ] {
        let error = place.refused(words);
        assert!(error.contains(said), "{words}: {error}");
    }
    place.write("bad/rock/text.png", "no spectrogram");
    assert!(place.refused("all --data bad").contains("1 of 1 images could not be used"));
}

/// What lies in a folder by accident or by malice is named and left out; nothing is waited for, nothing read without
/// end.
#[test]
#[cfg(unix)]
fn whatever_else_lies_among_images_is_named_and_left_out() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    let place = Place::new();
    spectrograms(&place, "images", Pixel::Grey);
    let rock = |name: &str| place.path(&format!("images/rock/{name}"));
    common::pipe(&rock("pipe.png"));
    symlink("/dev/zero", rock("zero.png")).unwrap();
    symlink(rock("loop.png"), rock("loop.png")).unwrap();
    symlink(place.path("images"), rock("up.png")).unwrap();
    let _socket = UnixListener::bind(rock("socket.png")).unwrap();
    std::fs::create_dir(rock("folder.png")).unwrap();
    place.write("images/rock/renamed.png", "GIF89a and so on");
    place.write("images/rock/one.gif", "GIF89a");
    place.write("images/rock/two.bmp", "BM");
    place.write("images/blues/three.tif", "II*");
    let words = "all --json --data images --models knn-1 --folds 2 --no-cache";
    let output = common::ends_by_itself(place.bench().args(words.split(' ')), 0);
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let notes = run["notes"].to_string();
    for said in [
        "6 of 14 images could not be used",
        "pipe.png: is a pipe, not a regular file",
        "zero.png: is a device, not a regular file",
        "loop.png: cannot be read",
        "up.png: is a folder, not a regular file",
        "socket.png: is a socket, not a regular file",
        "renamed.png: is a GIF file, which is not read here: convert it to PNG",
        "3 files are BMP, GIF, TIFF, which are not read: convert them to PNG",
    ] {
        assert!(notes.contains(said), "{said}: {notes}");
    }
    assert_eq!(run["dataset"]["examples"], 8);

    place.write("gifs/blues/a.gif", "GIF89a");
    let error = place.refused("all --data gifs");
    assert!(error.contains("1 file is GIF, which is not read: convert it to PNG"), "{error}");
}

#[test]
fn jpeg_and_webp_are_read_beside_png() {
    let place = Place::new();
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    for genre in ["blues", "rock"] {
        std::fs::create_dir_all(place.path(&format!("images/{genre}"))).unwrap();
        for (track, name) in ["rgb.png", "progressive.jpg", "cmyk.jpg", "lossy.webp"].into_iter().enumerate()
        {
            let extension = name.rsplit_once('.').unwrap().1;
            let to = place.path(&format!("images/{genre}/{genre}{track:05}.{extension}"));
            std::fs::copy(fixtures.join(name), to).unwrap();
        }
    }
    let run = place.json("--data images --models knn-1 --folds 2");
    assert_eq!(run["dataset"]["examples"], 8, "{run}");
    assert!(!run["notes"].to_string().contains("could not be used"), "{run}");
}

/// Text of a third of a gigabyte is passed over, not read.
#[test]
#[cfg(target_os = "linux")]
fn memory_follows_the_pixels_and_not_the_text_beside_them() {
    use std::io::{Seek, SeekFrom};
    const TEXT: u32 = 300 << 20;
    let place = Place::new();
    spectrograms(&place, "images", Pixel::Grey);
    let peak = || {
        let words = "all --data images --models knn-1 --folds 2 --out none --jobs 1";
        let peak = common::peak_memory(place.bench().args(words.split(' ')));
        std::fs::remove_dir_all(place.path("none")).unwrap();
        peak
    };
    let before = peak();
    let whole = png(40, 24, Pixel::Grey, |x, y| (x * y) as u8);
    let mut file = std::fs::File::create(place.path("images/rock/text.png")).unwrap();
    // After the signature and the header. The text is a hole in the file.
    file.write_all(&whole[..33]).unwrap();
    file.write_all(&TEXT.to_be_bytes()).unwrap();
    file.write_all(b"tEXt").unwrap();
    file.seek(SeekFrom::Current(i64::from(TEXT) + 4)).unwrap();
    file.write_all(&whole[33..]).unwrap();
    let after = peak();
    assert!(after < before + (50 << 20), "{} MB, and {} MB without it", after >> 20, before >> 20);
    assert_eq!(place.json("--data images --models knn-1 --folds 2")["dataset"]["examples"], 9);
}

#[test]
fn images_are_cut_by_their_columns_and_networks_read_the_pieces() {
    let place = Place::new();
    spectrograms(&place, "images", Pixel::Grey);
    let words = "--data images --segment 10 --folds 2 --image-size 6x6 --epochs 2";
    let run = place.json(&format!(
        "{words} --models knn-1,ann,choi-fcn5,cnn-7x7 --set choi-fcn5.width=0.1 --set cnn-7x7.width=0.1"
    ));
    assert_eq!((&run["dataset"]["examples"], &run["dataset"]["clips"]), (&24.into(), &8.into()));
    assert!(run["notes"].to_string().contains("24 rows of 13 pixels"), "{run}");
    for model in ["knn-1", "ann", "choi-fcn5", "cnn-7x7"] {
        assert!(row(&run, model)["macro_f1"].is_number(), "{run}");
    }
    let split = place.run("export last --table split");
    assert!(split.contains("blues.00003.2.png,blues.00003,"), "{split}");
    let colour = place.json(&format!(
        "{words} --models choi-fcn5,ann --set choi-fcn5.width=0.1 --set choi-fcn5.input=colour-mel-128"
    ));
    assert!(colour["notes"].to_string().contains("8 of 8 images are grey"), "{colour}");
    for model in ["choi-fcn5", "ann"] {
        assert!(row(&colour, model)["macro_f1"].is_number(), "{colour}");
    }
}

#[test]
fn the_real_spectrograms_can_be_learned_from() {
    let Some(data) = gtzan().filter(|data| data.join("images_original").is_dir()) else { return };
    let place = Place::new();
    let images = data.join("images_original");
    let run = place.json(&format!("--data {} --models knn-5,svm --protocol artist", images.display()));
    assert_eq!(run["dataset"]["clips"], 999);
    assert!(row(&run, "knn-5")["macro_f1"].as_f64().unwrap() > 0.15, "chance is 0.1: {run}");
}
