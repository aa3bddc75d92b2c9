//! A stream: what its last segment sounds like, once a second.

use super::Args;
use super::shown::{bars, line, object};
use crate::audio::resample::Resampler;
use crate::audio::{RATE, wav};
use crate::cli::progress::stopped;
use crate::cli::{Status, print, tell, write};
use crate::error::{Error, Result};
use crate::experiment::predict::{Predicted, Predictor};
use crate::recordings::find;
use crate::util::write_whole;
use console::Term;
use genre_bench_api::Silent;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Chunks that wait at most: what comes faster is read when there is time for it.
const WAITING: usize = 64;
/// How long a silent stream is waited for before Ctrl-C is looked for.
const LISTEN: Duration = Duration::from_millis(200);

/// Reads 16-bit little-endian samples of one channel from standard input until it ends, and says after each second of them what
/// the last segment sounds like. Where that takes longer than a second, seconds are passed over.
pub(super) fn run(predictor: &Predictor, args: &Args, rate: u32) -> Result<u8> {
    let about = predictor.about();
    let seconds = about.fitted_to.dataset.seconds.unwrap_or(crate::dataset::audio::DEFAULT_SECONDS);
    let length = (seconds * RATE) as usize;
    let folder =
        tempfile::tempdir().map_err(|e| Error::new("the temporary folder", e, "make room, or set TMPDIR"))?;
    let path = folder.path().join("live.wav");
    let (sender, receiver) = sync_channel(WAITING);
    // It ends with the stream; the program does not wait for it.
    std::thread::Builder::new()
        .spawn(move || read(std::io::stdin().lock(), rate, &sender))
        .map_err(|e| Error::new("a thread", e, "end other programs"))?;
    if !args.quiet {
        tell(format!("listening; the first answer after {seconds} s"));
    }
    let mut heard = Heard::new(rate, length);
    let term = Term::stdout();
    let mut lines = 0;
    while let Some(second) = heard.next(&receiver, stopped) {
        write_whole(&path, &wav::file(&heard.samples, RATE))
            .map_err(|e| Error::new("the temporary folder", e, "make room, or set TMPDIR"))?;
        let said = predictor.predict(&find(std::slice::from_ref(&path))?, &Silent)?.pop();
        let said: std::result::Result<Predicted, String> = match said {
            Some((_, said)) => {
                said.map_err(|reason| reason.replace(&path.display().to_string(), "the stream"))
            }
            None => continue,
        };
        if args.ndjson {
            let mut object = match &said {
                Ok(said) => object(about, Path::new("-"), said),
                Err(reason) => serde_json::json!({ "file": "-", "error": reason }),
            };
            object["second"] = second.into();
            write(line(&object).as_bytes())?;
            continue;
        }
        let text = match &said {
            Ok(said) => bars(about, said, args.top.into()),
            Err(reason) => format!("  {reason}\n"),
        };
        // On a terminal the answer stays where it is; elsewhere all of them are kept.
        if term.is_term() {
            let _ = term.clear_last_lines(lines);
        }
        let text = format!("{}:{:02}\n{text}", second / 60, second % 60);
        lines = text.lines().count();
        print(text)?;
    }
    if stopped() {
        return Ok(Status::INTERRUPTED);
    }
    if heard.samples.len() < length {
        let reason = format!("ended before there were {seconds} s, the length of a segment");
        return Err(Error::new("standard input", reason, "without --live it is read as a file"));
    }
    Ok(Status::DONE)
}

/// Sends samples on as they come, until there are no more or nobody listens.
fn read(mut from: impl Read, rate: u32, to: &SyncSender<Vec<f32>>) {
    // A tenth of a second.
    let mut bytes = vec![0; 2 * (rate as usize / 10).max(1)];
    let mut filled = 0;
    loop {
        match from.read(&mut bytes[filled..]) {
            Ok(0) => return,
            Ok(count) => filled += count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => (),
            Err(_) => return,
        }
        let whole = filled / 2 * 2;
        let (samples, _) = bytes[..whole].as_chunks::<2>();
        let samples = samples.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0).collect();
        if to.send(samples).is_err() {
            return;
        }
        bytes.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// The last samples of a stream at [`RATE`].
struct Heard {
    resampler: Resampler,
    /// At most so many.
    length: usize,
    samples: Vec<f32>,
    /// Samples that came in all, and when the next answer is due.
    all: usize,
    due: usize,
}

impl Heard {
    fn new(rate: u32, length: usize) -> Self {
        Self { resampler: Resampler::new(rate, RATE), length, samples: Vec::new(), all: 0, due: length }
    }

    /// Waits until an answer is due, takes what has come by then, and returns the second it is at; `None` at the end, or where it
    /// is to stop.
    fn next(&mut self, from: &Receiver<Vec<f32>>, stopped: impl Fn() -> bool) -> Option<usize> {
        while self.all < self.due {
            match from.recv_timeout(LISTEN) {
                _ if stopped() => return None,
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout) => (),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        // What came while the last answer was computed.
        while let Ok(chunk) = from.try_recv() {
            self.take(&chunk);
        }
        let second = self.all / RATE as usize;
        self.due = (second + 1) * RATE as usize;
        Some(second)
    }

    fn take(&mut self, chunk: &[f32]) {
        let before = self.samples.len();
        self.resampler.push(chunk, &mut self.samples);
        self.all += self.samples.len() - before;
        let over = self.samples.len().saturating_sub(self.length);
        self.samples.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn the_last_segment_of_a_stream_is_kept_and_answers_are_due_once_a_second() {
        let rate = RATE as usize;
        let sent: Vec<i16> = (0..4 * rate + 100).map(|i| (i % 30_000) as i16).collect();
        let bytes: Vec<u8> = sent.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let (sender, receiver) = sync_channel(1);
        let reader = std::thread::spawn(move || read(&bytes[..], RATE, &sender));
        let mut heard = Heard::new(RATE, 2 * rate);
        let mut seconds = Vec::new();
        while let Some(second) = heard.next(&receiver, || false) {
            seconds.push(second);
            assert_eq!(heard.samples.len(), 2 * rate);
            let last = f32::from(sent[heard.all - 1]) / 32_768.0;
            assert_eq!(heard.samples.last(), Some(&last));
        }
        reader.join().unwrap();
        assert!(seconds.windows(2).all(|pair| pair[0] < pair[1]), "{seconds:?}");
        assert_eq!((seconds[0], seconds.last()), (2, Some(&4)));
    }
}
