use super::pipes::{self, Moved};
use super::{Process, descendants};
use crate::arrow::Stream;
use crate::protocol::{Answer, Event, Request};
use genre_bench_api::{Error, Observer, Result};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Between two counts of processes.
const COUNT: Duration = Duration::from_millis(100);
/// After the user asked to stop, until a process is ended.
const GRACE: Duration = Duration::from_millis(500);
/// Of the line of an answer.
const MOST_LINE: usize = 1 << 20;
/// Read at once.
const BLOCK: usize = 1 << 16;

/// A request, and what of an answer is accepted.
pub(crate) struct Ask<'a> {
    /// The line, whose [`Request::bytes`] are those of the stream.
    pub request: Request,
    /// What goes behind it.
    pub stream: Option<Stream<'a>>,
    /// Most bytes behind the line of the answer.
    pub most: u64,
    /// After which time a process that has not answered is ended.
    pub timeout: Duration,
    /// Who is told of progress, and knows whether to stop.
    pub observer: &'a dyn Observer,
}

/// What is left to be written of a request.
struct Outgoing<'a> {
    block: Vec<u8>,
    written: usize,
    stream: Option<Stream<'a>>,
}

impl Outgoing<'_> {
    /// Nothing at the end alone.
    fn rest(&self) -> &[u8] {
        &self.block[self.written..]
    }

    fn advance(&mut self, count: usize) {
        self.written += count;
        while self.written == self.block.len()
            && let Some(stream) = &mut self.stream
        {
            self.written = 0;
            if !stream.next_block(&mut self.block) {
                self.stream = None;
            }
        }
    }
}

/// What has come of an answer.
#[derive(Default)]
struct Incoming {
    /// The line, or the start of it.
    line: Vec<u8>,
    answer: Option<(Answer, Vec<u8>)>,
    rest: Vec<u8>,
}

impl Process {
    /// Asks, and waits for the answer: its line, as it is and as far as it is understood, and the bytes behind it.
    ///
    /// # Errors
    ///
    /// The process ended, said that it cannot, said something that is no answer, too much, or nothing in time; it became
    /// too many; or the user wants to stop. It is not to be asked again then.
    pub fn ask(&mut self, ask: Ask) -> Result<(Answer, Vec<u8>, Vec<u8>)> {
        if !self.sound {
            return Err(Error::failed("the process was ended after an error"));
        }
        self.sound = false;
        let (answer, line, bytes) = self.exchange(ask)?;
        if let Some(error) = &answer.error {
            // It goes on, but is not asked any more.
            let said: String = error.chars().take(2000).collect();
            return Err(Error::failed(said));
        }
        if !answer.ok {
            return Err(Error::failed("the process gave an answer that is neither `ok` nor an `error`"));
        }
        self.sound = true;
        Ok((answer, line, bytes))
    }

    fn exchange(&mut self, ask: Ask) -> Result<(Answer, Vec<u8>, Vec<u8>)> {
        let (start, mut counted) = (Instant::now(), Instant::now());
        let mut cancelled: Option<Instant> = None;
        let mut outgoing = Outgoing { block: ask.request.line(), written: 0, stream: ask.stream };
        let mut incoming = Incoming::default();
        loop {
            let is_writing = !outgoing.rest().is_empty() && self.to.is_some();
            self.wait(is_writing);
            self.listen(ask.observer);
            if is_writing && let Some(to) = &mut self.to {
                match pipes::write(to, outgoing.rest()) {
                    Moved::Bytes(count) => outgoing.advance(count),
                    Moved::Nothing => {}
                    // It reads no more: it has ended, or says why.
                    Moved::End => self.to = None,
                }
            }
            let is_open = self.read(&mut incoming, ask.most)?;
            if incoming.is_whole() {
                return self.whole(incoming, !outgoing.rest().is_empty());
            }
            if !is_open {
                return Err(self.obituary());
            }
            if self.talk.is_flood() {
                return Err(Error::failed("the process wrote more than 64 MiB to standard error"));
            }
            if start.elapsed() > ask.timeout {
                let seconds = ask.timeout.as_secs_f64();
                let call = &ask.request.call;
                let words = self.last_words();
                let reason = format!(
                    "no answer to `{call}` within {seconds} s ({} sets another time){words}",
                    crate::TIMEOUT
                );
                return Err(Error::failed(reason));
            }
            match cancelled {
                Some(since) if since.elapsed() > GRACE => return Err(Error::Cancelled),
                None if ask.observer.cancelled() => {
                    cancelled = Some(Instant::now());
                    if let (Some(to), true) = (&mut self.to, outgoing.rest().is_empty()) {
                        pipes::write(to, &Request::new("cancel").line());
                    }
                }
                _ => {}
            }
            if counted.elapsed() > COUNT {
                counted = Instant::now();
                if descendants::are_more_than(self.most_processes, self.guard.id()) {
                    let reason = format!("the process started more than {} others", self.most_processes);
                    return Err(Error::failed(reason));
                }
            }
        }
    }

