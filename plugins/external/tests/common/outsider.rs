//! A model in another process that needs nothing but this crate, and misbehaves as its hyper-parameter `fault` says. It
//! scores every example by the nearest mean of a class. For the tests in `tests/isolation.rs`, and for those of the harness.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench_api::Inputs;
use genre_bench_external::arrow::{Part, Stream};
use genre_bench_external::protocol::{Answer, Event, Request};
use ndarray::{Array1, Array2, Axis};
use std::io::{BufRead, Read, StdinLock, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What a request came with, column by column.
struct Columns {
    labels: Vec<i64>,
    table: Array2<f32>,
}

/// Reads a stream that [`Stream`] wrote, as much as a test needs: batches of columns of 8 or 4 bytes.
fn columns(request: &Request, mut bytes: &[u8]) -> Columns {
    let mut take = |length: usize| {
        let (taken, rest) = bytes.split_at(length);
        bytes = rest;
        taken
    };
    let (mut labels, mut at) = (Vec::new(), 0);
    let mut table = Array2::zeros((request.rows, request.columns.len()));
    let told = if request.call == "fit" { 3 } else { 0 };
    let mut is_schema = true;
    loop {
        take(4);
        let length = i32::from_le_bytes(take(4).try_into().unwrap()) as usize;
        if length == 0 {
            return Columns { labels, table };
        }
        take(length);
        if std::mem::take(&mut is_schema) {
            continue;
        }
        // A test's examples: of no part more than a batch has.
        let rows = if at == 0 && told > 0 { request.train } else { request.rows - at };
        for column in 0..told {
            let numbers = take(8 * rows).as_chunks::<8>().0;
            if column == 0 {
                labels.extend(numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)));
            }
        }
        for column in 0..request.columns.len() {
            let numbers = take((4 * rows).next_multiple_of(8)).as_chunks::<4>().0;
            for (row, bytes) in numbers.iter().take(rows).enumerate() {
                table[[at + row, column]] = f32::from_le_bytes(*bytes);
            }
        }
        at += rows;
    }
}

fn answer(answer: &Answer, bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer).unwrap();
    out.write_all(b"\n").unwrap();
    out.write_all(bytes).unwrap();
    out.flush().unwrap();
}

fn good() -> Answer {
    Answer { ok: true, ..Answer::default() }
}

fn scored(scores: &Array2<f32>) {
    let columns = (0..scores.ncols()).map(|column| column.to_string()).collect();
    let inputs = Inputs { table: scores.clone(), columns, ..Inputs::default() };
    let mut stream = Stream::new(vec![Part::asked(&inputs)], true, false).unwrap();
    let (mut bytes, mut block) = (Vec::new(), Vec::new());
    while stream.next_block(&mut block) {
        bytes.extend(&block);
    }
    answer(&Answer { bytes: bytes.len() as u64, ..good() }, &bytes);
}

/// The next request with its bytes, if there is one.
fn request(input: &mut StdinLock) -> Option<(Request, Vec<u8>)> {
    let mut line = String::new();
    if input.read_line(&mut line).unwrap() == 0 {
        return None;
    }
    let request: Request = serde_json::from_str(&line).unwrap();
    let mut bytes = vec![0; request.bytes as usize];
    input.read_exact(&mut bytes).unwrap();
    Some((request, bytes))
}

/// Processes of all kinds that ought to go with it: one in its group, one in a session of its own, one whose parent has
/// ended, and one that knows no variables of ours. Each sleeps for so many seconds that nobody else does.
#[allow(clippy::zombie_processes, reason = "that is what the test is about")]
fn leave_behind(seconds: &str) {
    let scripts = [
        format!("exec sleep {seconds}"),
        format!("setsid sleep {seconds} & wait"),
        format!("(setsid sleep {seconds} &) ; exit 0"),
        format!("exec env -i $(command -v setsid) sh -c 'sleep {seconds} & wait'"),
    ];
    for script in scripts {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null());
        shell.spawn().unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
}

