//! Floats as whole numbers that compare as they do.

const SIGN: u32 = 1 << 31;

/// A whole number that compares with others as the values do.
pub(crate) fn key(value: f32) -> u32 {
    // Adding zero makes one zero of the two.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The value that a key stands for.
pub(crate) fn value(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_compare_as_values_do() {
        let ascending = [f32::MIN, -1.5, -1.0, -f32::MIN_POSITIVE, 0.0, 1e-45, 1.0, 1.5, f32::MAX];
        for (a, b) in ascending.iter().zip(&ascending[1..]) {
            assert!(key(*a) < key(*b), "{a} and {b}");
        }
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn a_key_stands_for_its_value() {
        for number in [f32::MIN, -1.5, -0.0, 0.0, 1e-45, 7.25, f32::MAX] {
            assert_eq!(value(key(number)), number);
        }
    }
}
