use super::resample::Resampler;
use super::*;
use crate::features::pad::Pad;
use crate::features::stft::{Stft, magnitude};
use crate::testing::{gtzan, skipped};
use serde_json::Value;
use std::f64::consts::PI;
use std::path::PathBuf;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/features")
}

fn encoded() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures().join("audio")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A 16-bit WAV file whose header promises `promised` bytes of audio.
fn wav(rate: u32, channels: u16, samples: &[i16], promised: u32) -> Vec<u8> {
    let mut out = b"RIFF".to_vec();
    out.extend((36 + promised).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * 2 * u32::from(channels)).to_le_bytes());
    out.extend((2 * channels).to_le_bytes());
    out.extend(b"\x10\0data");
    out.extend(promised.to_le_bytes());
    out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    out
}

fn ramp(count: usize) -> Vec<i16> {
    (0..count).map(|i| (i as u32).wrapping_mul(40_503) as i16).collect()
}

fn read_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Audio, AudioError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_within(&path, limits)
}

fn fault(name: &str, bytes: &[u8]) -> Fault {
    read_bytes(name, bytes, &Limits::default()).unwrap_err().fault
}

#[test]
fn wav_at_the_right_rate_is_read_to_the_bit() {
    let pcm = ramp(30_000);
    let audio = read_bytes("a.wav", &wav(RATE, 1, &pcm, 60_000), &Limits::default()).unwrap();
    let expected: Vec<f32> = pcm.iter().map(|&s| f32::from(s) / 32_768.0).collect();
    assert_eq!(audio.samples, expected);
    assert_eq!((audio.source_rate, audio.source_channels), (RATE, 1));
    assert!(!audio.mislabelled);

    let audio = read_bytes("a.wav", &wav(RATE, 3, &pcm, 60_000), &Limits::default()).unwrap();
    let mean = |frame: &[i16]| frame.iter().map(|&s| f32::from(s) / 32_768.0).sum::<f32>() / 3.0;
    assert_eq!(audio.samples, pcm.chunks(3).map(mean).collect::<Vec<_>>());
}

#[test]
fn every_format_gives_the_tone_that_was_encoded() {
    for path in encoded() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let audio = read(&path).unwrap();
        assert_eq!((audio.source_rate, audio.source_channels), (44_100, 2), "{name}");
        assert!(!audio.mislabelled, "{name}");
        let lossy = name.starts_with("tone");
        // Encoders of AAC put silence before the music, and no header here says how much.
        let lags = if lossy { 0..2500 } else { 0..1 };
        let tone = |i: usize| 0.375 * (2.0 * PI * 440.0 * i as f64 / f64::from(RATE)).sin();
        let error = |lag: usize| {
            let inner = (lag + 200..audio.samples.len().min(8000) - 200).step_by(if lossy { 3 } else { 1 });
            inner.map(|i| (f64::from(audio.samples[i]) - tone(i - lag)).abs()).fold(0.0, f64::max)
        };
        let least = lags.map(error).fold(f64::INFINITY, f64::min);
        let allowed = match name.split('.').next().unwrap() {
            "tone" => 0.03,
            "pcm_u8" | "pcm_s8" => 0.01,
            "ulaw" | "alaw" => 0.02,
            _ => 5e-5,
        };
        assert!(least < allowed, "{name}: {least}");
    }
}

#[test]
fn content_decides_and_not_the_name() {
    let flac = std::fs::read(fixtures().join("audio/pcm_16.flac")).unwrap();
    let audio = read_bytes("a.wav", &flac, &Limits::default()).unwrap();
    assert_eq!(audio.container, Container::Flac);
    assert!(audio.mislabelled);
    assert!(!read_bytes("a", &flac, &Limits::default()).unwrap().mislabelled);
    assert!(!read_bytes("a.FLAC", &flac, &Limits::default()).unwrap().mislabelled);
}

#[test]
fn a_large_tag_before_the_music_is_passed_over() {
    let mp3 = std::fs::read(fixtures().join("audio/tone.mp3")).unwrap();
    let mut tagged = b"ID3\x03\0\0\0\x60\0\0".to_vec();
    tagged.resize(10 + (0x60 << 14), 0);
    tagged.extend(&mp3);
    let plain = read_bytes("a.mp3", &mp3, &Limits::default()).unwrap();
    assert_eq!(read_bytes("a.mp3", &tagged, &Limits::default()).unwrap(), plain);
}

