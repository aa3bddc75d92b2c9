//! `bench data fetch`, through the program: a server that fails in every way a server does, and archives
//! that were made to do harm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::Place;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zip::write::SimpleFileOptions;

// ---- archives ----

type Files = Vec<(String, Vec<u8>)>;

/// Two recordings a genre, their spectrograms and a table, below `audio/`, `images/` and beside.
fn small_gtzan(prefix: &str, audio: &str, extension: &str) -> Files {
    let mut files = vec![(format!("{prefix}features_30_sec.csv"), b"filename,tempo,label\n".to_vec())];
    for genre in GENRES {
        for number in 0..2 {
            let sound = format!("{prefix}{audio}{genre}/{genre}.{number:05}.{extension}");
            files.push((sound, noise(4000 + number, genre.len() as u64)));
            let spectrogram = format!("{prefix}images_original/{genre}/{genre}{number:05}.png");
            files.push((spectrogram, noise(300, number as u64)));
        }
    }
    files
}

const GENRES: [&str; 10] =
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];

/// Bytes that do not pack.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn tar_of(files: &Files) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        append(&mut tar, name, tar::EntryType::Regular, content);
    }
    tar.into_inner().unwrap()
}

/// Appends an entry under a name that the tar crate would refuse to write.
fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o777);
    if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn zip_of(files: &Files) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Paths of all files below a folder, relative to it.
fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    fn collect(at: &Path, top: &Path, into: &mut BTreeSet<PathBuf>) {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            assert!(!kind.is_symlink(), "{} is a link", path.display());
            match kind.is_dir() {
                true => collect(&path, top, into),
                false => drop(into.insert(path.strip_prefix(top).unwrap().to_owned())),
            }
        }
    }
    let mut files = BTreeSet::new();
    collect(folder, folder, &mut files);
    files
}

/// Checks that `gtzan` holds the 41 files of [`small_gtzan`] with their content.
fn assert_small_gtzan(place: &Place, extension: &str) {
    assert_eq!(files_below(&place.path("gtzan")).len(), 41);
    for (name, content) in small_gtzan("", "genres_original/", extension) {
        assert!(std::fs::read(place.path("gtzan").join(&name)).unwrap() == content, "{name} differs");
    }
    assert!(!place.path("gtzan.fetch").exists(), "the workshop was left");
}

/// Checks that nothing but the archive is in the place: nothing was unpacked, here or elsewhere.
fn assert_untouched(place: &Place, archive: &str) {
    let files = files_below(&place.path(""));
    assert_eq!(files, BTreeSet::from([PathBuf::from(archive)]));
    assert!(!place.path("gtzan").exists());
}

// ---- a server ----

/// How a server answers one request.
#[derive(Clone)]
struct Answer {
    status: &'static str,
    body: Vec<u8>,
    etag: &'static str,
    /// Whether it answers with a range if asked for one, and whether it cares about If-Range then.
    ranges: bool,
    checks_if_range: bool,
    /// Bytes of the body it sends before it closes the connection.
    cut_after: usize,
    /// Whether it does not close the connection then, but sends a byte now and then, or none.
    goes_on: Option<Goes>,
}

#[derive(Clone, Copy, PartialEq)]
enum Goes {
    Dripping,
    Silent,
}

impl Answer {
    fn whole(body: &[u8]) -> Self {
        Self {
            status: "200 OK",
            body: body.to_vec(),
            etag: "\"one\"",
            ranges: true,
            checks_if_range: true,
            cut_after: usize::MAX,
            goes_on: None,
        }
    }

    fn status(status: &'static str) -> Self {
        Self { status, ranges: false, ..Self::whole(b"no") }
    }

    fn cut(body: &[u8], cut_after: usize) -> Self {
        Self { cut_after, ..Self::whole(body) }
    }
}

/// A server on this machine that answers its first request with the first answer and so on; the last
/// answer is for all further requests.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/gtzan.zip", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let answer = answers[number.min(answers.len() - 1)].clone();
                let log = Arc::clone(&log);
                // The client may go away at any time; that is what the tests are about.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &answer, &log)));
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The range that each request asked for, and the validator it came with.
    fn ranges(&self) -> Vec<Option<(String, String)>> {
        let of = |request: &String| Some((value(request, "range")?, value(request, "if-range")?));
        self.requests().iter().map(of).collect()
    }
}

