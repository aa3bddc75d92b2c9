//! `bench report` and `bench plot`: pages and pictures of stored runs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, skipped, small_table, tone};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};
use zune_png::PngDecoder;
use zune_png::zune_core::bytestream::ZCursor;

/// Held while a browser is open: the first to open one installs what drives it.
static BROWSER: Mutex<()> = Mutex::new(());

/// Names that would be something else where they are not escaped.
const HOSTILE: [&str; 4] = [
    "<script>window.hacked=1</script>",
    "\"><img src=x onerror=window.hacked=1>",
    "\u{202e}\u{5d0}\u{5d1}\u{5d2}'&amp;",
    "a name that goes on and on and on and on and on and on and on and on and on and on and on and on and on and on and on",
];

/// Whether the program can make PNG and PDF.
const FIGURES: bool = cfg!(feature = "figures");

/// Runs `bench report` and gives the page, which must be there.
fn page(place: &Place, words: &str, status: i32) -> String {
    ends(place.bench().arg("report").args(words.split_whitespace()), status);
    std::fs::read_to_string(place.path("report.html")).unwrap()
}

/// Runs under two protocols on a table of segments by artists, and their names.
fn two_runs(place: &Place) -> [String; 2] {
    place.write("t.csv", small_table(12, 3));
    ["segment", "track"].map(|protocol| {
        let models = "svm,knn-1,forest,majority,ann-table";
        let run = place
            .json(&format!("--data t.csv --protocol {protocol} --models {models} --set ann-table.epochs=4"));
        run["run"].as_str().unwrap().to_owned()
    })
}

/// Opens a page in a browser, if there is one.
fn in_browser(place: &Place, runs: &[&str]) {
    let _alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check.sh");
    let mut command = Command::new(script);
    let Output { status, stdout, stderr } =
        command.arg(place.path("report.html")).args(runs).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if said.starts_with("SKIPPED") {
        skipped(said.trim_start_matches("SKIPPED: ").trim());
        return;
    }
    assert!(status.success(), "{said}");
}

