//! A song: who plays what and when.

use super::artist::{Artist, PLAYERS};
use super::drums::Drum;
use super::harmony::Chord;
use super::instrument::Note;
use super::sound::{Draw, SAMPLE_RATE};
use super::style::Part;

/// Sixteenths of a bar.
const STEPS: usize = 16;
/// Bars of a section.
const BARS: usize = 4;

/// The score of one recording.
#[derive(Default)]
pub struct Song {
    /// What is struck, at which sample and how hard.
    pub strokes: Vec<(Drum, usize, f32)>,
    /// Notes of bass, chords and lead.
    pub notes: [Vec<Note>; PLAYERS],
}

/// What a section of a song plays; it comes back whenever its letter does.
struct Section {
    beat: &'static [(Drum, &'static str)],
    patterns: [&'static str; PLAYERS],
    /// Who is silent, so that the others are heard: 0 the drums, then bass, chords, lead.
    rests: Option<usize>,
    /// Two bars of melody, in steps of the scale.
    tune: Vec<i32>,
    level: f32,
}

/// When a sixteenth sounds.
struct Clock {
    /// Samples a sixteenth.
    step: f32,
    swing: f32,
    swung: usize,
}

impl Clock {
    /// The sample at which `step` begins: every second swung note comes late.
    fn at(&self, step: usize) -> usize {
        let (pair, within) = (step / (2 * self.swung), step % (2 * self.swung));
        let (length, late) = (self.swung as f32, 2.0 * self.swing);
        let moved = if within < self.swung {
            within as f32 * late
        } else {
            length * late + (within as f32 - length) * (2.0 - late)
        };
        (self.step * (pair as f32 * 2.0 * length + moved)) as usize
    }
}

impl Song {
    /// A song by `artist` of at least `length` samples.
    pub fn compose(artist: &Artist, length: usize, rng: &mut impl Draw) -> Self {
        let style = artist.style;
        let beat = 60.0 / (artist.tempo * (1.0 + 0.04 * rng.bell())) * SAMPLE_RATE;
        let clock = Clock { step: beat / 4.0, swing: artist.swing, swung: style.swung };
        let key = *rng.pick(&artist.keys);
        let progression = *rng.pick(&artist.progressions);
        let chords: Vec<Chord> = progression.split(' ').map(Chord::parse).collect();
        let scale = style.scales[usize::from(chords[0].third == 3)];
        let sections = [(); 2].map(|()| Section::new(artist, rng));
        let form = *rng.pick(&[[0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0]]);

        let mut song = Self::default();
        for bar in 0..=length / clock.at(STEPS) {
            let section = &sections[form[bar / BARS % form.len()]];
            let chord = chords[bar % chords.len()];
            if section.rests != Some(0) {
                song.drum(section, bar, &clock, artist.looseness, rng);
            }
            for (player, part) in [&style.bass, &style.chords, &style.lead].into_iter().enumerate() {
                let key_note = part.lowest + (key - part.lowest).rem_euclid(12);
                for (step, steps, semitones) in section.bar_of(player, bar, chord, scale) {
                    let start = clock.at(bar * STEPS + step);
                    let held = clock.at(bar * STEPS + step + steps) - start;
                    let start = loose(start, artist.looseness, rng);
                    let level = section.level * rng.between((0.75, 1.0));
                    song.notes[player].extend(semitones.into_iter().map(|above| {
                        let pitch = (key_note + above) as f32;
                        Note { start, held, pitch, level }
                    }));
                }
            }
        }
        song
    }

    fn drum(&mut self, section: &Section, bar: usize, clock: &Clock, looseness: f32, rng: &mut impl Draw) {
        for &(drum, pattern) in section.beat {
            for step in bar * STEPS..(bar + 1) * STEPS {
                let level = match pattern.as_bytes()[step % pattern.len()] {
                    b'X' => 1.0,
                    b'x' => 0.7,
                    b'o' => 0.35,
                    _ => continue,
                };
                let level = section.level * level * rng.between((0.8, 1.0));
                self.strokes.push((drum, loose(clock.at(step), looseness, rng), level));
            }
        }
    }
}

impl Section {
    fn new(artist: &Artist, rng: &mut impl Draw) -> Self {
        let style = artist.style;
        let mut pattern = |part: &Part| *rng.pick(part.patterns);
        let patterns = [pattern(&style.bass), pattern(&style.chords), pattern(&style.lead)];
        let mut degree = 2;
        let tune = (0..2 * STEPS).map(|_| {
            // Small steps are likelier than leaps, and the ends of an octave and a half are walls.
            degree = (degree + rng.pick(&[-3, -2, -1, -1, 0, 1, 1, 2, 3])).clamp(-2, 9);
            degree
        });
        let tune = tune.collect();
        Self {
            beat: *rng.pick(&artist.beats),
            patterns,
            rests: *rng.pick(&[None, None, None, None, None, Some(0), Some(1), Some(2), Some(3), Some(3)]),
            tune,
            level: rng.between((0.7, 1.0)),
        }
    }

    /// What a player plays in a bar: from which step on, for how many steps, how far above the key note.
    fn bar_of(
        &self,
        player: usize,
        bar: usize,
        chord: Chord,
        scale: &[i32],
    ) -> Vec<(usize, usize, Vec<i32>)> {
        let pattern = self.patterns[player].as_bytes();
        let letters: Vec<u8> = (0..STEPS).map(|step| pattern[(bar * STEPS + step) % pattern.len()]).collect();
        let mut tune = self.tune[bar % 2 * STEPS..].iter();
        let mut notes = Vec::new();
        for (step, &letter) in letters.iter().enumerate() {
            let semitones = match letter {
                _ if self.rests == Some(1 + player) => continue,
                b'.' | b'-' => continue,
                b'~' => tune.next().map(|&degree| above_key(degree, scale)).into_iter().collect(),
                letter => chord.tones(char::from(letter)),
            };
            let steps = 1 + letters[step + 1..].iter().take_while(|&&letter| letter == b'-').count();
            notes.push((step, steps, semitones));
        }
        notes
    }
}

/// Semitones of a step of a scale above the key note; scales go on below and above their octave.
fn above_key(degree: i32, scale: &[i32]) -> i32 {
    let notes = scale.len() as i32;
    12 * degree.div_euclid(notes) + scale[degree.rem_euclid(notes) as usize]
}

/// A moment that a player hits a little early or late.
fn loose(sample: usize, looseness: f32, rng: &mut impl Draw) -> usize {
    sample.saturating_add_signed((looseness * SAMPLE_RATE * rng.bell()) as isize)
}