    fn wait(&self, is_writing: bool) {
        let reading = [Some(self.from.as_fd()), self.talk.pipe()];
        let reading: Vec<_> = reading.into_iter().flatten().collect();
        let writing = self.to.as_ref().filter(|_| is_writing);
        pipes::wait(&reading, writing.map(AsFd::as_fd), LOOK);
    }

    fn listen(&mut self, observer: &dyn Observer) {
        let tell = |event: Event| {
            let (done, total) = event.progress;
            let note: String = event.note.chars().take(100).filter(|c| !c.is_control()).collect();
            observer.progress(done as usize, total as usize, &note);
        };
        self.talk.listen(Some(&tell));
    }

    /// Reads what is there of an answer. Whether more may come.
    fn read(&mut self, incoming: &mut Incoming, most: u64) -> Result<bool> {
        let mut block = [0; BLOCK];
        // A flood must not keep anybody from looking at the time.
        for _ in 0..64 {
            if incoming.is_whole() {
                return Ok(true);
            }
            match pipes::read(&mut self.from, &mut block) {
                Moved::Bytes(count) => incoming.add(&block[..count], most)?,
                Moved::Nothing => return Ok(true),
                Moved::End => return Ok(false),
            }
        }
        Ok(true)
    }

    fn whole(&mut self, incoming: Incoming, is_unread: bool) -> Result<(Answer, Vec<u8>, Vec<u8>)> {
        let Some((answer, bytes)) = incoming.answer else {
            return Err(Error::failed("the process gave no answer"));
        };
        if answer.error.is_none() && is_unread {
            return Err(Error::failed("the process answered before it had read the request"));
        }
        if !incoming.rest.is_empty() {
            return Err(Error::failed(unasked(&incoming.rest)));
        }
        Ok((answer, incoming.line, bytes))
    }
}

/// That something was said that is no answer.
fn unasked(bytes: &[u8]) -> String {
    let start: String = String::from_utf8_lossy(&bytes[..bytes.len().min(80)])
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let hint = "only answers may go there; print to standard error";
    format!("the process wrote `{}` to standard output: {hint}", start.trim())
}

impl Incoming {
    fn is_whole(&self) -> bool {
        self.answer.as_ref().is_some_and(|(answer, bytes)| bytes.len() as u64 == answer.bytes)
    }

    /// Takes what was read.
    fn add(&mut self, mut read: &[u8], most: u64) -> Result<()> {
        if self.answer.is_none() {
            let end = read.iter().position(|byte| *byte == b'\n');
            let (line, rest) = end.map_or((read, &[][..]), |end| (&read[..end], &read[end + 1..]));
            self.line.extend(line);
            if self.line.len() > MOST_LINE {
                let reason = "the process wrote more than 1 MiB to standard output that is no answer";
                return Err(Error::failed(format!("{reason}: {}", unasked(&self.line))));
            }
            if end.is_none() {
                return Ok(());
            }
            read = rest;
            let answer = serde_json::from_slice::<Answer>(&self.line);
            let answer = answer.map_err(|_| Error::failed(unasked(&self.line)))?;
            if answer.bytes > most {
                let reason =
                    format!("the process answered with {} bytes, where at most {most}", answer.bytes);
                return Err(Error::failed(format!("{reason} are expected")));
            }
            self.answer = Some((answer, Vec::new()));
        }
        if let Some((answer, bytes)) = &mut self.answer {
            let left = usize::try_from(answer.bytes).unwrap_or(usize::MAX) - bytes.len();
            let (own, rest) = read.split_at(read.len().min(left));
            bytes.extend(own);
            self.rest.extend(rest);
        }
        Ok(())
    }
}
