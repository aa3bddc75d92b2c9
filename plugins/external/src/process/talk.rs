use super::pipes::{self, Moved};
use crate::protocol::Event;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ChildStderr;

/// What of a line is kept.
const LINE_BYTES: usize = 4096;
/// Lines that are kept for the case that it ends, and what of them is told.
const LINES: usize = 40;
const TOLD_LINES: usize = 3;
const TOLD_CHARACTERS: usize = 600;
/// What it may say in all: more is a flood.
const MOST_BYTES: u64 = 64 << 20;

/// What a process says on standard error: lines for people, of which the last are kept, and progress.
pub(super) struct Talk {
    pipe: File,
    is_open: bool,
    line: Vec<u8>,
    lines: Vec<String>,
    bytes: u64,
}

impl Talk {
    pub fn new(pipe: ChildStderr) -> io::Result<Self> {
        pipes::prepare(&pipe)?;
        let pipe = pipes::file(pipe);
        Ok(Self { pipe, is_open: true, line: Vec::new(), lines: Vec::new(), bytes: 0 })
    }

    /// The pipe, as long as something may come.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.is_open.then(|| self.pipe.as_fd())
    }

    /// Whether it said more than anybody reads.
    pub fn is_flood(&self) -> bool {
        self.bytes > MOST_BYTES
    }

    /// Reads what was said, and tells `on_event` of progress.
    pub fn listen(&mut self, on_event: Option<&dyn Fn(Event)>) {
        let mut block = [0; 1 << 14];
        // A flood must not keep anybody from looking at the time.
        for _ in 0..64 {
            match pipes::read(&mut self.pipe, &mut block) {
                Moved::Bytes(count) => {
                    self.bytes += count as u64;
                    block[..count].iter().for_each(|&byte| self.add(byte, on_event));
                }
                Moved::Nothing => return,
                Moved::End => {
                    self.is_open = false;
                    self.end_line(on_event);
                    return;
                }
            }
        }
    }

    fn add(&mut self, byte: u8, on_event: Option<&dyn Fn(Event)>) {
        match byte {
            // Bars of progress return to the start of their line.
            b'\n' | b'\r' => self.end_line(on_event),
            _ if self.line.len() < LINE_BYTES => self.line.push(byte),
            _ => {}
        }
    }

    fn end_line(&mut self, on_event: Option<&dyn Fn(Event)>) {
        let line = std::mem::take(&mut self.line);
        if line.starts_with(b"{")
            && let Ok(event) = serde_json::from_slice::<Event>(&line)
        {
            on_event.into_iter().for_each(|tell| tell(event.clone()));
            return;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !line.trim().is_empty() {
            if self.lines.len() == LINES {
                self.lines.remove(0);
            }
            self.lines.push(line);
        }
    }

    /// The last lines, one behind the other.
    pub fn last_words(&self) -> String {
        let last = &self.lines[self.lines.len().saturating_sub(TOLD_LINES)..];
        let words = last.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" / ");
        let skipped = words.chars().count().saturating_sub(TOLD_CHARACTERS);
        words.chars().skip(skipped).filter(|c| !c.is_control()).collect()
    }
}
