//! Numbers that are no file but a formula, which the scripts that made fixtures have too (tests/fixtures/neural/numbers_by_name.py).

/// From −1 to 1, of an array's name and the place of a number.
pub fn numbers(name: &str, count: usize) -> Vec<f32> {
    let start =
        name.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    let number = |at: u32| {
        let mut x = at.wrapping_mul(2_654_435_761).wrapping_add(start);
        for (shift, factor) in [(16, 0x85eb_ca6b), (13, 0xc2b2_ae35)] {
            x = (x ^ (x >> shift)).wrapping_mul(factor);
        }
        (f64::from(x ^ (x >> 16)) / 2.0_f64.powi(31) - 1.0) as f32
    };
    (0..count as u32).map(number).collect()
}
