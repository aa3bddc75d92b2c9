//! Instruments: a few generators, and a table of what they are told.

use super::sound::{Draw, LowPass, Phase, SAMPLE_RATE, exp2, fade, hertz, sine};

/// How a note's raw sound is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Waveform {
    /// A plucked string: noise going round a delay line that dulls it (Karplus and Strong, 1983).
    Pluck,
    /// Two sawtooth oscillators a little apart.
    Saw,
    /// A square wave.
    Square,
    /// A sine whose phase another sine shakes (Chowning, 1973), at this multiple of its frequency.
    Fm(f32),
}

/// An instrument.
#[derive(Debug, Clone, Copy)]
pub struct Tone {
    pub waveform: Waveform,
    /// Of a pluck and of FM 0 (dull) to 1 (bright); of the others the low-pass corner in octaves above the note.
    pub bright: f32,
    /// Seconds to full level.
    pub attack: f32,
    /// Seconds in which a held note falls to half.
    pub half_life: f32,
    /// Seconds in which a note that was let go falls to half.
    pub release: f32,
    /// Depth of the vibrato as a share of the frequency.
    pub vibrato: f32,
    /// Gain before an amplifier that saturates; 0 goes past the amplifier.
    pub drive: f32,
}

const fn tone(waveform: Waveform, bright: f32, envelope: [f32; 3], vibrato: f32, drive: f32) -> Tone {
    let [attack, half_life, release] = envelope;
    Tone { waveform, bright, attack, half_life, release, vibrato, drive }
}

use Waveform::{Fm, Pluck, Saw, Square};

pub const UPRIGHT_BASS: Tone = tone(Pluck, 0.15, [0.004, 0.4, 0.04], 0.0, 0.0);
pub const PICKED_BASS: Tone = tone(Pluck, 0.4, [0.001, 0.7, 0.02], 0.0, 1.0);
pub const SYNTH_BASS: Tone = tone(Saw, 2.0, [0.002, 0.25, 0.02], 0.0, 0.0);
pub const SUB_BASS: Tone = tone(Fm(1.0), 0.1, [0.01, 0.8, 0.05], 0.0, 0.6);
pub const ACOUSTIC: Tone = tone(Pluck, 0.7, [0.001, 0.5, 0.06], 0.0, 0.0);
pub const CLEAN: Tone = tone(Pluck, 0.5, [0.001, 0.6, 0.02], 0.0, 0.5);
pub const BANJO: Tone = tone(Pluck, 1.0, [0.001, 0.12, 0.05], 0.0, 0.0);
pub const STEEL: Tone = tone(Pluck, 0.6, [0.03, 1.2, 0.1], 0.006, 0.5);
pub const HARPSICHORD: Tone = tone(Pluck, 0.95, [0.001, 0.35, 0.03], 0.0, 0.0);
pub const CRUNCH: Tone = tone(Pluck, 0.6, [0.001, 1.5, 0.03], 0.002, 6.0);
pub const DISTORTED: Tone = tone(Pluck, 0.7, [0.001, 2.5, 0.02], 0.002, 25.0);
pub const PIANO: Tone = tone(Saw, 2.6, [0.002, 0.35, 0.06], 0.0, 0.0);
pub const E_PIANO: Tone = tone(Fm(1.0), 0.45, [0.003, 0.6, 0.06], 0.0, 0.3);
pub const ORGAN: Tone = tone(Fm(2.0), 0.5, [0.01, 9.0, 0.02], 0.003, 0.7);
pub const STRINGS: Tone = tone(Saw, 2.2, [0.12, 9.0, 0.12], 0.004, 0.0);
pub const VIOLIN: Tone = tone(Saw, 2.5, [0.06, 5.0, 0.06], 0.007, 0.0);
pub const BRASS: Tone = tone(Saw, 2.8, [0.03, 1.5, 0.03], 0.003, 0.0);
pub const SAX: Tone = tone(Square, 2.4, [0.03, 2.0, 0.04], 0.006, 0.8);
pub const FLUTE: Tone = tone(Fm(1.0), 0.12, [0.06, 6.0, 0.05], 0.006, 0.0);
pub const VIBES: Tone = tone(Fm(4.0), 0.2, [0.002, 0.7, 0.2], 0.002, 0.0);
pub const BELL: Tone = tone(Fm(3.5), 0.35, [0.001, 0.35, 0.15], 0.0, 0.0);
pub const LEAD: Tone = tone(Square, 3.0, [0.005, 1.0, 0.04], 0.004, 0.0);
pub const PAD: Tone = tone(Saw, 1.6, [0.25, 9.0, 0.25], 0.003, 0.0);
pub const STAB: Tone = tone(Saw, 3.2, [0.002, 0.15, 0.03], 0.0, 0.0);