/// A fifth of a gigabyte, as a hole in the file, in place of a picture.
#[test]
fn a_tag_without_end_is_refused() {
    use std::io::{Seek, SeekFrom, Write};
    const PICTURE: u32 = 200 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp3");
    let mut file = std::fs::File::create(&path).unwrap();
    // ID3v2.3 with one frame; sizes of tags have seven bits a byte.
    let size = [21, 14, 7, 0].map(|shift| (((PICTURE + 10) >> shift) & 0x7f) as u8);
    file.write_all(&[b"ID3\x03\0\0", &size[..], b"APIC", &PICTURE.to_be_bytes(), b"\0\0"].concat()).unwrap();
    file.seek(SeekFrom::Current(i64::from(PICTURE))).unwrap();
    let mp3 = std::fs::read(fixtures().join("audio/tone.mp3")).unwrap();
    file.write_all(&mp3).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("64 MiB of it hold no sound"), "{error}");
    // A chunk that no decoder keeps is passed over, whatever its size.
    let path = folder.path().join("a.wav");
    let wav = wav(RATE, 1, &ramp(30_000), 60_000);
    let mut file = std::fs::File::create(&path).unwrap();
    let whole = (wav.len() as u32 + PICTURE).to_le_bytes();
    file.write_all(&[b"RIFF", &whole[..], b"WAVEJUNK", &PICTURE.to_le_bytes()].concat()).unwrap();
    file.seek(SeekFrom::Current(i64::from(PICTURE))).unwrap();
    file.write_all(&wav[12..]).unwrap();
    assert_eq!(read(&path).unwrap().samples.len(), 30_000);
}

#[test]
fn each_fault_is_told_apart() {
    let good = wav(RATE, 1, &ramp(30_000), 60_000);
    assert!(matches!(fault("a.wav", &[]), Fault::Empty));
    assert!(matches!(
        fault("a.wav", b"no audio at all, but a letter"),
        Fault::NotAudio("has no RIFF header")
    ));
    assert!(matches!(fault("a.mp3", &[0; 5000]), Fault::NotAudio(_)));
    assert!(matches!(fault("a.wav", &wav(RATE, 1, &[0; 9000], 18_000)), Fault::Silent));
    assert!(matches!(fault("a.wav", &wav(RATE, 1, &[], 0)), Fault::Broken { .. }));
    assert!(matches!(fault("a.wav", &wav(7, 1, &ramp(999), 1998)), Fault::Unsupported { .. }));
    assert!(matches!(fault("a.wav", &good[..30]), Fault::Broken { .. }));
    assert!(matches!(fault("a.au", b".snd\0\0\0\x18"), Fault::Broken { .. }));
    match fault("a.wav", &good[..30_000]) {
        Fault::Truncated { promised, found } => {
            assert!((promised - 30_000.0 / 22_050.0).abs() < 1e-9 && (found - 0.679).abs() < 1e-3);
        }
        other => panic!("{other:?}"),
    }
    let float = std::fs::read(fixtures().join("audio/float.au")).unwrap();
    let mut hole = float.clone();
    hole[100..104].copy_from_slice(&f32::NAN.to_be_bytes());
    assert!(matches!(fault("a.au", &hole), Fault::Broken { .. }));
    let limits = Limits { seconds: 1.0 };
    assert!(matches!(read_bytes("a.wav", &good, &limits).unwrap_err().fault, Fault::TooLong { .. }));

    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(read(folder.path()).unwrap_err().fault, Fault::Unreadable(_)));
    let error = read(&folder.path().join("gone.wav")).unwrap_err();
    assert!(error.to_string().contains("gone.wav: cannot be read"), "{error}");
}

#[test]
fn damaged_files_are_faults_and_never_panics() {
    let mut state = 1u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let limits = Limits { seconds: 5.0 };
    for path in encoded() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for round in 0..20 {
            let mut bytes = whole.clone();
            // Half of the damage is to the header, where it does most.
            for _ in 0..1 + random(8) {
                let at = if round % 2 == 0 { random(bytes.len().min(100)) } else { random(bytes.len()) };
                bytes[at] = random(256) as u8;
            }
            if round % 5 == 0 {
                bytes.truncate(random(bytes.len()));
            }
            match read_bytes(name, &bytes, &limits) {
                Ok(audio) => assert!(audio.samples.iter().all(|s| s.is_finite()), "{name}, round {round}"),
                Err(error) => {
                    assert!(!error.to_string().contains("panicked"), "{name}, round {round}: {error}")
                }
            }
        }
    }
}

