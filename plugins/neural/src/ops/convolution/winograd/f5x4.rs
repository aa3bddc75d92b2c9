use super::eight::Eight;
use super::maps::Maps;

/// F(5, 4) with the points 0, ±1, ±2, ±½ and ∞: of a tile 5×5, 64 products instead of 400.
pub(super) struct F5x4;

/// The values at all points: at ±1, ±2 and ±½ of even and odd powers.
#[inline(always)]
fn at_points<N: Eight>(at_0: N, [one, two, half]: [(N, N); 3], at_infinity: N) -> [N; 8] {
    let both = |(even, odd): (N, N)| [even + odd, even - odd];
    let ([a, b], [c, d], [e, f]) = (both(one), both(two), both(half));
    [at_0, a, b, c, d, e, f, at_infinity]
}

impl Maps<8, 4, 5> for F5x4 {
    #[inline(always)]
    fn seen<N: Eight>([a, b, c, d, e, f, g, h]: [N; 8]) -> [N; 8] {
        let plus = N::multiply_add;
        let (even, odd) = (plus(-4.25, e, c + g), plus(-4.25, d, b + f));
        let even_of_2 = plus(0.25, c, plus(-1.25, e, g));
        let odd_of_2 = plus(0.5, b, plus(-2.5, d, f * 2.0));
        let even_of_half = plus(4.0, c, plus(-5.0, e, g));
        let odd_of_half = plus(2.0, b, plus(-2.5, d, f * 0.5));
        let (at_0, at_infinity) = (plus(5.25, e - c, a - g), plus(5.25, d - f, h - b));
        let pairs = [(even, odd), (even_of_2, odd_of_2), (even_of_half, odd_of_half)];
        at_points(at_0, pairs, at_infinity)
    }

    #[inline(always)]
    fn taps<N: Eight>([a, b, c, d]: [N; 4]) -> [N; 8] {
        let plus = N::multiply_add;
        let (even, odd) = ((a + c) * (-2.0 / 9.0), (b + d) * (-2.0 / 9.0));
        let (even_of_2, odd_of_2) = (plus(4.0, c, a) * (1.0 / 90.0), plus(4.0, d, b) * (1.0 / 45.0));
        let even_of_half = plus(0.25, c, a) * (32.0 / 45.0);
        let odd_of_half = plus(0.25, d, b) * (16.0 / 45.0);
        at_points(a, [(even, odd), (even_of_2, odd_of_2), (even_of_half, odd_of_half)], d)
    }

    #[inline(always)]
    fn outputs<N: Eight>([a, b, c, d, e, f, g, h]: [N; 8]) -> [N; 5] {
        let plus = N::multiply_add;
        let (sum, difference) = (b + c, b - c);
        let (sum_of_2, difference_of_2) = (d + e, d - e);
        let (sum_of_half, difference_of_half) = (f + g, f - g);
        [
            a + sum + sum_of_2 + sum_of_half,
            plus(2.0, difference_of_2, plus(0.5, difference_of_half, difference)),
            plus(4.0, sum_of_2, plus(0.25, sum_of_half, sum)),
            plus(8.0, difference_of_2, plus(0.125, difference_of_half, difference)),
            plus(16.0, sum_of_2, plus(0.0625, sum_of_half, sum + h)),
        ]
    }

    #[inline(always)]
    fn output_gradients<N: Eight>([a, b, c, d, e]: [N; 5]) -> [N; 8] {
        let plus = N::multiply_add;
        let (even, odd) = (a + c + e, b + d);
        let (even_of_2, odd_of_2) = (plus(16.0, e, plus(4.0, c, a)), plus(4.0, d, b));
        let (even_of_half, odd_of_half) = (plus(0.0625, e, plus(0.25, c, a)), plus(0.25, d, b));
        [
            a,
            even + odd,
            even - odd,
            plus(2.0, odd_of_2, even_of_2),
            plus(-2.0, odd_of_2, even_of_2),
            plus(0.5, odd_of_half, even_of_half),
            plus(-0.5, odd_of_half, even_of_half),
            e,
        ]
    }

    #[inline(always)]
    fn tap_gradients<N: Eight>([a, b, c, d, e, f, g, h]: [N; 8]) -> [N; 4] {
        let plus = N::multiply_add;
        let (sum, difference) = ((b + c) * (-2.0 / 9.0), (b - c) * (-2.0 / 9.0));
        let (sum_of_2, difference_of_2) = ((d + e) * (1.0 / 90.0), (d - e) * (1.0 / 45.0));
        let (sum_of_half, difference_of_half) = ((f + g) * (32.0 / 45.0), (f - g) * (16.0 / 45.0));
        [
            a + sum + sum_of_2 + sum_of_half,
            difference + difference_of_2 + difference_of_half,
            plus(4.0, sum_of_2, plus(0.25, sum_of_half, sum)),
            plus(4.0, difference_of_2, plus(0.25, difference_of_half, difference + h)),
        ]
    }
}