/// A note to be played.
#[derive(Debug, Clone, Copy)]
pub struct Note {
    /// First sample.
    pub start: usize,
    /// Samples until it is let go.
    pub held: usize,
    /// MIDI note number.
    pub pitch: f32,
    /// Amplitude.
    pub level: f32,
}

impl Tone {
    /// Adds a note to `bus`, which ends where the recording ends.
    pub fn play(&self, note: Note, bus: &mut [f32], rng: &mut impl Draw) {
        let Some(bus) = bus.get_mut(note.start..) else { return };
        // Nothing is left to hear after eight half-lives, −48 dB.
        let length = (note.held + (8.0 * self.release * SAMPLE_RATE) as usize).min(bus.len());
        let bus = &mut bus[..length];
        let hz = hertz(note.pitch).min(SAMPLE_RATE / 4.0);
        let envelope = Envelope::new(self, note);
        let (mut at, mut other) = (Phase::new(hz), Phase::new(hz * 1.004));
        let mut sway = Phase::new(rng.between((4.5, 6.0)));
        let mut bend = || {
            sway.advance(1.0);
            1.0 + self.vibrato * sine(sway.turns())
        };
        match self.waveform {
            Pluck => {
                let mut string = PluckedString::new(hz, self, rng);
                envelope.shape(bus, |_| string.next());
            }
            Saw => self.filtered(hz, envelope, bus, || {
                let bend = bend();
                at.advance(bend);
                other.advance(bend);
                at.saw() + other.saw()
            }),
            Square => self.filtered(hz, envelope, bus, || {
                at.advance(bend());
                at.saw() - at.opposite().saw()
            }),
            Fm(ratio) => {
                let mut shaker = Phase::new(hz * ratio);
                let index = self.bright * 0.6;
                envelope.shape(bus, |level| {
                    let bend = bend();
                    at.advance(bend);
                    shaker.advance(bend);
                    let turns = at.turns() + index * level * sine(shaker.turns());
                    sine(turns - (turns + 0.5).floor())
                });
            }
        }
    }

    /// A bright wave through a low-pass of two poles that opens and closes with the envelope.
    fn filtered(&self, hz: f32, envelope: Envelope, bus: &mut [f32], mut wave: impl FnMut() -> f32) {
        let open = LowPass::new((hz * exp2(self.bright)).min(10_000.0)).share;
        let (mut first, mut second) = (LowPass::default(), LowPass::default());
        envelope.shape(bus, |level| {
            let share = open * (0.4 + 0.6 * level);
            (first.share, second.share) = (share, share);
            second.next(first.next(wave()))
        });
    }
}

/// Level of a note over time: a straight attack, then two exponential decays.
struct Envelope {
    rise: f32,
    held: usize,
    sustain: f32,
    release: f32,
    level: f32,
}

impl Envelope {
    fn new(tone: &Tone, note: Note) -> Self {
        let rise = 1.0 / (tone.attack * SAMPLE_RATE).max(1.0);
        Self {
            rise,
            held: note.held,
            sustain: fade(tone.half_life),
            release: fade(tone.release),
            level: note.level,
        }
    }

    /// Adds `sound` at this level; it is told the level on a scale from 0 to 1.
    fn shape(&self, bus: &mut [f32], mut sound: impl FnMut(f32) -> f32) {
        let (mut attack, mut decay) = (0.0_f32, 1.0_f32);
        for (n, out) in bus.iter_mut().enumerate() {
            attack = (attack + self.rise).min(1.0);
            decay *= if n < self.held { self.sustain } else { self.release };
            *out += self.level * attack * decay * sound(attack * decay);
        }
    }
}

/// A delay line of one period whose content is averaged a little on every round.
struct PluckedString {
    line: Vec<f32>,
    at: usize,
    /// What part of a sample the period is longer than the line.
    part: f32,
    before: f32,
    dulled: f32,
}

impl PluckedString {
    fn new(hz: f32, tone: &Tone, rng: &mut impl Draw) -> Self {
        // The average over two samples delays by another half.
        let period = SAMPLE_RATE / hz - 0.5;
        let mut pick = LowPass { share: 0.08 + 0.9 * tone.bright * tone.bright, ..LowPass::default() };
        let line: Vec<f32> = (0..period as usize).map(|_| pick.next(rng.between((-1.0, 1.0)))).collect();
        let mean = line.iter().sum::<f32>() / line.len() as f32;
        let line = line.iter().map(|x| x - mean).collect();
        Self { line, at: 0, part: period - period.floor(), before: 0.0, dulled: 0.0 }
    }

    fn next(&mut self) -> f32 {
        let here = self.line[self.at];
        let between = here + self.part * (self.before - here);
        self.before = here;
        let out = 0.5 * (between + self.dulled);
        self.dulled = between;
        self.line[self.at] = 0.9995 * out;
        self.at = if self.at + 1 == self.line.len() { 0 } else { self.at + 1 };
        out
    }
}