fn value(request: &str, name: &str) -> Option<String> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn serve(mut stream: TcpStream, answer: &Answer, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    while !request.ends_with("\r\n\r\n") {
        if lines.read_line(&mut request)? == 0 {
            return Ok(());
        }
    }
    log.lock().unwrap().push(request.clone());
    let fresh = !answer.checks_if_range || value(&request, "if-range").as_deref() == Some(answer.etag);
    let start = value(&request, "range")
        .filter(|_| answer.ranges && fresh)
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let total = answer.body.len();
    let (status, range, body) = match start {
        Some(start) if start >= total => {
            ("416 Range Not Satisfiable", format!("Content-Range: bytes */{total}\r\n"), &[][..])
        }
        Some(start) => (
            "206 Partial Content",
            format!("Content-Range: bytes {start}-{}/{total}\r\n", total - 1),
            &answer.body[start..],
        ),
        None => (answer.status, String::new(), &answer.body[..]),
    };
    let etag = if answer.etag.is_empty() { String::new() } else { format!("ETag: {}\r\n", answer.etag) };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{etag}{range}Connection: close\r\n\r\n"
    )?;
    let sent = length.min(answer.cut_after);
    stream.write_all(&body[..sent])?;
    match answer.goes_on {
        None => Ok(()),
        Some(Goes::Silent) => stream.read(&mut [0]).map(drop),
        Some(Goes::Dripping) => body[sent..].iter().try_for_each(|byte| {
            std::thread::sleep(Duration::from_millis(20));
            stream.write_all(&[*byte])
        }),
    }
}

/// Starts a fetch that a test will end, and waits until `ready`.
fn start(place: &Place, words: &str, ready: impl Fn() -> bool) -> Child {
    let mut command = std::process::Command::new(place.bench().get_program());
    command.current_dir(place.path("")).args(words.split(' ')).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    for _ in 0..3000 {
        if ready() {
            return child;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("`{words}` did not come so far in 30 s");
}

fn part_bytes(place: &Place) -> u64 {
    place.path("gtzan.fetch/archive.part").metadata().map_or(0, |of| of.len())
}

// ---- layouts ----

#[test]
fn every_layout_and_packing_becomes_the_kaggle_layout() {
    let kaggle = small_gtzan("Data/", "genres_original/", "wav");
    let original = small_gtzan("", "genres/", "au");
    let deep = small_gtzan("./a/b c/", "x/y/", "wav");
    // Names that tell nothing: what an archive is, is seen from its content.
    for (archive, extension) in [
        (zip_of(&kaggle), "wav"),
        (gz(&tar_of(&original)), "au"),
        (tar_of(&deep), "wav"),
        (zip_of(&deep), "wav"),
    ] {
        let place = Place::new();
        place.write("archive.bin", &archive);
        let text = place.run("data fetch gtzan --from archive.bin");
        assert_small_gtzan(&place, extension);
        assert!(text.contains("20 files of 20 recordings"), "{text}");
        assert!(text.contains("blues 2, classical 2"), "{text}");
        assert!(text.contains("980 of 1000 recordings"), "{text}");
        assert!(text.contains(&sha256(&archive)), "{text}");
        assert!(text.contains("next: bench all --data gtzan"), "{text}");
        assert!(place.path("archive.bin").exists(), "the user's own file stays");
    }
}

#[test]
fn long_names_and_attributes_of_tar_are_understood() {
    let prefix = format!("{}/", "long".repeat(40));
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in small_gtzan(&prefix, "genres/", "wav") {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    let gnu = tar.into_inner().unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in small_gtzan(&prefix, "genres/", "wav") {
        tar.append_pax_extensions([("path", name.as_bytes()), ("mtime", b"1.5")]).unwrap();
        append(&mut tar, "short", tar::EntryType::Regular, &content);
    }
    for archive in [gnu, tar.into_inner().unwrap()] {
        let place = Place::new();
        place.write("a", archive);
        place.run("data fetch gtzan --from a");
        assert_small_gtzan(&place, "wav");
    }
}

#[test]
fn what_systems_leave_behind_is_counted_and_not_kept() {
    let place = Place::new();
    let mut files = small_gtzan("", "genres/", "wav");
    for name in
        ["__MACOSX/genres/blues/._blues.00000.wav", "genres/._blues", "genres/.DS_Store", "README.txt"]
    {
        files.push((name.to_owned(), b"x".to_vec()));
    }
    place.write("a.zip", zip_of(&files));
    let told: Value =
        serde_json::from_str(&place.run("data fetch gtzan --from a.zip --json --quiet")).unwrap();
    assert_eq!(told["contents"]["left_out"]["junk"], 3);
    assert_eq!(told["contents"]["left_out"]["examples"], serde_json::json!(["README.txt"]));
    assert_eq!(told["contents"]["recordings"]["jazz"], serde_json::json!(["jazz.00000", "jazz.00001"]));
    assert_eq!(told["missing"].as_array().unwrap().len(), 980);
    assert_small_gtzan(&place, "wav");
}

#[test]
fn a_full_destination_is_left_alone() {
    let place = Place::new();
    place.write("a.zip", zip_of(&small_gtzan("", "genres/", "wav")));
    let mine = place.write("gtzan/mine.txt", "mine");
    let error = place.refused("data fetch gtzan --from a.zip");
    assert!(error.contains("not an empty folder") && error.contains("--to"), "{error}");
    assert_eq!(std::fs::read(mine).unwrap(), b"mine");
    std::fs::create_dir(place.path("empty")).unwrap();
    place.run("data fetch gtzan --from a.zip --to empty");
    place.run("data fetch gtzan --from a.zip --to new/folder/");
    assert_eq!(files_below(&place.path("empty")), files_below(&place.path("new/folder")));
}

// ---- downloads ----

#[test]
fn a_download_is_checked_unpacked_and_removed() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("Data/", "genres_original/", "wav")));
    let server = Server::new(vec![Answer::whole(&archive)]);
    let sum = sha256(&archive).to_uppercase();
    place.run(&format!("data fetch gtzan --from {} --sha256 {sum}", server.address));
    assert_small_gtzan(&place, "wav");
    assert_eq!(server.ranges(), [None]);
}

