//! Whole audits of folders of synthetic recordings.

use super::signals::{chords, noise, scaled, tone};
use super::*;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A WAV file of 16-bit samples.
fn wav(samples: &[f32], rate: u32, channels: u16) -> Vec<u8> {
    let bytes = 2 * samples.len() as u32 * u32::from(channels);
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * 2 * u32::from(channels)).to_le_bytes());
    file.extend((2 * channels).to_le_bytes());
    file.extend(b"\x10\0data");
    file.extend(bytes.to_le_bytes());
    for sample in samples {
        let value = (sample * 32_767.0).round().clamp(-32_768.0, 32_767.0) as i16;
        (0..channels).for_each(|_| file.extend(value.to_le_bytes()));
    }
    file
}

/// GenreCounts steps; may cancel after so many of them.
#[derive(Default)]
struct Counter {
    steps: AtomicUsize,
    done: AtomicUsize,
    cancel: AtomicBool,
}

impl AuditObserver for Counter {
    fn begin(&self, _: &'static str, steps: usize) {
        self.steps.fetch_add(steps, Ordering::Relaxed);
    }
    fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Audits files of this name and content.
fn audited(files: &[(&str, Vec<u8>)]) -> AuditReport {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let counter = Counter::default();
    let report = audit(folder.path(), &Limits::default(), &counter).unwrap().unwrap();
    assert_eq!(counter.steps.into_inner(), counter.done.into_inner());
    report
}

/// Audits recordings at 22,050 Hz, mono.
fn heard(recordings: &[(&str, &[f32])]) -> AuditReport {
    let files: Vec<_> = recordings.iter().map(|(name, samples)| (*name, wav(samples, RATE, 1))).collect();
    audited(&files)
}

/// The one link of the one group of two recordings.
fn link(a: &[f32], b: &[f32]) -> DuplicateLink {
    let report = heard(&[("jazz/a.wav", a), ("jazz/b.wav", b), ("jazz/c.wav", &chords(99, 8.0))]);
    assert_eq!(report.duplicates.len(), 1, "{:?}", report.duplicates);
    assert_eq!(report.duplicates[0].links.len(), 1);
    assert!(!report.duplicates[0].mislabelled);
    report.duplicates[0].links[0].clone()
}

/// Length of so many samples, as it stands in reports.
fn seconds(samples: usize) -> f64 {
    rounded(samples as f64 / f64::from(RATE))
}

fn with_noise(music: &[f32], decibels: f32) -> Vec<f32> {
    let rms = (music.iter().map(|x| x * x).sum::<f32>() / music.len() as f32).sqrt();
    let scale = rms * 10f32.powf(-decibels / 20.0);
    music.iter().zip(noise(7, 60.0)).map(|(x, n)| x + scale * n).collect()
}

#[test]
fn an_equal_copy_is_exact() {
    let music = chords(1, 8.0);
    let found = link(&music, &music);
    assert_eq!((found.kind, found.similarity, found.offset_seconds), (Sameness::Exact, 1.0, 0.0));
}

#[test]
fn a_softer_copy_is_found_with_its_level() {
    let music = chords(1, 8.0);
    let found = link(&music, &scaled(&music, 0.5));
    assert_eq!((found.kind, found.offset_seconds), (Sameness::Level, 0.0));
    assert!((found.gain_db + 6.02).abs() < 0.01, "{found:?}");
}

#[test]
fn a_cut_is_found_with_its_offset() {
    let music = chords(1, 16.0);
    for start in [8_159, 110_250, 220_501] {
        let found = link(&music, &scaled(&music[start..], 0.8));
        assert_eq!((found.kind, found.offset_seconds), (Sameness::Offset, seconds(start)));
        assert_eq!(found.overlap_seconds, seconds(music.len() - start));
    }
}

#[test]
fn overlapping_cuts_are_found() {
    let music = chords(1, 16.0);
    let found = link(&music[150_000..], &music[..250_000]);
    assert_eq!(found.offset_seconds, -seconds(150_000));
    assert_eq!(found.overlap_seconds, seconds(100_000));
}

#[test]
fn a_noisy_shifted_softer_copy_is_re_encoded() {
    let music = chords(1, 10.0);
    let found = link(&music, &with_noise(&scaled(&music[30_000..], 0.5), 20.0));
    assert_eq!((found.kind, found.offset_seconds), (Sameness::ReEncoded, seconds(30_000)));
    assert!((found.gain_db + 6.02).abs() < 0.1, "{found:?}");
}

#[test]
fn copies_of_copies_are_one_group_and_two_genres_a_wrong_label() {
    let music = chords(1, 12.0);
    let (early, late) = (&music[..150_000], &music[100_000..]);
    let report = heard(&[
        ("blues/early.wav", early),
        ("blues/other.wav", &chords(2, 8.0)),
        ("jazz/late.wav", late),
        ("jazz/late.again.wav", late),
        ("rock/whole.wav", &music),
    ]);
    assert_eq!(report.duplicates.len(), 1, "{:?}", report.duplicates);
    let group = &report.duplicates[0];
    assert!(group.mislabelled);
    assert_eq!(group.kind, Sameness::Offset);
    assert_eq!(group.links.len(), 3);
    let members: Vec<&str> = group.members.iter().map(|m| m.file.as_str()).collect();
    assert_eq!(members, ["blues/early.wav", "jazz/late.again.wav", "jazz/late.wav", "rock/whole.wav"]);
    assert_eq!(report.genres["jazz"], GenreCounts { files: 2, duplicates: 2, ..report.genres["jazz"] });
    assert_eq!(report.genres["blues"].duplicates, 1);
}

#[test]
fn different_sounds_are_no_duplicates() {
    let bar = chords(5, 2.0);
    let loops: Vec<f32> = (0..5).flat_map(|_| bar.iter().copied()).collect();
    // The same notes in another order.
    let in_order = |parts: [u64; 8]| parts.iter().flat_map(|part| chords(10 + part, 1.0)).collect::<Vec<_>>();
    let parts = in_order([0, 1, 2, 3, 4, 5, 6, 7]);
    let turned = in_order([2, 1, 0, 5, 4, 3, 7, 6]);
    let report = heard(&[
        ("a/tone.wav", &tone(440.0, 8.0)),
        ("a/tone2.wav", &tone(452.0, 8.0)),
        ("a/noise.wav", &scaled(&noise(1, 8.0), 0.1)),
        ("a/noise2.wav", &scaled(&noise(2, 8.0), 0.1)),
        ("a/chords.wav", &chords(1, 8.0)),
        ("a/chords2.wav", &chords(2, 8.0)),
        ("a/loop.wav", &loops),
        ("a/parts.wav", &parts),
        ("a/turned.wav", &turned),
    ]);
    assert_eq!(report.duplicates, []);
    assert_eq!(report.faults, []);
}

#[test]
fn what_cannot_be_used_is_a_fault_with_its_reason() {
    let report = audited(&[
        ("a/fine.wav", wav(&chords(1, 4.0), RATE, 1)),
        ("a/silent.wav", wav(&[0.0; 44_100], RATE, 1)),
        ("b/empty.wav", Vec::new()),
        ("b/text.mp3", b"this is no music at all".to_vec()),
        ("b/cut.wav", wav(&chords(1, 4.0), RATE, 1)[..40_000].to_vec()),
    ]);
    let faults: Vec<_> = report.faults.iter().map(|f| (f.place.file.as_str(), f.kind.as_str())).collect();
    let expected = [
        ("a/silent.wav", "silent"),
        ("b/cut.wav", "truncated"),
        ("b/empty.wav", "empty"),
        ("b/text.mp3", "not-audio"),
    ];
    assert_eq!(faults, expected);
    assert!(report.faults.iter().all(|f| !f.reason.is_empty()));
    assert_eq!(report.recordings.len(), 1);
    assert_eq!(report.genres["b"], GenreCounts { files: 3, faults: 3, duplicates: 0, hints: 0 });
    assert_eq!(report.tracks().collect::<BTreeSet<_>>(), ["cut", "empty", "fine", "silent", "text"].into());
}

#[test]
fn oddities_are_hints() {
    let clipped: Vec<f32> = chords(1, 8.0).iter().map(|x| (4.0 * x).clamp(-0.3, 0.3)).collect();
    let mut gap = chords(2, 8.0);
    gap[40_000..100_000].fill(0.0);
    let report = audited(&[
        ("a/clipped.wav", wav(&clipped, RATE, 1)),
        ("a/fine.wav", wav(&chords(3, 8.0), RATE, 1)),
        ("a/gap.wav", wav(&gap, RATE, 1)),
        ("a/long.wav", wav(&chords(4, 16.0), RATE, 1)),
        ("a/named.mp3", wav(&chords(5, 8.0), RATE, 1)),
        ("a/rate.wav", wav(&chords(6, 16.0), 44_100, 1)),
        ("a/stereo.wav", wav(&chords(7, 8.0), RATE, 2)),
    ]);
    let hints: Vec<_> = report.hints.iter().map(|h| (h.kind, h.place.file.as_str())).collect();
    let expected = [
        (HintTopic::Clipping, "a/clipped.wav"),
        (HintTopic::Silence, "a/gap.wav"),
        (HintTopic::Rate, "a/rate.wav"),
        (HintTopic::Stereo, "a/stereo.wav"),
        (HintTopic::Length, "a/long.wav"),
        (HintTopic::Extension, "a/named.mp3"),
    ];
    assert_eq!(hints, expected);
    assert_eq!(report.duplicates, []);
}

#[test]
fn noise_among_chords_is_far_from_its_genre() {
    let mut files: Vec<(String, Vec<f32>)> =
        (0..10).map(|seed| (format!("a/chords{seed}.wav"), chords(seed, 4.0))).collect();
    files.push(("a/noise.wav".to_owned(), scaled(&noise(1, 4.0), 0.1)));
    let files: Vec<(&str, &[f32])> =
        files.iter().map(|(name, samples)| (name.as_str(), &samples[..])).collect();
    let report = heard(&files);
    let far: Vec<_> = report.hints.iter().map(|h| (h.kind, h.place.file.as_str())).collect();
    assert_eq!(far, [(HintTopic::FarFromGenre, "a/noise.wav")]);
}

#[test]
fn a_report_is_the_same_at_any_number_of_threads_and_after_a_trip_through_json() {
    let music = chords(1, 10.0);
    let files = [("a/a.wav", &music[..]), ("a/b.wav", &music[20_000..]), ("b/c.wav", &chords(2, 6.0))];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| heard(&files));
    let together = heard(&files);
    assert_eq!(
        AuditReport { folder: String::new(), ..alone },
        AuditReport { folder: String::new(), ..together.clone() }
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    std::fs::write(&path, together.json().unwrap()).unwrap();
    let read = AuditReport::read(&path).unwrap();
    assert_eq!(read.json().unwrap(), together.json().unwrap());
}

#[test]
fn an_audit_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.wav"), wav(&chords(1, 2.0), RATE, 1)).unwrap();
    let counter = Counter { cancel: true.into(), ..Counter::default() };
    assert_eq!(audit(folder.path(), &Limits::default(), &counter).unwrap(), None);
}
