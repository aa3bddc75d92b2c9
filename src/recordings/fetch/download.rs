//! A download that goes on where it was: after a cut connection, and in the next run of the program.

use super::FetchObserver;
use super::part::{Part, Seen};
use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response, StatusCode, header};
use ureq::{Agent, Body};

/// Attempts in a row that bring nothing new before the download is given up.
const ATTEMPTS: u32 = 5;
/// Pause after the first of them; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Why an attempt did not bring the file.
enum Failure {
    /// It may go better the next time.
    Passing(String),
    /// It will not.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Brings what is at `url` to the file at `path`, going on with what is there of it already.
///
/// Bytes of two versions of the file are never mixed: a server is asked for the rest only together with
/// the ETag or the date of what is there (RFC 9110, If-Range), and otherwise for the whole.
///
/// # Errors
///
/// An address that cannot be used, a status like 404, more than `most` bytes, a full disk, or a connection
/// that brings nothing in several attempts, each at most `patience` without a byte. What came is kept.
pub fn download(
    url: &str,
    path: &Path,
    most: u64,
    patience: Duration,
    observer: &dyn FetchObserver,
) -> Result<()> {
    let agent = agent(patience);
    let mut part = Part::open(path, url)?;
    if part.is_complete() {
        let folder = path.parent().unwrap_or(path).display();
        observer.say(&format!("using the archive downloaded before; delete {folder} to download it anew"));
        return Ok(());
    }
    if part.len() > 0 {
        observer.say(&format!("going on with the {} bytes downloaded before", part.len()));
    }
    let (mut furthest, mut failures) = (part.len(), 0);
    loop {
        let reason = match attempt(&agent, url, &mut part, most, observer) {
            Ok(()) => return Ok(()),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing(reason)) => reason,
        };
        // Beyond the furthest so far, and not only forward: a server that can only start anew and always
        // fails at the same place brings nothing.
        failures = if part.len() > furthest { 1 } else { failures + 1 };
        furthest = furthest.max(part.len());
        if failures == ATTEMPTS {
            let hint = "check the network; the same command goes on where the download was";
            return Err(Error::new(url, format!("{reason} ({ATTEMPTS} attempts)"), hint));
        }
        let pause = FIRST_PAUSE * 2_u32.pow(failures - 1);
        observer.say(&format!("{reason}; trying again in {:.1} s", pause.as_secs_f64()));
        sleep(pause, observer)?;
    }
}

fn agent(patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("genre-bench/", env!("CARGO_PKG_VERSION")))
        // Bytes as they are stored: a packed transfer could not be gone on with.
        .accept_encoding("identity")
        .timeout_resolve(Some(patience))
        .timeout_connect(Some(patience))
        .timeout_recv_response(Some(patience))
        .timeout_per_read(Some(patience));
    config.build().new_agent()
}

/// Asks once for what is missing of `part`.
fn attempt(
    agent: &Agent,
    url: &str,
    part: &mut Part,
    most: u64,
    observer: &dyn FetchObserver,
) -> std::result::Result<(), Failure> {
    let mut request = agent.get(url);
    let validator = part.validator();
    match &validator {
        Some(validator) => {
            request = request
                .header(header::RANGE, format!("bytes={}-", part.len()))
                .header(header::IF_RANGE, validator);
        }
        None => part.restart(Seen::default())?,
    }
    let response = request.call().map_err(|e| failure(url, &e))?;
    let seen = Seen::of(response.headers());
    match response.status() {
        StatusCode::OK => part.restart(seen)?,
        StatusCode::PARTIAL_CONTENT if validator.is_some() => {
            let (start, total) = content_range(response.headers());
            if start != Some(part.len()) || !part.is_of(&seen, total) {
                part.restart(Seen::default())?;
                return Err(Failure::Passing("the file has changed on the server, starting anew".into()));
            }
            part.note_total(total)?;
        }
        StatusCode::RANGE_NOT_SATISFIABLE if validator.is_some() => {
            if content_range(response.headers()).1 == Some(part.len()) {
                return Ok(part.complete()?);
            }
            part.restart(Seen::default())?;
            return Err(Failure::Passing("the file has changed on the server, starting anew".into()));
        }
        status => return Err(refused(url, status)),
    }
    if part.total().is_some_and(|total| total > most) {
        return Err(too_large(url, most).into());
    }
    observer.bytes(part.len());
    observer.length(part.total());
    receive(url, response, part, most, observer)
}

/// Appends the body of `response` to `part`.
fn receive(
    url: &str,
    response: Response<Body>,
    part: &mut Part,
    most: u64,
    observer: &dyn FetchObserver,
) -> std::result::Result<(), Failure> {
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        observer.bytes(part.len());
        if observer.cancelled() {
            return Err(stopped(url).into());
        }
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(bytes) => part.append(&buffer[..bytes])?,
            Err(e) => return Err(Failure::Passing(format!("the connection broke: {e}"))),
        }
        if part.len() > most {
            return Err(too_large(url, most).into());
        }
    }
    match part.total() {
        Some(total) if part.len() != total => {
            Err(Failure::Passing(format!("the connection ended after {} of {total} bytes", part.len())))
        }
        _ => Ok(part.complete()?),
    }
}

/// First byte and total of a `Content-Range: bytes 7-9/10` or `bytes */10`.
fn content_range(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let text = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (range, total) = text.trim_start_matches("bytes").trim().split_once('/').unwrap_or_default();
    (range.split('-').next().and_then(|start| start.parse().ok()), total.parse().ok())
}

fn failure(url: &str, error: &ureq::Error) -> Failure {
    use ureq::Error as E;
    match error {
        // A certificate that is not good now will not be good in a second.
        E::Io(e) if e.kind() == std::io::ErrorKind::InvalidData => Failure::Final(Error::new(
            url,
            format!("there is no safe connection: {e}"),
            "check the address, or download it with a browser and give the file: --from FILE",
        )),
        E::Io(_) | E::Timeout(_) | E::ConnectionFailed | E::Protocol(_) => {
            Failure::Passing(format!("the server cannot be reached: {error}"))
        }
        _ => Failure::Final(Error::new(url, format!("cannot be downloaded: {error}"), "check the address")),
    }
}

fn refused(url: &str, status: StatusCode) -> Failure {
    let reason = format!("the server answers {status}");
    let hint = match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => return Failure::Passing(reason),
        _ if status.is_server_error() => return Failure::Passing(reason),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "download it with a browser where you are logged in, then give the file: --from FILE"
        }
        _ => "check the address",
    };
    Failure::Final(Error::new(url, reason, hint))
}

fn too_large(url: &str, most: u64) -> Error {
    let reason = format!("is larger than the {most} bytes that are allowed");
    Error::new(url, reason, "if you trust it, raise all limits with --max-gb")
}

fn stopped(url: &str) -> Error {
    Error::new(url, "was being downloaded when the program was stopped", "the same command goes on")
}

/// Sleeps, but not through a Ctrl-C.
fn sleep(pause: Duration, observer: &dyn FetchObserver) -> Result<()> {
    let end = Instant::now() + pause;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        if observer.cancelled() {
            return Err(stopped("the download"));
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
    Ok(())
}