#[test]
fn a_cut_connection_is_gone_on_with() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
    let server = Server::new(vec![
        Answer::cut(&archive, 30_000),
        Answer::status("503 Service Unavailable"),
        Answer::cut(&archive, 20_000),
        Answer::whole(&archive),
    ]);
    place.run(&format!("data fetch gtzan --from {}", server.address));
    assert_small_gtzan(&place, "wav");
    let asked = |start: usize| Some((format!("bytes={start}-"), "\"one\"".to_owned()));
    // A refusal in between does not cost the part.
    assert_eq!(server.ranges(), [None, asked(30_000), asked(30_000), asked(50_000)]);
}

#[cfg(unix)]
#[test]
fn a_killed_or_interrupted_download_is_gone_on_with_by_the_next_run() {
    for signal in ["-KILL", "-INT"] {
        let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
        let dripping = Answer { goes_on: Some(Goes::Dripping), ..Answer::cut(&archive, 30_000) };
        let server = Server::new(vec![dripping, Answer::whole(&archive)]);
        let words = format!("data fetch gtzan --from {}", server.address);
        let mut child = start(&place, &words, || part_bytes(&place) >= 30_000);
        let error = place.refused(&words);
        assert!(error.contains("another program is fetching to this place"), "{error}");
        assert!(
            std::process::Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let status = child.wait().unwrap();
        assert_eq!(status.code(), if signal == "-INT" { Some(130) } else { None });
        assert!(!place.path("gtzan").exists());
        let there = part_bytes(&place);
        assert!(there >= 30_000, "the part was lost");
        place.run(&words);
        assert_small_gtzan(&place, "wav");
        assert_eq!(server.ranges(), [None, Some((format!("bytes={there}-"), "\"one\"".to_owned()))]);
    }
}

#[test]
fn a_server_without_ranges_or_validators_is_begun_anew() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
    let plain = |cut_after| Answer { ranges: false, ..Answer::cut(&archive, cut_after) };
    let server = Server::new(vec![plain(30_000), plain(usize::MAX)]);
    place.run(&format!("data fetch gtzan --from {}", server.address));
    assert_small_gtzan(&place, "wav");

    let place = Place::new();
    let nameless = |cut_after| Answer { etag: "", ..Answer::cut(&archive, cut_after) };
    let server = Server::new(vec![nameless(30_000), nameless(usize::MAX)]);
    place.run(&format!("data fetch gtzan --from {}", server.address));
    assert_small_gtzan(&place, "wav");
    assert_eq!(server.ranges(), [None, None], "bytes of unknown versions must not be joined");
}

