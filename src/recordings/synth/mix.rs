//! From a score to a recording: every player on a track of their own, then amplifier, room and tape.

use super::artist::{Artist, Sound};
use super::drums::Drum;
use super::song::Song;
use super::sound::{Draw, LowPass, decibels, saturate};

/// Plays and records a song.
pub fn record(song: &Song, artist: &Artist, sound: &Sound, length: usize, rng: &mut impl Draw) -> Vec<f32> {
    let mut dry = vec![0.0; length];
    let mut wet = vec![0.0; length];
    let mut track = vec![0.0; length];
    let [pitch, ring] = artist.kit;
    for &(drum, start, level) in &song.strokes {
        let drum = Drum { pitch: drum.pitch * pitch, ring: drum.ring * ring, hiss: drum.hiss * ring, ..drum };
        drum.strike(start, level, &mut track, rng);
    }
    mix(&mut track, decibels(sound.balance[0]), 0.5, &mut dry, &mut wet);
    for ((notes, tone), (&db, send)) in
        song.notes.iter().zip(&artist.tones).zip(sound.balance[1..].iter().zip([0.1, 0.8, 1.0]))
    {
        for &note in notes {
            tone.play(note, &mut track, rng);
        }
        amplify(&mut track, tone.drive);
        mix(&mut track, decibels(db), send, &mut dry, &mut wet);
    }
    reverberate(&mut wet, sound.size);
    for (dry, wet) in dry.iter_mut().zip(&wet) {
        *dry += sound.room * wet;
    }
    master(&mut dry, sound, rng);
    dry
}

/// An overdriven amplifier and its loudspeaker, which has little above 4 kHz.
fn amplify(track: &mut [f32], drive: f32) {
    let gain = drive / root_mean_square(track).max(1e-6);
    if drive > 0.0 {
        let mut speaker = [LowPass::new(4_000.0); 2];
        for x in track {
            *x = speaker.iter_mut().fold(saturate(gain * *x), |x, pole| pole.next(x));
        }
    }
}

/// Adds a track at a loudness to what is heard directly and to what the room answers to, and clears it.
fn mix(track: &mut [f32], level: f32, send: f32, dry: &mut [f32], wet: &mut [f32]) {
    let gain = level / root_mean_square(track).max(1e-6);
    for ((x, dry), wet) in track.iter_mut().zip(dry).zip(wet) {
        *dry += gain * *x;
        *wet += send * gain * *x;
        *x = 0.0;
    }
}

/// Four echoes that feed themselves and grow dull, side by side, then two that spread what comes
/// (Schroeder, 1962).
fn reverberate(track: &mut [f32], size: f32) {
    let line = |samples: f32| vec![0.0; (samples * size) as usize + 1];
    let mut combs = [779.0, 871.0, 957.0, 1_033.0].map(|n| Echo { line: line(n), at: 0 });
    let mut passes = [278.0, 221.0].map(|n| Echo { line: line(n), at: 0 });
    let mut dull = [LowPass::new(3_000.0); 4];
    for x in track {
        let mut sum = 0.0;
        for (comb, dull) in combs.iter_mut().zip(&mut dull) {
            let echo = comb.oldest();
            sum += echo;
            comb.push(*x + 0.82 * dull.next(echo));
        }
        *x = passes.iter_mut().fold(0.25 * sum, |x, pass| {
            let echo = pass.oldest();
            pass.push(x + 0.5 * echo);
            echo - 0.5 * x
        });
    }
}

/// A delay line.
struct Echo {
    line: Vec<f32>,
    at: usize,
}

impl Echo {
    fn oldest(&self) -> f32 {
        self.line[self.at]
    }

    /// Puts a sample in the place of the oldest.
    fn push(&mut self, sample: f32) {
        self.line[self.at] = sample;
        self.at = if self.at + 1 == self.line.len() { 0 } else { self.at + 1 };
    }
}

/// Tone control, tape and a limiter.
fn master(track: &mut [f32], sound: &Sound, rng: &mut impl Draw) {
    let (low, high) = (decibels(-sound.tilt / 2.0), decibels(sound.tilt / 2.0));
    let mut divide = LowPass::new(800.0);
    let mut tape = [LowPass::new(sound.top); 2];
    for x in track.iter_mut() {
        let below = divide.next(*x);
        let toned = low * below + high * (*x - below);
        *x = tape.iter_mut().fold(toned, |x, pole| pole.next(x));
    }
    let gain = decibels(sound.loudness) / root_mean_square(track).max(1e-6);
    let hiss = decibels(sound.loudness + sound.hiss);
    for x in track {
        *x = saturate(gain * *x) + hiss * rng.between((-1.7, 1.7));
    }
}

/// Samples whose squares are summed up one after the other.
const CHUNK: usize = 4_096;

/// The sums of squares of eight chunks at a time: each waits for itself alone, and in every one of them the order is kept,
/// which the bits of a sum depend on.
fn root_mean_square(track: &[f32]) -> f32 {
    let mut groups = track.chunks_exact(8 * CHUNK);
    let mut squares = 0.0;
    for group in &mut groups {
        let mut sums = [0.0_f32; 8];
        for n in 0..CHUNK {
            for (chunk, sum) in sums.iter_mut().enumerate() {
                let x = group[chunk * CHUNK + n];
                *sum += x * x;
            }
        }
        squares = sums.into_iter().fold(squares, |all, sum| all + sum);
    }
    let rest = groups.remainder().chunks(CHUNK).map(|chunk| chunk.iter().map(|x| x * x).sum::<f32>());
    let squares = rest.fold(squares, |all, sum| all + sum);
    (squares / track.len() as f32).sqrt()
}
