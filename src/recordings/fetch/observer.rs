/// One thing after the other that takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchStage {
    /// Bytes from a server.
    Download,
    /// The checksum of the archive.
    Check,
    /// From the archive to files.
    Unpack,
}

/// Who is told how far it is, and who says when to stop.
pub trait FetchObserver {
    /// A stage begins.
    fn stage(&self, _stage: FetchStage) {}
    /// The bytes that the stage has to do with, if known.
    fn length(&self, _bytes: Option<u64>) {}
    /// The bytes of them that are done.
    fn bytes(&self, _done: u64) {}
    /// Something the user may want to know.
    fn say(&self, _text: &str) {}
    /// Whether to stop.
    fn cancelled(&self) -> bool {
        false
    }
}