#[test]
fn two_versions_of_a_file_are_never_mixed() {
    let old = zip_of(&small_gtzan("", "genres/", "mp3"));
    let new = zip_of(&small_gtzan("", "genres/", "wav"));
    for checks_if_range in [true, false] {
        let place = Place::new();
        let server = Server::new(vec![
            Answer::cut(&old, 30_000),
            Answer { etag: "\"two\"", checks_if_range, ..Answer::whole(&new) },
        ]);
        place.run(&format!("data fetch gtzan --from {} --sha256 {}", server.address, sha256(&new)));
        assert_small_gtzan(&place, "wav");
    }
}

#[test]
fn a_silent_server_is_asked_again() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
    let silent = Answer { goes_on: Some(Goes::Silent), ..Answer::cut(&archive, 30_000) };
    let server = Server::new(vec![silent, Answer::whole(&archive)]);
    place.run(&format!("data fetch gtzan --timeout 1 --from {}", server.address));
    assert_small_gtzan(&place, "wav");
    assert_eq!(server.ranges().len(), 2);
}

#[test]
fn an_address_that_leads_nowhere_is_told_at_once() {
    let place = Place::new();
    let server = Server::new(vec![Answer::status("404 Not Found")]);
    let error = place.refused(&format!("data fetch gtzan --from {}", server.address));
    assert!(error.contains("404 Not Found") && error.contains("check the address"), "{error}");
    assert_eq!(server.requests().len(), 1, "asking again would not help");
    assert!(files_below(&place.path("")).is_empty());
    let server = Server::new(vec![Answer::status("403 Forbidden")]);
    let error = place.refused(&format!("data fetch gtzan --from {}", server.address));
    assert!(error.contains("--from FILE"), "{error}");
    let error = place.refused("data fetch gtzan --from ftp://example.org/gtzan.zip");
    assert!(error.contains("ftp is not supported"), "{error}");
}

#[test]
fn a_server_that_never_recovers_is_given_up() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
    let server =
        Server::new(vec![Answer::cut(&archive, 30_000), Answer::status("500 Internal Server Error")]);
    let error = place.refused(&format!("data fetch gtzan --from {}", server.address));
    assert!(error.contains("500 Internal") && error.contains("goes on where the download was"), "{error}");
    assert_eq!(part_bytes(&place), 30_000);
}

#[test]
fn a_wrong_checksum_stops_before_anything_is_unpacked() {
    let (place, archive) = (Place::new(), zip_of(&small_gtzan("", "genres/", "wav")));
    let server = Server::new(vec![Answer::whole(&archive)]);
    let wrong = "0".repeat(64);
    let error = place.refused(&format!("data fetch gtzan --from {} --sha256 {wrong}", server.address));
    assert!(error.contains(&wrong) && error.contains(&sha256(&archive)), "{error}");
    assert!(error.contains("archive.bad") && error.contains("nothing was unpacked"), "{error}");
    assert!(!place.path("gtzan").exists());
    assert!(std::fs::read(place.path("gtzan.fetch/archive.bad")).unwrap() == archive);
    place.run(&format!("data fetch gtzan --from {} --sha256 {}", server.address, sha256(&archive)));
    assert_small_gtzan(&place, "wav");

    let place = Place::new();
    place.write("a.zip", &archive);
    let error = place.refused(&format!("data fetch gtzan --from a.zip --sha256 {wrong}"));
    assert!(error.contains("a.zip") && error.contains(&sha256(&archive)), "{error}");
    assert_untouched(&place, "a.zip");
    let error = place.refused("data fetch gtzan --from a.zip --sha256 abc");
    assert!(error.contains("64 hexadecimal digits"), "{error}");
}

#[test]
fn a_download_larger_than_allowed_is_refused() {
    let place = Place::new();
    let server = Server::new(vec![Answer::whole(&vec![0; 2_000_000])]);
    let error = place.refused(&format!("data fetch gtzan --max-gb 0.001 --from {}", server.address));
    assert!(error.contains("1000000 bytes") && error.contains("--max-gb"), "{error}");
}

// ---- hostile archives ----

