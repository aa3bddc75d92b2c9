//! An artist: a style, and the taste that all of the artist's recordings share.

use super::drums::Drum;
use super::instrument::Tone;
use super::sound::Draw;
use super::style::{Part, STYLES, Style};
use genre_bench_api::random_stream;

/// Parts of a mix that are played on pitches: bass, chords, lead.
pub const PLAYERS: usize = 3;

/// What an artist keeps from recording to recording.
pub struct Artist {
    pub style: &'static Style,
    /// Beats a minute.
    pub tempo: f32,
    pub swing: f32,
    /// Semitones above C of the two keys the artist likes.
    pub keys: [i32; 2],
    /// Two progressions and two ways to drum.
    pub progressions: [&'static str; 2],
    pub beats: [&'static [(Drum, &'static str)]; 2],
    /// Instruments of bass, chords and lead.
    pub tones: [Tone; PLAYERS],
    /// Factors on the drums' pitch and on how long they ring.
    pub kit: [f32; 2],
    /// How far notes come early or late, in seconds.
    pub looseness: f32,
    pub sound: Sound,
}

/// How a recording is mixed.
#[derive(Debug, Clone, Copy)]
pub struct Sound {
    /// Loudness of drums, bass, chords and lead in dB.
    pub balance: [f32; 1 + PLAYERS],
    /// Level of the reverberation.
    pub room: f32,
    /// Size of the room, 1 for a hall.
    pub size: f32,
    /// How much louder the treble is than the bass, in dB.
    pub tilt: f32,
    /// Where the treble ends, in Hz.
    pub top: f32,
    /// Level of the tape's hiss in dB below the music.
    pub hiss: f32,
    /// Loudness of the whole in dB below full scale.
    pub loudness: f32,
}

impl Artist {
    /// Artist `number` of the genre `genre`.
    pub fn new(seed: u64, genre: usize, number: usize) -> Self {
        let style = &STYLES[genre];
        let rng = &mut random_stream(seed, &format!("corpus/artist/{}/{number}", style.name));
        let mut tone = |part: &Part| {
            let tone = *rng.pick(part.tones);
            Tone {
                bright: tone.bright * (1.0 + 0.08 * rng.bell()).clamp(0.7, 1.3),
                half_life: tone.half_life * rng.between((0.7, 1.4)),
                drive: tone.drive * rng.between((0.6, 1.6)),
                ..tone
            }
        };
        let tones = [tone(&style.bass), tone(&style.chords), tone(&style.lead)];
        Self {
            style,
            tempo: rng.between(style.tempo),
            swing: rng.between(style.swing),
            keys: [(); 2].map(|()| rng.between((0.0, 12.0)) as i32),
            progressions: [(); 2].map(|()| *rng.pick(style.progressions)),
            beats: [(); 2].map(|()| *rng.pick(style.beats)),
            tones,
            kit: [rng.between((0.85, 1.2)), rng.between((0.7, 1.4))],
            looseness: rng.between((0.001, 0.010)),
            sound: Sound {
                balance: style.balance.map(|db| db + 0.7 * rng.bell()),
                room: rng.between(style.room),
                size: rng.between((0.4, 1.0)),
                tilt: rng.between(style.tilt),
                top: rng.between((6_500.0, 10_500.0)),
                hiss: rng.between((-64.0, -46.0)),
                loudness: rng.between(style.loudness),
            },
        }
    }
}

impl Sound {
    /// The same studio on another day.
    pub fn vary(self, rng: &mut impl Draw) -> Self {
        Self {
            balance: self.balance.map(|db| db + 0.5 * rng.bell()),
            room: self.room * rng.between((0.8, 1.25)),
            tilt: self.tilt + 0.5 * rng.bell(),
            top: self.top * rng.between((0.92, 1.08)),
            hiss: self.hiss + 1.5 * rng.bell(),
            loudness: self.loudness + 0.5 * rng.bell(),
            ..self
        }
    }
}
