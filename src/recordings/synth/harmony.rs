//! Chords, as Roman numerals name them.

/// A chord above a key note, in semitones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    pub root: i32,
    /// Above the root: 3 minor, 4 major.
    pub third: i32,
    /// Above the root: 10, or 11 in a major-seventh chord.
    pub seventh: i32,
    /// Whether the seventh sounds when the whole chord is played.
    pub with_seventh: bool,
}

impl Chord {
    /// Reads a numeral such as `I`, `vi`, `bVII`, `ii7` or `IM7`: degrees of the major scale, lowered by `b`,
    /// minor in lower case.
    pub fn parse(text: &str) -> Self {
        let degree = text.trim_start_matches('b').trim_end_matches(['7', 'M']);
        let natural = match degree.to_ascii_lowercase().as_str() {
            "i" => 0,
            "ii" => 2,
            "iii" => 4,
            "iv" => 5,
            "v" => 7,
            "vi" => 9,
            "vii" => 11,
            _ => unreachable!("`{text}` in the table of styles is no chord"),
        };
        Self {
            root: natural - i32::from(text.starts_with('b')),
            third: if degree.starts_with(char::is_lowercase) { 3 } else { 4 },
            seventh: if text.ends_with("M7") { 11 } else { 10 },
            with_seventh: text.ends_with('7'),
        }
    }

    /// The pitches that a letter of a pattern stands for, in semitones above the key note.
    pub fn tones(&self, letter: char) -> Vec<i32> {
        let tones = match letter {
            '1' => vec![0],
            '3' => vec![self.third],
            '5' => vec![7],
            '6' => vec![9],
            '7' => vec![self.seventh],
            '8' => vec![12],
            '0' => vec![12 + self.third],
            'p' => vec![0, 7, 12],
            'x' if self.with_seventh => vec![0, self.third, 7, self.seventh],
            'x' => vec![0, self.third, 7, 12],
            _ => unreachable!("`{letter}` in the table of styles is no tone"),
        };
        tones.into_iter().map(|tone| self.root + tone).collect()
    }
}
