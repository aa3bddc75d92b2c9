//! Lossy codecs, and back.
//!
//! A recording becomes a file of one channel at 44,100 Hz, as most music is kept, and this is read as any file is. So the
//! encoder's delay is gone: a sample stays at its time.

use super::DeformError;
use crate::audio::resample::Resampler;
use crate::audio::{Fault, Limits, RATE, read_within};
use mp3lame_encoder::{Bitrate, Builder, FlushGap, Mode, MonoPcm, max_required_buffer_size};
use std::io::Write;
use std::num::{NonZeroU8, NonZeroU32};
use tempfile::NamedTempFile;
use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoderBuilder};

/// Samples a second of the files.
const FILE_RATE: NonZeroU32 = NonZeroU32::new(44_100).unwrap();
/// The same of MP3 files of few kbit/s.
const LOW_RATE: NonZeroU32 = NonZeroU32::new(22_050).unwrap();
/// Samples that are encoded together. Vorbis becomes slow with many.
const BLOCK: usize = 4096;
/// By how many samples MP3 is late: those of LAME, and of any decoder.
const MP3_DELAY: usize = 576 + 529;

/// What LAME encodes at, in kbit/s.
const MP3_RATES: [(u32, Bitrate); 12] = [
    (32, Bitrate::Kbps32),
    (40, Bitrate::Kbps40),
    (48, Bitrate::Kbps48),
    (64, Bitrate::Kbps64),
    (80, Bitrate::Kbps80),
    (96, Bitrate::Kbps96),
    (112, Bitrate::Kbps112),
    (128, Bitrate::Kbps128),
    (160, Bitrate::Kbps160),
    (192, Bitrate::Kbps192),
    (256, Bitrate::Kbps256),
    (320, Bitrate::Kbps320),
];

/// The bitrates of [`mp3`] in kbit/s.
pub(super) fn mp3_rates() -> impl Iterator<Item = u32> {
    MP3_RATES.into_iter().map(|(kbits, _)| kbits)
}

/// MPEG layer III by LAME with its defaults and so many kbit/s, always as many; one of [`mp3_rates`].
pub(super) fn mp3(samples: &[f32], kbits: u32) -> Result<Vec<f32>, DeformError> {
    let failed = |reason: &dyn ToString| DeformError::Encoder("LAME", reason.to_string());
    let Some((_, bitrate)) = MP3_RATES.into_iter().find(|(rate, _)| *rate == kbits) else {
        return Err(failed(&format!("there is no MP3 of {kbits} kbit/s")));
    };
    // As LAME itself goes down with files at 44,100 Hz.
    let rate = if kbits < 64 { LOW_RATE } else { FILE_RATE };
    let factor = (rate.get() / RATE) as usize;
    // So that the delay is whole samples here too.
    let lead = MP3_DELAY.next_multiple_of(factor) - MP3_DELAY;
    through_file(samples, (MP3_DELAY + lead) / factor, |file, samples| {
        let mut encoder = Builder::new()
            .ok_or_else(|| failed(&"no memory"))?
            .with_sample_rate(rate.get())
            .and_then(|builder| builder.with_output_sample_rate(Some(rate)))
            .and_then(|builder| builder.with_num_channels(1))
            .and_then(|builder| builder.with_mode(Mode::Mono))
            .and_then(|builder| builder.with_brate(bitrate))
            // It would tell the delay, but has no room in frames of few kbit/s.
            .and_then(|builder| builder.with_to_write_vbr_tag(false))
            .and_then(Builder::build)
            .map_err(|error| failed(&error))?;
        let mut frames = Vec::new();
        let mut encode = |block: &[f32]| {
            frames.clear();
            frames.reserve(max_required_buffer_size(block.len()));
            encoder.encode_to_vec(MonoPcm(block), &mut frames).map_err(|error| failed(&error))?;
            Ok(file.write_all(&frames)?)
        };
        encode(&vec![0.0; lead])?;
        at_rate(rate, samples, encode)?;
        frames.clear();
        frames.reserve(max_required_buffer_size(0));
        encoder.flush_to_vec::<FlushGap>(&mut frames).map_err(|error| failed(&error))?;
        Ok(file.write_all(&frames)?)
    })
}

/// Vorbis in Ogg by libvorbis as aoTuV tuned it, around so many kbit/s: more where there is more to hear.
pub(super) fn ogg(samples: &[f32], kbits: u32) -> Result<Vec<f32>, DeformError> {
    let failed = |reason: &dyn ToString| DeformError::Encoder("libvorbis", reason.to_string());
    let target_bitrate =
        NonZeroU32::new(1000 * kbits).ok_or_else(|| failed(&"there is no Vorbis of 0 kbit/s"))?;
    // Files tell where their sound begins.
    through_file(samples, 0, |file, samples| {
        let mut encoder = VorbisEncoderBuilder::new_with_serial(FILE_RATE, NonZeroU8::MIN, file, 1)
            .bitrate_management_strategy(VorbisBitrateManagementStrategy::Vbr { target_bitrate })
            .build()
            .map_err(|error| failed(&error))?;
        at_rate(FILE_RATE, samples, |block| {
            encoder.encode_audio_block([block]).map_err(|error| failed(&error))
        })?;
        encoder.finish().map(|_| ()).map_err(|error| failed(&error))
    })
}

