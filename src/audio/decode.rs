//! Any container to one channel at one rate.

use super::budget::{Budget, BudgetedFile, SPENT};
use super::resample::Resampler;
use super::{Audio, Container, Fault, Limits, SILENCE, au};
use crate::util::open_regular;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Bytes looked at to tell what a file is.
const HEAD: u64 = 1 << 16;
/// Sample rates that are believed, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// How much a file may fall short of its header before it counts as truncated, in seconds: encoders
/// pad, and headers of lossy formats count differently.
const SLACK: f64 = 0.1;
/// Largest sample that is believed, where 1 is full scale: files of `f32` may exceed that, but the
/// square of a spectrum must still be finite.
const LOUDEST: f32 = 1e9;
/// Seconds of audio for which memory is set aside on the word of a header.
const BELIEVED: f64 = 60.0;
/// Packets in a row without a sample before a decoder counts as stuck.
const STUCK: usize = 10_000;
/// Frames of AU read at a time.
const BLOCK: usize = 1 << 14;

/// Reads a recording, resampled to the rate `to`.
pub(super) fn read(path: &Path, to: u32, limits: &Limits) -> Result<Audio, Fault> {
    // However large: decoding stops at the limits.
    let mut file = open_regular(path, u64::MAX)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    if head.is_empty() {
        return Err(Fault::Empty);
    }
    let claims_wav = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav"));
    let container = Container::sniff(&head).ok_or(Fault::NotAudio(match claims_wav {
        true => "has no RIFF header",
        false => "begins with none of their signatures",
    }))?;
    file.seek(SeekFrom::Start(0))?;
    // Some headers are estimates by the decoder, not promises by the file.
    let binding = match container {
        Container::Mp3 => [b"Xing", b"Info", b"VBRI"].iter().any(|tag| head.windows(4).any(|w| w == *tag)),
        Container::Adts => false,
        _ => true,
    };

    let broken = |reason: String| Fault::Broken { container: container.name(), reason };
    let decoded = catch_unwind(AssertUnwindSafe(|| match container {
        Container::Au => from_au(file, to, limits),
        _ => from_symphonia(file, container, to, limits),
    }))
    .unwrap_or_else(|_| Err(broken("the decoder panicked".into())))?;

    let Decoded { samples, frames, rate, channels, promised } = decoded;
    let seconds = |frames: u64| frames as f64 / f64::from(rate);
    if let Some(promised) = promised.filter(|_| binding).map(seconds)
        && promised > seconds(frames) + SLACK
    {
        return Err(Fault::Truncated { promised, found: seconds(frames) });
    }
    if samples.is_empty() {
        return Err(broken("it holds not one sample".into()));
    }
    if let Some(odd) = samples.iter().find(|s| !s.is_finite() || s.abs() > LOUDEST) {
        return Err(broken(format!("a sample is {odd}")));
    }
    if samples.iter().all(|s| s.abs() < SILENCE) {
        return Err(Fault::Silent);
    }
    let mislabelled = container.contradicts(path);
    Ok(Audio { samples, source_rate: rate, source_channels: channels, container, mislabelled })
}

/// What a decoder gave.
struct Decoded {
    samples: Vec<f32>,
    /// Frames before resampling.
    frames: u64,
    rate: u32,
    channels: usize,
    /// Frames according to the header.
    promised: Option<u64>,
}

/// Collects interleaved blocks into one channel at one rate, up to a limit.
struct Sink<'a> {
    resampler: Resampler,
    mono: Vec<f32>,
    limits: &'a Limits,
    /// The rate that is resampled to.
    to: u32,
    decoded: Decoded,
}

impl<'a> Sink<'a> {
    fn new(
        container: Container,
        rate: u32,
        channels: usize,
        promised: Option<u64>,
        to: u32,
        limits: &'a Limits,
    ) -> Result<Self, Fault> {
        if !RATES.contains(&rate) || channels == 0 {
            let reason = format!("{channels} channels at {rate} Hz");
            return Err(Fault::Unsupported { container: container.name(), reason });
        }
        // Room for what is promised, if that is little enough to be believed.
        let seconds = promised.unwrap_or(0) as f64 / f64::from(rate);
        let room = (seconds.min(BELIEVED) * f64::from(to)).ceil() as usize;
        let samples = Vec::with_capacity(room);
        let decoded = Decoded { samples, frames: 0, rate, channels, promised };
        Ok(Self { resampler: Resampler::new(rate, to), mono: Vec::new(), limits, to, decoded })
    }