/// Starts itself twice in a session of its own, and so on, a hundred and some in all: what is not ended must not take the
/// machine with it.
fn multiply(generations: u32) {
    for _ in 0..if generations == 0 { 0 } else { 2 } {
        let mut other = Command::new("setsid");
        other.arg(std::env::current_exe().unwrap()).args(["multiply", &(generations - 1).to_string()]);
        let _ = other.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
    std::thread::sleep(Duration::from_secs(60));
}

fn sleep() {
    std::thread::sleep(Duration::from_secs(600));
}

/// Misbehaves before a fit is answered. Whether that is all there is to it.
fn misbehaves_in_fit(fault: &str, input: &mut StdinLock) -> bool {
    match fault {
        "exits" => {
            eprintln!("cannot find my glasses");
            std::process::exit(3)
        }
        "crashes" => std::process::abort(),
        "hangs" => sleep(),
        "leaves" => leave_behind(&std::env::var("OUTSIDER_SECONDS").unwrap()),
        "leaves and hangs" => {
            leave_behind(&std::env::var("OUTSIDER_SECONDS").unwrap());
            sleep();
        }
        "multiplies" => multiply(6),
        "says no" => {
            answer(&Answer { error: Some("I would rather not".to_owned()), ..Answer::default() }, b"");
            return true;
        }
        "prints" => println!("hello, world"),
        "floods" => loop {
            if std::io::stdout().write_all(&[b'x'; 1 << 16]).is_err() {
                std::process::exit(0);
            }
        },
        "talks" => loop {
            if std::io::stderr().write_all(&[b'x'; 1 << 16]).is_err() {
                std::process::exit(0);
            }
        },
        "promises" => {
            answer(&Answer { bytes: 1 << 40, ..good() }, b"");
            return true;
        }
        "waits to be told" => {
            let told = request(input).map(|(request, _)| request.call);
            std::fs::write(std::env::var("OUTSIDER_MARK").unwrap(), format!("{told:?}")).unwrap();
            sleep();
        }
        "tells" => {
            for done in 0..3 {
                eprintln!(
                    "{}",
                    serde_json::to_string(&Event { progress: (done, 3), note: "on it".to_owned() }).unwrap()
                );
            }
        }
        _ => {}
    }
    false
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, generations] = &arguments[..]
        && what == "multiply"
    {
        return multiply(generations.parse().unwrap());
    }
    let mut input = std::io::stdin().lock();
    let (mut means, mut fault): (Vec<Option<Array1<f32>>>, String) = (Vec::new(), String::new());
    while let Some((request, bytes)) = request(&mut input) {
        let read = columns(&request, &bytes);
        if request.call == "fit" {
            fault = request.params.get("fault").map(ToString::to_string).unwrap_or_default();
            if misbehaves_in_fit(&fault, &mut input) {
                continue;
            }
            let of_class = |class: usize| {
                let rows =
                    (0..request.train).filter(|&row| read.labels[row] == class as i64).collect::<Vec<_>>();
                read.table.select(Axis(0), &rows).mean_axis(Axis(0))
            };
            means = (0..request.classes.len()).map(of_class).collect();
            answer(&Answer { peak_bytes: 1 << 30, ..good() }, b"");
            continue;
        }
        let mut scores =
            Array2::from_shape_fn((request.rows, means.len()), |(row, class)| match &means[class] {
                Some(mean) => -(&read.table.row(row) - mean).mapv(|d| d * d).sum(),
                None => f32::MIN,
            });
        match fault.as_str() {
            "nan" => scores[[0, 0]] = f32::NAN,
            "wide" => scores = Array2::zeros((request.rows, means.len() + 1)),
            "short" => scores = Array2::zeros((request.rows - 1, means.len())),
            "exits later" => std::process::exit(4),
            "garbles" => {
                answer(&Answer { bytes: 64, ..good() }, &[7; 64]);
                continue;
            }
            _ => {}
        }
        scored(&scores);
    }
}
