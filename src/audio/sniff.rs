use std::ffi::OsStr;
use std::path::Path;

/// A kind of audio file, as told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// RIFF/WAVE.
    Wav,
    /// Sun/NeXT AU.
    Au,
    /// Native FLAC.
    Flac,
    /// MPEG audio layer III, bare or after an ID3 tag.
    Mp3,
    /// Ogg, with Vorbis (or FLAC) inside.
    Ogg,
    /// MPEG-4, with AAC inside.
    Mp4,
    /// Bare AAC in ADTS frames.
    Adts,
}

impl Container {
    /// The name as a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Au => "AU",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Ogg => "Ogg",
            Self::Mp4 => "MP4",
            Self::Adts => "AAC",
        }
    }

    /// File extensions under which this container usually goes, lower case.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Wav => &["wav", "wave"],
            Self::Au => &["au", "snd"],
            Self::Flac => &["flac"],
            Self::Mp3 => &["mp3"],
            Self::Ogg => &["ogg", "oga"],
            Self::Mp4 => &["m4a", "mp4", "m4b"],
            Self::Adts => &["aac"],
        }
    }

    /// Every container that can be read.
    pub const ALL: [Self; 7] = [Self::Wav, Self::Au, Self::Flac, Self::Mp3, Self::Ogg, Self::Mp4, Self::Adts];

    /// Whether some container here usually goes under the extension of `path`.
    pub fn known_extension(path: &Path) -> bool {
        extension(path).is_some_and(|e| Self::ALL.iter().any(|c| c.extensions().contains(&e.as_str())))
    }

    /// Whether the extension of `path` belongs to another container. A file without an extension
    /// claims nothing.
    pub(crate) fn contradicts(self, path: &Path) -> bool {
        extension(path).is_some_and(|e| !self.extensions().contains(&e.as_str()))
    }

    /// The container that begins with `head`, the first bytes of a file.
    pub(super) fn sniff(head: &[u8]) -> Option<Self> {
        // An ID3v2 tag may stand before MP3, AAC and even FLAC; what follows it decides.
        if head.starts_with(b"ID3") {
            let size = head.get(6..10)?.iter().fold(0, |n, &b| n << 7 | usize::from(b & 0x7f));
            return match head.get(10 + size..) {
                Some(rest) if rest.len() >= 4 && !rest.starts_with(b"ID3") => {
                    Self::sniff(rest).or(Some(Self::Mp3))
                }
                _ => Some(Self::Mp3),
            };
        }
        match head {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some(Self::Wav),
            [b'.', b's', b'n', b'd', ..] => Some(Self::Au),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            // MPEG frames start with 11 ones. The next bits tell the layer: 00 in AAC, 01 in MP3.
            [0xff, b, ..] if b & 0xf6 == 0xf0 => Some(Self::Adts),
            [0xff, b, c, ..] if b & 0xe6 == 0xe2 && b & 0x18 != 0x08 && c & 0xf0 != 0xf0 => Some(Self::Mp3),
            _ => None,
        }
    }
}

fn extension(path: &Path) -> Option<String> {
    path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase)
}
