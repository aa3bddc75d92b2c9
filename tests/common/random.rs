//! Numbers that are the same each time.

/// Knuth's linear congruential generator, of which the upper half is good enough for tests.
pub struct Draws(pub u64);

impl Draws {
    /// A number below `bound`, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound.max(1)
    }
}