    fn push(&mut self, interleaved: &[f32]) -> Result<(), Fault> {
        let channels = self.decoded.channels;
        let block = match channels {
            1 => interleaved,
            _ => {
                self.mono.clear();
                let frames = interleaved.chunks_exact(channels);
                self.mono.extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
                &self.mono
            }
        };
        self.decoded.frames += block.len() as u64;
        self.resampler.push(block, &mut self.decoded.samples);
        let limit = self.limits.seconds;
        if self.decoded.samples.len() as f64 > limit * f64::from(self.to) {
            return Err(Fault::TooLong { limit });
        }
        Ok(())
    }

    fn finish(mut self) -> Decoded {
        self.resampler.finish(&mut self.decoded.samples);
        self.decoded
    }
}

fn from_au(file: File, to: u32, limits: &Limits) -> Result<Decoded, Fault> {
    let broken = |reason: String| Fault::Broken { container: Container::Au.name(), reason };
    let mut reader = au::Reader::new(BufReader::new(file)).map_err(broken)?;
    let mut sink = Sink::new(Container::Au, reader.rate, reader.channels, reader.frames, to, limits)?;
    let mut block = Vec::new();
    loop {
        reader.block(BLOCK, &mut block)?;
        if block.is_empty() {
            return Ok(sink.finish());
        }
        sink.push(&block)?;
    }
}

fn from_symphonia(file: File, container: Container, to: u32, limits: &Limits) -> Result<Decoded, Fault> {
    let budget = Budget::new();
    let broken = Fault::Broken { container: container.name(), reason: SPENT.to_owned() };
    from_stream(budget.of(file), &budget, container, to, limits)
        .map_err(|fault| if budget.is_spent() { broken } else { fault })
}

fn from_stream(
    file: BudgetedFile,
    budget: &Budget,
    container: Container,
    to: u32,
    limits: &Limits,
) -> Result<Decoded, Fault> {
    let fault = |error: Symphonia| match error {
        Symphonia::Unsupported(_) => {
            Fault::Unsupported { container: container.name(), reason: error.to_string() }
        }
        _ => Fault::Broken { container: container.name(), reason: error.to_string() },
    };
    let missing = |what: &str| Fault::Broken { container: container.name(), reason: what.into() };

    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut hint = Hint::new();
    hint.with_extension(container.extensions()[0]);
    let mut format: Box<dyn FormatReader> = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(fault)?;
    let track = format.default_track(TrackType::Audio).ok_or_else(|| missing("no audio track"))?;
    let (id, promised) = (track.id, track.num_frames);
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(missing("no codec is named"));
    };
    let mut decoder: Box<dyn AudioDecoder> = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(fault)?;

    let mut sink: Option<Sink> = None;
    let mut block: Vec<f32> = Vec::new();
    let mut idle = 0;
    let mut last_error = None;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A file that ends in the middle of a packet; whether too early is seen from the length.
            Err(Symphonia::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(Symphonia::IoError(e)) => return Err(e.into()),
            Err(error) => return Err(fault(error)),
        };
        idle += 1;
        if idle > STUCK {
            return Err(last_error.map(fault).unwrap_or_else(|| missing("packets without audio")));
        }
        if packet.track_id != id {
            continue;
        }
        // One bad packet is a click, as players have it; what is missing shows in the length.
        match decoder.decode(&packet) {
            Ok(buffer) => {
                if buffer.frames() == 0 {
                    continue;
                }
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                let sink = match &mut sink {
                    Some(sink) => sink,
                    None => sink.insert(Sink::new(container, rate, channels, promised, to, limits)?),
                };
                if (rate, channels) != (sink.decoded.rate, sink.decoded.channels) {
                    return Err(missing("rate or channels change in the middle"));
                }
                buffer.copy_to_vec_interleaved(&mut block);
                sink.push(&block)?;
                budget.renew();
                idle = 0;
            }
            Err(error @ (Symphonia::DecodeError(_) | Symphonia::IoError(_))) => last_error = Some(error),
            Err(error) => return Err(fault(error)),
        }
    }
    match sink {
        Some(sink) => Ok(sink.finish()),
        None => Err(last_error.map(fault).unwrap_or_else(|| missing("it holds not one sample"))),
    }
}
