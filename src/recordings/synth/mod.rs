//! Music that the program makes up, so that `bench all` has something to run on without any data.
//!
//! Ten styles are named after GTZAN's genres and sound a little like them. Each has several artists with a taste of
//! their own — tempo, keys, instruments, drum kit, studio — and each artist several recordings. What is drawn for
//! an artist is shared by their recordings, and what is drawn for a recording by its segments, as in real
//! collections: so splits that tear recordings or artists apart score too high here too.
//!
//! # What is promised
//!
//! The samples of a seed are the same to the bit in every run, at any number of threads and on every machine:
//! all randomness comes from [`random_stream`]s of a recording's or an artist's own, and [`sound`] uses only
//! arithmetic that IEEE 754 fixes. Features computed from them may differ in the last digits between processors,
//! as those of any recording. The music may change from one version of the program to the next.
//!
//! ```text
//! style ──► artist ──► song ───► mix ───────────► 16 bits
//! a table   a taste    harmony   instrument, drums
//!                                in sound's arithmetic
//! ```

mod artist;
mod drums;
mod harmony;
mod instrument;
mod mix;
mod song;
mod sound;
mod style;
#[cfg(test)]
mod tests;
mod write;

pub use write::write;

#[cfg(doc)]
use crate::audio::RATE;
use artist::Artist;
use genre_bench_api::random_stream;
use sha2::{Digest, Sha256};
use song::Song;

/// Artists of a genre.
const ARTISTS: usize = 10;
/// Recordings of an artist.
const RECORDINGS: usize = 2;
/// Samples of a recording: as many as most of GTZAN's have, a little over 30 s.
pub const SAMPLES: usize = 661_794;
/// Which music it is: a hash over recordings of every genre. A test compares it with what is played, so music that changed
/// has another edition, and nothing that was computed of the old one is taken for it.
const EDITION: &str = "0deb3d04343d2bc6f649e16b6650d9a79f2ed58bff3f0b28f7b8410879c63352";

/// One recording of the corpus, not yet made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntheticRecording {
    seed: u64,
    genre: usize,
    /// Number within its genre.
    number: usize,
}

/// All recordings of the corpus with this seed, by name.
pub fn recordings(seed: u64) -> Vec<SyntheticRecording> {
    let of_genre =
        |genre| (0..ARTISTS * RECORDINGS).map(move |number| SyntheticRecording { seed, genre, number });
    (0..style::STYLES.len()).flat_map(of_genre).collect()
}

impl SyntheticRecording {
    /// Its genre.
    pub fn genre(&self) -> &'static str {
        style::STYLES[self.genre].name
    }

    /// Its name, as GTZAN names tracks: `blues.00000`.
    pub fn name(&self) -> String {
        format!("{}.{:05}", self.genre(), self.number)
    }

    /// Number of its artist, who plays no other genre.
    pub fn artist(&self) -> usize {
        self.genre * ARTISTS + self.number / RECORDINGS
    }

    /// What stands for its samples where features are kept: a SHA-256 that no other recording has.
    pub fn content(&self) -> [u8; 32] {
        Sha256::digest(format!("built-in music {EDITION}, seed {}, {}", self.seed, self.name())).into()
    }

    /// Plays it: [`SAMPLES`] samples of 16 bits, one channel, [`RATE`] a second.
    pub fn samples(&self) -> Vec<i16> {
        let artist = Artist::new(self.seed, self.genre, self.number / RECORDINGS);
        let rng = &mut random_stream(self.seed, &format!("corpus/recording/{}", self.name()));
        let sound = artist.sound.vary(rng);
        let song = Song::compose(&artist, SAMPLES, rng);
        let samples = mix::record(&song, &artist, &sound, SAMPLES, rng);
        samples.into_iter().map(|x| (x * 32_000.0) as i16).collect()
    }
}