/// Gain of a tone in dB when it goes from one rate to 22,050 Hz.
fn gain(from: u32, hz: f64) -> f64 {
    let tone: Vec<f32> =
        (0..from).map(|i| (2.0 * PI * hz * f64::from(i) / f64::from(from)).sin() as f32).collect();
    let mut out = Vec::new();
    let mut resampler = Resampler::new(from, RATE);
    // Blocks of odd sizes must not show.
    tone.chunks(777).for_each(|block| resampler.push(block, &mut out));
    resampler.finish(&mut out);
    assert_eq!(out.len(), RATE as usize);
    let inner = &out[2000..20_000];
    10.0 * (inner.iter().map(|&x| 2.0 * f64::from(x).powi(2)).sum::<f64>() / inner.len() as f64).log10()
}

#[test]
fn resampling_is_flat_in_the_band_and_silent_outside() {
    for from in [44_100, 48_000, 44_099, 8_000] {
        let nyquist = f64::from(from.min(RATE)) / 2.0;
        for part in [0.05, 0.5, 0.9] {
            let gain = gain(from, part * nyquist);
            assert!(gain.abs() < 0.01, "{from} Hz: {gain} dB at {part} of the band");
        }
        if from > RATE {
            let gain = gain(from, 1.02 * nyquist);
            assert!(gain < -100.0, "{from} Hz: an alias of {gain} dB");
        }
    }
}

#[test]
fn resampling_agrees_with_soxr() {
    let cases: Value =
        serde_json::from_slice(&std::fs::read(fixtures().join("resample.json")).unwrap()).unwrap();
    let numbers = |value: &Value| -> Vec<f32> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
    };
    let spectrum = |samples: &[f32]| {
        let stft = Stft::new(2048, 2048, Pad::Zero).unwrap();
        magnitude(stft.forward(&samples[200..]).view()).row(1).to_vec()
    };
    for (rate, case) in cases.as_object().unwrap() {
        let from: u32 = rate.parse().unwrap();
        let input: Vec<f32> = numbers(&case["input"]).iter().map(|x| x / 32_768.0).collect();
        let theirs = numbers(&case["output"]);
        let mut ours = Vec::new();
        let mut resampler = Resampler::new(from, RATE);
        resampler.push(&input, &mut ours);
        resampler.finish(&mut ours);
        assert_eq!(ours.len(), theirs.len(), "{rate}");
        let (ours, theirs) = (spectrum(&ours), spectrum(&theirs));
        let band = (0.9 * 1024.0 * f64::from(from.min(RATE)) / f64::from(RATE)) as usize;
        for (bin, (a, b)) in ours.iter().zip(&theirs).enumerate().take(band) {
            let decibels = 20.0 * (a.max(0.02) / b.max(0.02)).log10();
            assert!(decibels.abs() < 0.1, "{rate} Hz: {decibels} dB in bin {bin}");
        }
    }
}

#[test]
fn recordings_are_cut_as_the_published_tables_were() {
    let cut = |seconds, hop, length| Cut::new(seconds, hop).unwrap().ranges(length);
    assert_eq!(cut(30.0, None, 661_794).unwrap(), [(None, 0..661_794)]);
    assert_eq!(cut(30.0, None, 2_000_000).unwrap().len(), 3);
    assert!(matches!(cut(30.0, None, 500_000), Err(Fault::TooShort { .. })));
    let threes = cut(3.0, None, 661_504).unwrap();
    assert_eq!(threes.len(), 10);
    assert_eq!(threes[9], (Some(9), 595_350..661_499));
    assert_eq!(cut(3.0, None, 661_498).unwrap().len(), 9);
    assert_eq!(cut(10.0, None, 661_500).unwrap().len(), 3);
    assert_eq!(cut(1.0, Some(0.5), 44_100).unwrap().len(), 3);
    for (seconds, hop) in [(0.0, None), (f64::NAN, None), (90.0, None), (3.0, Some(0.0)), (3.0, Some(-1.0))] {
        assert!(Cut::new(seconds, hop).is_err());
    }
}

#[test]
fn the_broken_recording_of_the_public_copy_is_reported() {
    let Some(path) = gtzan().map(|folder| folder.join("genres_original/jazz/jazz.00054.wav")) else { return };
    if !path.exists() {
        skipped(&path);
        return;
    }
    let error = read(&path).unwrap_err();
    assert!(matches!(error.fault, Fault::NotAudio("has no RIFF header")), "{error}");
    assert!(error.to_string().contains("jazz.00054.wav"), "{error}");
}