/// Samples written to a file by an encoder, and read again without so many at the start: as many, each at its time.
fn through_file(
    samples: &[f32],
    delay: usize,
    encode: impl FnOnce(&mut NamedTempFile, &[f32]) -> Result<(), DeformError>,
) -> Result<Vec<f32>, DeformError> {
    // Encoders expect full scale; what is louder is brought there and back.
    let loudest = samples.iter().fold(1.0_f32, |loudest, x| loudest.max(x.abs()));
    let scaled: Vec<f32> = samples.iter().map(|x| x / loudest).collect();
    let mut file = NamedTempFile::new()?;
    encode(&mut file, &scaled)?;
    file.flush()?;
    let limits = Limits { seconds: samples.len() as f64 / f64::from(RATE) + 1.0 };
    let decoded = match read_within(file.path(), &limits) {
        Ok(audio) => audio.samples,
        // Nothing was loud enough to be encoded.
        Err(error) if matches!(error.fault, Fault::Silent) => Vec::new(),
        Err(error) => return Err(DeformError::Decoder(error.fault)),
    };
    let mut heard: Vec<f32> = decoded.iter().skip(delay).map(|x| x * loudest).collect();
    heard.resize(samples.len(), 0.0);
    Ok(heard)
}

/// Gives samples at another rate on, block by block; none is empty.
fn at_rate(
    rate: NonZeroU32,
    samples: &[f32],
    mut encode: impl FnMut(&[f32]) -> Result<(), DeformError>,
) -> Result<(), DeformError> {
    let (mut resampler, mut block) = (Resampler::new(RATE, rate.get()), Vec::new());
    let mut give = |block: &mut Vec<f32>| {
        // To Vorbis an empty block is the end.
        let given = if block.is_empty() { Ok(()) } else { encode(block) };
        block.clear();
        given
    };
    for part in samples.chunks(BLOCK) {
        resampler.push(part, &mut block);
        give(&mut block)?;
    }
    resampler.finish(&mut block);
    give(&mut block)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::super::Deformation::{Mp3, Ogg};
    use super::super::tests::{bands, decibels, numbers, tune};
    use serde_json::Value;

    /// Decibels by which a recording is above what is different.
    fn signal_to_noise(samples: &[f32], deformed: &[f32]) -> f64 {
        let noise: Vec<f32> = samples.iter().zip(deformed).map(|(a, b)| a - b).collect();
        decibels(samples, &noise)
    }

    /// What `lame` and `oggenc` make of the same tune (tests/fixtures/codecs/make_codecs.sh).
    #[test]
    fn codecs_lose_as_much_as_the_programs_that_people_use() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/codecs/codecs.json")).unwrap();
        let tune = tune();
        for codec in [Mp3(128), Mp3(64), Mp3(32), Ogg(128), Ogg(64), Ogg(32)] {
            let theirs = &fixture[codec.to_string()];
            let deformed = codec.apply(&tune, 0).unwrap();
            let (own, reference) =
                (signal_to_noise(&tune, &deformed), theirs["signal_to_noise"].as_f64().unwrap());
            assert!(
                (own - reference).abs() < 1.0,
                "{codec}: {own} dB above the noise instead of {reference}"
            );
            for (band, (own, theirs)) in
                bands(&deformed).into_iter().zip(numbers(&theirs["bands"])).enumerate()
            {
                // What MP3 at 32 kbit/s leaves of the last is no more than that.
                let (own, theirs) = (own.max(-55.0), theirs.max(-55.0));
                assert!((own - theirs).abs() < 1.0, "{codec}, band {band}: {own} dB instead of {theirs}");
            }
        }
    }

    #[test]
    fn more_bits_lose_less_and_nothing_moves() {
        let tune = tune();
        let lag_of = |deformed: &[f32]| {
            let together = |lag: isize| -> f64 {
                let pairs = (200..tune.len() - 200).map(|i| (tune[i], deformed[(i as isize + lag) as usize]));
                pairs.map(|(a, b)| f64::from(a * b)).sum()
            };
            (-150..=150).max_by(|a, b| together(*a).total_cmp(&together(*b))).unwrap()
        };
        // Nothing above 8.5 kHz is left.
        let top = |samples: &[f32]| bands(samples)[19];
        assert!(top(&Mp3(32).apply(&tune, 0).unwrap()) < top(&tune) - 10.0);
        for codec in [Mp3, Ogg] {
            let mut before = 0.0;
            for kbits in [32, 64, 128] {
                let deformed = codec(kbits).apply(&tune, 0).unwrap();
                assert_eq!(lag_of(&deformed), 0, "{}", codec(kbits));
                let now = signal_to_noise(&tune, &deformed);
                assert!(now > before + 1.0, "{}: {now} after {before}", codec(kbits));
                before = now;
            }
        }
    }

    #[test]
    fn every_bitrate_that_can_be_asked_for_can_be_encoded() {
        let tune = &tune()[..10_000];
        let mp3 = super::mp3_rates().map(Mp3);
        for codec in mp3.chain([32, 33, 100, 200, 240].map(Ogg)) {
            assert!(signal_to_noise(tune, &codec.apply(tune, 0).unwrap()) > 8.0, "{codec}");
        }
    }
}
