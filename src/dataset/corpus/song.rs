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
    silent: [bool; 1 + PLAYERS],
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
        let bars = length / clock.at(STEPS) + 1;
        for bar in 0..bars {
            let section = &sections[form[bar / BARS % form.len()]];
            let chord = chords[bar % chords.len()];
            song.drum(section, bar, &clock, artist.looseness, rng);
            for player in 0..PLAYERS {
                if section.silent[1 + player] {
                    continue;
                }
                let part = [&style.bass, &style.chords, &style.lead][player];
                let base = part.lowest + (key - part.lowest).rem_euclid(12);
                let pattern = section.patterns[player].as_bytes();
                let mut melody = section.tune[bar % 2 * STEPS..].iter();
                for step in 0..STEPS {
                    let letter = char::from(pattern[(bar * STEPS + step) % pattern.len()]);
                    if matches!(letter, '.' | '-') {
                        continue;
                    }
                    let tones = match letter {
                        '~' => {
                            let degree = melody.next().copied().unwrap_or_default();
                            let octave = degree.div_euclid(scale.len() as i32);
                            vec![12 * octave + scale[degree.rem_euclid(scale.len() as i32) as usize]]
                        }
                        letter => chord.tones(letter),
                    };
                    let on = |s: usize| pattern.get((bar * STEPS + s) % pattern.len()) == Some(&b'-');
                    let end = (step + 1..STEPS).take_while(|&s| on(s)).last().unwrap_or(step) + 1;
                    let start = clock.at(bar * STEPS + step);
                    let held = clock.at(bar * STEPS + end) - start;
                    let start = loose(start, artist.looseness, rng);
                    let level = section.level * rng.between((0.75, 1.0));
                    song.notes[player].extend(tones.into_iter().map(|tone| {
                        let pitch = (base + tone) as f32;
                        Note { start, held, pitch, level }
                    }));
                }
            }
        }
        song
    }

    fn drum(&mut self, section: &Section, bar: usize, clock: &Clock, looseness: f32, rng: &mut impl Draw) {
        if section.silent[0] {
            return;
        }
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
            silent: [0.06, 0.04, 0.06, 0.25].map(|probability| rng.chance(probability)),
            tune,
            level: rng.between((0.7, 1.0)),
        }
    }
}

/// A moment that a player hits a little early or late.
fn loose(sample: usize, looseness: f32, rng: &mut impl Draw) -> usize {
    sample.saturating_add_signed((looseness * SAMPLE_RATE * rng.bell()) as isize)
}
