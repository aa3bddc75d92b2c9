//! Drums: all are a sine that falls in pitch and filtered noise, both dying away.

use super::sound::{Draw, LowPass, Phase, fade, sine};

/// A drum or cymbal. Frequencies in Hz, times in seconds to fall to half.
#[derive(Debug, Clone, Copy)]
pub struct Drum {
    /// Frequency it ends on; 0 of one that only hisses.
    pub pitch: f32,
    /// How much higher it starts, as a multiple of `pitch`.
    pub sweep: f32,
    pub ring: f32,
    /// Level of the noise beside the sine's 1.
    pub noise: f32,
    pub hiss: f32,
    /// The noise lies above this.
    pub above: f32,
    /// Level in the kit.
    pub level: f32,
}

const fn drum([pitch, sweep, ring]: [f32; 3], [noise, hiss, above]: [f32; 3], level: f32) -> Drum {
    Drum { pitch, sweep, ring, noise, hiss, above, level }
}

pub const KICK: Drum = drum([50.0, 3.0, 0.05], [0.1, 0.004, 1_000.0], 1.0);
pub const BOOM: Drum = drum([42.0, 4.0, 0.13], [0.05, 0.004, 800.0], 1.1);
pub const SNARE: Drum = drum([185.0, 0.6, 0.025], [0.8, 0.04, 900.0], 0.7);
pub const CLAP: Drum = drum([0.0, 0.0, 0.01], [0.9, 0.035, 1_400.0], 0.6);
pub const RIM: Drum = drum([900.0, 0.2, 0.008], [0.4, 0.006, 2_000.0], 0.4);
pub const BRUSH: Drum = drum([160.0, 0.2, 0.01], [0.8, 0.05, 1_800.0], 0.3);
pub const TOM: Drum = drum([95.0, 0.8, 0.08], [0.15, 0.02, 700.0], 0.7);
pub const HAT: Drum = drum([0.0, 0.0, 0.01], [1.0, 0.012, 6_000.0], 0.3);
pub const OPEN_HAT: Drum = drum([0.0, 0.0, 0.01], [1.0, 0.07, 5_500.0], 0.3);
pub const SHAKER: Drum = drum([0.0, 0.0, 0.01], [1.0, 0.02, 4_500.0], 0.2);
pub const RIDE: Drum = drum([3_300.0, 0.0, 0.12], [2.5, 0.14, 5_000.0], 0.09);
pub const CRASH: Drum = drum([0.0, 0.0, 0.01], [1.0, 0.35, 3_500.0], 0.3);

impl Drum {
    /// Adds a stroke at sample `start` to `bus`.
    pub fn strike(&self, start: usize, level: f32, bus: &mut [f32], rng: &mut impl Draw) {
        let Some(bus) = bus.get_mut(start..) else { return };
        let length = 8.0 * self.ring.max(self.hiss) * super::sound::SAMPLE_RATE;
        let length = (length as usize).min(bus.len());
        let mut phase = Phase::new(self.pitch);
        let mut low = LowPass::new(self.above);
        let (ring, hiss, drop) = (fade(self.ring), fade(self.hiss), fade(self.ring / 3.0));
        let tone = if self.pitch > 0.0 { level * self.level } else { 0.0 };
        let (mut tone, mut noise, mut sweep) = (tone, level * self.level * self.noise, self.sweep);
        for out in &mut bus[..length] {
            phase.advance(1.0 + sweep);
            let white = rng.between((-1.0, 1.0));
            *out += tone * sine(phase.turns()) + noise * (white - low.next(white));
            tone *= ring;
            noise *= hiss;
            sweep *= drop;
        }
    }
}