#[test]
fn a_page_tells_everything_about_every_run_and_needs_nothing_beside_it() {
    let place = Place::new();
    let runs = two_runs(&place);
    let html = page(&place, &runs.join(" "), 0);
    for run in &runs {
        assert!(html.contains(run.as_str()), "{run}");
    }
    for model in ["svm", "knn-1", "forest", "majority", "ann-table"] {
        // On the leaderboard and as a section, of both runs.
        assert!(html.matches(&format!("data-n=\"{model}\"")).count() >= 4, "{model}");
    }
    for id in ["slope", "leaderboard", "cost", "genres", "differences", "map", "models", "checks", "made"] {
        assert!(html.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
    for word in
        ["taken for", "Training of ann-table", "What forest goes by", "Calibration of", "experiment.toml"]
    {
        assert!(html.contains(word), "{word}");
    }
    assert!(html.contains("critical-difference diagram: "), "why there is none");
    // What a browser would fetch.
    for door in [" src=", "url(http", "@import", "<link", "<iframe", "<img", "href=\"http"] {
        assert!(!html.contains(door), "{door}");
    }
    assert!(html.contains("default-src 'none'") && html.len() < 1_000_000, "{}", html.len());
    // The same runs, the same page.
    assert_eq!(html, page(&place, &runs.join(" "), 0));
    in_browser(&place, &runs.each_ref().map(String::as_str));
}

#[test]
fn names_of_others_stay_names() {
    let place = Place::new();
    let mut table = String::from("track,a,b,label\n");
    for (class, label) in HOSTILE.iter().enumerate() {
        for track in 0..8 {
            let quoted = label.replace('"', "\"\"");
            let (a, b) = (class as f64 + f64::from(track % 3) * 0.6, f64::from(track * 7 % 5));
            table += &format!("\"{quoted}-{track}\",{a},{b},\"{quoted}\"\n");
        }
    }
    place.write("t.csv", table);
    let run = place.json("--data t.csv --group track --models knn-1,svm,naive-bayes");
    let html = page(&place, "last", 0);
    assert!(!html.contains("<script>window") && !html.contains("<img") && !html.contains('\u{202e}'));
    assert!(html.contains("&lt;script&gt;window.hacked=1&lt;/script&gt;"));
    in_browser(&place, &[run["run"].as_str().unwrap()]);
    for what in ["classes", "confusion", "map"] {
        ends(place.bench().args(["plot", what, "last", "-o", "names.svg"]), 0);
        let svg = std::fs::read_to_string(place.path("names.svg")).unwrap();
        assert!(!svg.contains("<script") && !svg.contains("<img"), "{what}");
        // It is XML: a reader of its own kind takes it.
        if FIGURES {
            ends(place.bench().args(["plot", what, "last", "-o", "names.pdf"]), 0);
        }
    }
}

#[test]
fn a_damaged_cell_is_named_and_the_rest_is_shown() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    place.run("all --data t.csv --models svm,knn-1,forest");
    let cells = std::fs::read_dir(place.path("runs/cells")).unwrap().map(|entry| entry.unwrap().path());
    let victim = cells.into_iter().find(|path| path.to_string_lossy().contains("/knn-1-r0-f2")).unwrap();
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let html = page(&place, "last", 1);
    let name = victim.file_name().unwrap().to_string_lossy();
    assert!(html.contains(name.as_ref()), "the file is named");
    let of_row = |model: &str| {
        let table = html.find("<table class=\"board\"").unwrap();
        let start = table + html[table..].find(&format!("data-n=\"{model}\"")).unwrap();
        html[start..].split("<tr").next().unwrap().to_owned()
    };
    assert!(
        of_row("knn-1").contains("damaged") && of_row("knn-1").contains("4 of 5 folds"),
        "{}",
        of_row("knn-1")
    );
    assert!(!of_row("svm").contains("damaged") && of_row("svm").contains("class=\"n key\""));
}

#[test]
fn every_picture_can_be_had_alone_in_every_format() {
    let place = Place::new();
    let runs = two_runs(&place);
    let pictures = [
        "leaderboard",
        "seconds",
        "memory",
        "classes",
        "confusion",
        "confusion-shares",
        "curves",
        "calibration",
        "importances",
        "map",
        "differences",
    ];
    for what in pictures {
        ends(place.bench().args(["plot", what, &runs[1], "-o", "picture.svg", "--width", "85"]), 0);
        let svg = std::fs::read_to_string(place.path("picture.svg")).unwrap();
        assert!(
            svg.starts_with("<svg xmlns") && svg.contains("@font-face") && !svg.contains("var(--"),
            "{what}"
        );
    }
    ends(place.bench().args(["plot", "slope", &runs[0], &runs[1], "-o", "slope.svg"]), 0);
    let light = std::fs::read_to_string(place.path("slope.svg")).unwrap();
    ends(place.bench().args(["plot", "slope", &runs[0], &runs[1], "-o", "slope.svg", "--theme", "dark"]), 0);
    let dark = std::fs::read_to_string(place.path("slope.svg")).unwrap();
    assert!(light.contains("fill=\"#ffffff\"/>") && !dark.contains("fill=\"#ffffff\"/>"), "grounds");
    assert!(light.len() < 60_000, "no more letters than it uses: {}", light.len());
    if FIGURES {
        ends(place.bench().args(["plot", "slope", &runs[0], &runs[1], "-o", "slope.pdf"]), 0);
        let pdf = std::fs::read(place.path("slope.pdf")).unwrap();
        let has = |word: &[u8]| pdf.windows(word.len()).any(|part| part == word);
        assert!(pdf.starts_with(b"%PDF-") && has(b"Inter") && has(b"/FontFile2"), "fonts are embedded");
        let board = ["plot", "leaderboard", &runs[1], "-o", "board.png", "--width", "100", "--dpi", "254"];
        ends(place.bench().args(board), 0);
        let png = std::fs::read(place.path("board.png")).unwrap();
        assert_eq!(png[16..20], 1000_u32.to_be_bytes(), "100 mm at 10 pixels a millimetre");
    } else {
        let said =
            String::from_utf8(ends(place.bench().args(["plot", "map", &runs[1], "-o", "x.pdf"]), 2).stderr);
        assert!(said.unwrap().contains("cargo build --release"), "what to do for PDF");
    }
    let model = ["plot", "curves", &runs[1], "-o", "x.svg", "--model"];
    let said = String::from_utf8(ends(place.bench().args(model).arg("svm"), 2).stderr).unwrap();
    assert!(said.contains("svm") && said.contains("try:"), "{said}");
    for (words, wanted) in [
        ("plot leaderboard last -o picture", ".svg, .png or .pdf"),
        ("plot leaderboard last -o picture.jpeg", ".svg, .png or .pdf"),
        ("plot slope last -o x.svg", "several protocols"),
        ("plot ablation last -o x.svg", "bench ablate"),
        ("plot curves last --model nobody -o x.svg", "nobody"),
        ("plot audio missing.wav -o x.svg", "missing.wav"),
    ] {
        let said = place.refused(words);
        assert!(said.contains(wanted), "{words}: {said}");
    }
    let across = ["plot", "ranks", &runs[0], &runs[1], "-o", "x.svg"];
    let said = String::from_utf8(ends(place.bench().args(across), 2).stderr).unwrap();
    assert!(said.contains("Wilcoxon"), "{said}");
    assert!(!place.path("x.svg").exists());
}

#[test]
fn a_recording_is_drawn_on_one_sheet() {
    let place = Place::new();
    place.write("song.wav", tone(440.0, 4.0));
    ends(place.bench().args(["plot", "audio", "song.wav", "-o", "song.svg"]), 0);
    let svg = std::fs::read_to_string(place.path("song.svg")).unwrap();
    for panel in ["Waveform", "Log-mel", "MFCC", "Chroma", "Harmonic", "Percussive"] {
        assert!(svg.contains(panel), "{panel}");
    }
    assert_eq!(svg.matches("<image ").count(), 3, "spectrogram, MFCC and chroma are pixels");
    assert!(svg.len() < 1_000_000, "{}", svg.len());
    if FIGURES {
        ends(place.bench().args(["plot", "audio", "song.wav", "-o", "song.pdf"]), 0);
        let pdf = std::fs::read(place.path("song.pdf")).unwrap();
        let count = |word: &[u8]| pdf.windows(word.len()).filter(|part| *part == word).count();
        assert_eq!(count(b"/Subtype /Image"), 3);
        ends(place.bench().args(["plot", "audio", "song.wav", "-o", "song.png", "--dpi", "96"]), 0);
        let png = std::fs::read(place.path("song.png")).unwrap();
        let mut decoder = PngDecoder::new(ZCursor::new(&png));
        let pixels = decoder.decode_raw().unwrap();
        // The colour of silence, in which most of the spectrogram of a tone is.
        let silent = pixels.chunks(4).filter(|pixel| *pixel == [0, 0, 4, 255]).count();
        assert!(40 * silent > pixels.len(), "{silent} of {}", pixels.len() / 4);
    }
    place.write("short.wav", tone(440.0, 0.02));
    ends(place.bench().args(["plot", "audio", "short.wav", "-o", "short.svg"]), 0);
    place.write("broken.wav", b"RIFF....WAVE");
    let said = place.refused("plot audio broken.wav -o x.svg");
    assert!(said.contains("broken.wav"), "{said}");
}