/// What the program says of an archive that it must refuse without a trace.
fn refusal(archive: impl AsRef<[u8]>, flags: &str) -> String {
    let place = Place::new();
    place.write("a", archive);
    let error = place.refused(&format!("data fetch gtzan --from a{flags}"));
    assert_untouched(&place, "a");
    assert!(error.contains("try:"), "no hint: {error}");
    error
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for name in [
        "../blues/blues.00000.wav",
        "genres/../../blues/evil.wav",
        "/tmp/blues/evil.wav",
        "genres\\..\\..\\evil.wav",
        "C:/blues/evil.wav",
        "blues/evil.wav:stream",
        "blues/bell\u{7}.wav",
        "/",
    ] {
        let mut tar = tar::Builder::new(tar_of(&small_gtzan("", "genres/", "wav")));
        // The builder starts after the old end, which is two empty blocks: cut them off first.
        let old = tar.get_mut();
        old.truncate(old.len() - 1024);
        append(&mut tar, name, tar::EntryType::Regular, b"evil");
        let tar = tar.into_inner().unwrap();
        let mut files = small_gtzan("", "genres/", "wav");
        files.push((name.to_owned(), b"evil".to_vec()));
        for archive in [tar.clone(), gz(&tar), zip_of(&files)] {
            let error = refusal(archive, "");
            assert!(error.contains("the path `") && error.contains("do not trust"), "{name}: {error}");
        }
    }
}

#[test]
fn links_and_devices_are_never_made() {
    let mut tar = tar::Builder::new(Vec::new());
    for (number, kind) in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Char,
        tar::EntryType::Block,
        tar::EntryType::Fifo,
    ]
    .into_iter()
    .enumerate()
    {
        append(&mut tar, &format!("genres/blues/blues.{number:05}.wav"), kind, b"");
        // A file through what would be a link to a folder.
        append(&mut tar, &format!("genres/blues/blues.{number:05}.wav/x"), tar::EntryType::Regular, b"x");
    }
    append(&mut tar, "genres/rock/rock.00000.wav", tar::EntryType::Regular, b"rock");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..5 {
        let name = format!("genres/blues/blues.{number:05}.wav");
        zip.add_symlink(name, "/etc/passwd", SimpleFileOptions::default()).unwrap();
    }
    zip.start_file("genres/rock/rock.00000.wav", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"rock").unwrap();
    for archive in [tar.into_inner().unwrap(), zip.finish().unwrap().into_inner()] {
        let place = Place::new();
        place.write("a", archive);
        let text = place.run("data fetch gtzan --from a");
        assert!(text.contains("5 links or devices"), "{text}");
        let only = PathBuf::from("genres_original/rock/rock.00000.wav");
        assert_eq!(files_below(&place.path("gtzan")), BTreeSet::from([only]));
    }
}

#[test]
fn bombs_are_stopped_at_a_limit_that_a_flag_lifts() {
    let zeros = |files: usize, bytes: usize| -> Files {
        (0..files).map(|n| (format!("blues/blues.{n:05}.wav"), vec![0; bytes])).collect()
    };
    // Too tight: 30 MB of zeros in a few kB.
    for archive in [gz(&tar_of(&zeros(3, 10 << 20))), zip_of(&zeros(3, 10 << 20))] {
        let error = refusal(&archive, "");
        assert!(error.contains("200 times its size") && error.contains("--max-gb 8"), "{error}");
        let place = Place::new();
        place.write("a", &archive);
        place.run("data fetch gtzan --from a --max-gb 100");
    }
    // Too much in all, one file too large, too many entries.
    let noisy: Files = (0..12).map(|n| (format!("blues/blues.{n:05}.wav"), noise(400_000, n))).collect();
    for archive in [gz(&tar_of(&noisy)), zip_of(&noisy)] {
        let error = refusal(archive, " --max-gb 0.004");
        assert!(error.contains("more than the 4000000 bytes"), "{error}");
    }
    for archive in [gz(&tar_of(&zeros(1, 600_000))), zip_of(&zeros(1, 600_000))] {
        let error = refusal(archive, " --max-gb 0.004");
        assert!(error.contains("600000 bytes large, more than the 500000"), "{error}");
    }
    for archive in [gz(&tar_of(&zeros(21, 1))), zip_of(&zeros(21, 1))] {
        let error = refusal(archive, " --max-gb 0.004");
        assert!(error.contains("more than the 20 entries"), "{error}");
    }
}

#[test]
fn what_is_skipped_counts_against_the_limits_too() {
    let mut files = small_gtzan("", "genres/", "wav");
    files.push(("ignored.bin".to_owned(), noise(12 << 20, 1)));
    let error = refusal(gz(&tar_of(&files)), " --max-gb 0.01");
    assert!(error.contains("more than the 10000000 bytes"), "{error}");
    // A name that claims to be a gigabyte long must not be read into memory.
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "././@LongLink", tar::EntryType::GNULongName, &vec![b'a'; 2 << 20]);
    let error = refusal(gz(&tar.into_inner().unwrap()), "");
    assert!(error.contains("2097152 bytes"), "{error}");
}

