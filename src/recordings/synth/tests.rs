#![allow(clippy::unwrap_used, reason = "test code")]

use super::harmony::Chord;
use super::sound::{SAMPLE_RATE, exp2, sine};
use super::{ARTISTS, EDITION, RECORDINGS, SAMPLES, SyntheticRecording, recordings, style};
use crate::util::{hex, in_order};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

fn hash(recording: &SyntheticRecording) -> String {
    hex(&Sha256::digest(recording.samples().iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()))
}

/// The first recording of each genre.
fn firsts() -> Vec<SyntheticRecording> {
    recordings(0).into_iter().step_by(ARTISTS * RECORDINGS).collect()
}

/// What `of` makes of recordings, in their order.
fn all_of<T: Send>(
    recordings: &[SyntheticRecording],
    of: impl Fn(&SyntheticRecording) -> T + Sync,
) -> Vec<T> {
    let mut results = Vec::new();
    let ended = in_order(
        recordings,
        8,
        || (),
        |(), recording| of(recording),
        |_, result| {
            results.push(result);
            Ok::<(), ()>(())
        },
    );
    ended.unwrap();
    results
}

#[test]
fn samples_are_the_same_at_any_number_of_threads() {
    let hashes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| all_of(&firsts(), hash))
    };
    assert_eq!(hashes(1), hashes(3));
}

/// Written down once, and true on every machine. A change of the music changes it, on purpose.
#[test]
fn samples_are_those_of_this_version() {
    let all: String = firsts().iter().map(hash).collect();
    assert_eq!(hex(&Sha256::digest(all)), EDITION);
}

#[test]
fn every_recording_sounds_without_clipping_and_is_unlike_the_others() {
    let all = recordings(0);
    let check = |recording: &SyntheticRecording| {
        let (samples, name) = (recording.samples(), recording.name());
        assert_eq!(samples.len(), SAMPLES, "{name}");
        let clipped = samples.iter().filter(|s| s.unsigned_abs() > 32_700).count();
        assert_eq!(clipped, 0, "{name}");
        // In every tenth part, so that no segment is silent.
        for part in samples.chunks_exact(SAMPLES / 10) {
            let peak = part.iter().map(|s| s.unsigned_abs()).max();
            assert!(peak > Some(300), "{name} has a silent part: peak {peak:?}");
        }
        hash(recording)
    };
    let hashes: BTreeSet<String> = all_of(&all, check).into_iter().collect();
    assert_eq!(hashes.len(), all.len());
}

#[test]
fn another_seed_is_other_music() {
    let of_seed = |seed| hash(&recordings(seed)[0]);
    assert_ne!(of_seed(0), of_seed(1));
}

#[test]
fn names_genres_and_artists_are_in_order_and_balanced() {
    let all = recordings(0);
    assert!(all.is_sorted_by_key(SyntheticRecording::name));
    let mut of_genre = BTreeMap::<_, usize>::new();
    let mut of_artist = BTreeMap::<_, usize>::new();
    for recording in &all {
        assert!(recording.name().starts_with(recording.genre()));
        *of_genre.entry(recording.genre()).or_default() += 1;
        *of_artist.entry((recording.artist(), recording.genre())).or_default() += 1;
    }
    assert_eq!(of_genre.len(), 10);
    assert!(of_genre.values().all(|&count| count == ARTISTS * RECORDINGS));
    assert_eq!(of_artist.len(), 10 * ARTISTS);
    assert!(of_artist.values().all(|&count| count == RECORDINGS));
}

/// What the table of styles says is read only when it is drawn; here all of it is.
#[test]
fn the_table_of_styles_can_be_played() {
    for style in &style::STYLES {
        let mut patterns: Vec<&str> = style.beats.iter().flat_map(|beat| beat.iter().map(|b| b.1)).collect();
        assert!(patterns.iter().all(|p| p.chars().all(|c| "Xxo.".contains(c))), "{}", style.name);
        let chords: Vec<Chord> =
            style.progressions.iter().flat_map(|p| p.split(' ')).map(Chord::parse).collect();
        for part in [&style.bass, &style.chords, &style.lead] {
            patterns.extend(part.patterns);
            for letter in part.patterns.iter().flat_map(|p| p.chars()).filter(|c| !".-~".contains(*c)) {
                assert!(chords.iter().all(|chord| !chord.tones(letter).is_empty()));
            }
        }
        for pattern in patterns {
            assert_eq!(pattern.len() % 16, 0, "{}: `{pattern}` is not of whole bars", style.name);
        }
    }
}

#[test]
fn chords_are_what_their_numerals_say() {
    assert_eq!(Chord::parse("V7").tones('x'), [7, 11, 14, 17]);
    assert_eq!(Chord::parse("ii").tones('x'), [2, 5, 9, 14]);
    assert_eq!(Chord::parse("bVIM7").tones('7'), [8 + 11]);
    assert_eq!(Chord::parse("bII").tones('p'), [1, 8, 13]);
}

#[test]
fn the_arithmetic_is_close_to_the_real_functions() {
    for i in -1_000..1_000 {
        let x = i as f32 / 100.0;
        assert!((exp2(x) / x.exp2() - 1.0).abs() < 1e-5, "2^{x}");
        let turns = i as f32 / 2_000.0;
        assert!((sine(turns) - (std::f32::consts::TAU * turns).sin()).abs() < 2e-3, "{turns} turns");
    }
    assert_eq!(SAMPLE_RATE, 22_050.0);
}