#[test]
fn a_size_that_lies_is_noticed() {
    let mut zip = zip_of(&vec![("blues/blues.00000.wav".to_owned(), noise(5000, 1))]);
    // Uncompressed size in the directory: 24 bytes into the entry.
    let directory = zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    zip[directory + 24..directory + 28].copy_from_slice(&100_u32.to_le_bytes());
    let error = refusal(zip, "");
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn truncated_archives_are_refused_wherever_they_end() {
    let files: Files = small_gtzan("", "genres/", "wav").into_iter().take(6).collect();
    for archive in [gz(&tar_of(&files)), zip_of(&files)] {
        for end in [20, 600, archive.len() / 2, archive.len() - 30, archive.len() - 1] {
            let error = refusal(&archive[..end], "");
            assert!(error.contains("damaged or truncated"), "{end} of {}: {error}", archive.len());
        }
    }
    let tar = tar_of(&files);
    for end in [600, 5000] {
        let error = refusal(&tar[..end], "");
        assert!(error.contains("damaged or truncated"), "{end} of {}: {error}", tar.len());
    }
    let mut flipped = gz(&tar);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let error = refusal(flipped, "");
    assert!(error.contains("damaged or truncated"), "{error}");
}

#[test]
fn what_is_no_archive_is_told_from_one() {
    for (bytes, says) in [
        (&b""[..], "it is empty (0 bytes)"),
        (b"hello", "begins with none of their signatures"),
        (b"\n<!DOCTYPE html><title>Log in</title>", "it is a web page"),
        (b"Rar!\x1a\x07\x00 and so on", "it is a RAR file"),
        (&[0; 2000], "begins with none of their signatures"),
    ] {
        let error = refusal(bytes, "");
        assert!(error.contains(says), "{error}");
    }
    let error = refusal(gz(b"only a text, packed"), "");
    assert!(error.contains("damaged or truncated"), "{error}");
    for archive in [zip_of(&vec![]), gz(&tar_of(&vec![]))] {
        let error = refusal(archive, "");
        assert!(
            error.contains("holds nothing that is read of GTZAN") && error.contains("but no files"),
            "{error}"
        );
    }
    let others = vec![("notes/a.txt".to_owned(), vec![1]), ("polka/polka.00000.wav".to_owned(), vec![1])];
    let error = refusal(zip_of(&others), "");
    assert!(error.contains("2 other files, such as `notes/a.txt`, `polka/polka.00000.wav`"), "{error}");
    let place = Place::new();
    let error = place.refused("data fetch gtzan --from nowhere.zip");
    assert!(error.contains("nowhere.zip: cannot be read"), "{error}");
    std::fs::create_dir(place.path("folder")).unwrap();
    let error = place.refused("data fetch gtzan --from folder");
    assert!(error.contains("not a regular file"), "{error}");
}

#[test]
fn two_files_for_one_place_are_refused() {
    for other in ["Data/blues/blues.00000.wav", "genres/blues/BLUES.00000.WAV"] {
        let files: Files =
            ["genres/blues/blues.00000.wav", other].map(|name| (name.to_owned(), vec![1])).into();
        for archive in [gz(&tar_of(&files)), zip_of(&files)] {
            let error = refusal(archive, "");
            assert!(error.contains("two files for"), "{error}");
        }
    }
}

#[test]
fn a_kill_while_unpacking_leaves_nothing_that_looks_complete() {
    let place = Place::new();
    let files: Files =
        (0..60).map(|n| (format!("genres/blues/blues.{n:05}.wav"), noise(1 << 20, n))).collect();
    place.write("a.tar", tar_of(&files));
    let first = place.path("gtzan.fetch/tree/genres_original/blues/blues.00000.wav");
    let done = place.path("gtzan");
    let mut child = start(&place, "data fetch gtzan --from a.tar", || first.exists() || done.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    if !done.exists() {
        place.write("gtzan.fetch/tree/genres_original/blues/of.the.killed.run.wav", "x");
        place.run("data fetch gtzan --from a.tar");
    }
    assert_eq!(files_below(&done).len(), 60);
    assert!(!place.path("gtzan.fetch").exists());
}
