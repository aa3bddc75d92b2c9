use super::eight::Eight;
use super::maps::Maps;

/// F(4, 3) with the points 0, ±1, ±2 and ∞: of a tile 4×4, 36 products instead of 144.
pub(super) struct F4x3;

impl Maps<6, 3, 4> for F4x3 {
    #[inline(always)]
    fn seen<N: Eight>([a, b, c, d, e, f]: [N; 6]) -> [N; 6] {
        let plus = N::multiply_add;
        let (even, odd) = (plus(-4.0, c, e), plus(-4.0, b, d));
        let (even_of_2, odd_of_2) = (e - c, d - b);
        [
            plus(4.0, a, plus(-5.0, c, e)),
            even + odd,
            even - odd,
            plus(2.0, odd_of_2, even_of_2),
            plus(-2.0, odd_of_2, even_of_2),
            plus(4.0, b, plus(-5.0, d, f)),
        ]
    }

    #[inline(always)]
    fn taps<N: Eight>([a, b, c]: [N; 3]) -> [N; 6] {
        let plus = N::multiply_add;
        let (even, even_of_2) = ((a + c) * (-1.0 / 6.0), plus(4.0, c, a) * (1.0 / 24.0));
        let (odd, odd_of_2) = (b * (-1.0 / 6.0), b * (1.0 / 12.0));
        [a * 0.25, even + odd, even - odd, even_of_2 + odd_of_2, even_of_2 - odd_of_2, c]
    }

    #[inline(always)]
    fn outputs<N: Eight>([a, b, c, d, e, f]: [N; 6]) -> [N; 4] {
        let plus = N::multiply_add;
        let (sum, difference) = (b + c, b - c);
        let (sum_of_2, difference_of_2) = (d + e, d - e);
        [
            a + sum + sum_of_2,
            plus(2.0, difference_of_2, difference),
            plus(4.0, sum_of_2, sum),
            plus(8.0, difference_of_2, difference + f),
        ]
    }

    #[inline(always)]
    fn output_gradients<N: Eight>([a, b, c, d]: [N; 4]) -> [N; 6] {
        let plus = N::multiply_add;
        let (even, odd) = (a + c, b + d);
        let (even_of_2, odd_of_2) = (plus(4.0, c, a), plus(4.0, d, b));
        [a, even + odd, even - odd, plus(2.0, odd_of_2, even_of_2), plus(-2.0, odd_of_2, even_of_2), d]
    }

    #[inline(always)]
    fn tap_gradients<N: Eight>([a, b, c, d, e, f]: [N; 6]) -> [N; 3] {
        let plus = N::multiply_add;
        let (sum, sum_of_2) = ((b + c) * (-1.0 / 6.0), (d + e) * (1.0 / 24.0));
        let difference = (c - b) * (1.0 / 6.0);
        [plus(0.25, a, sum + sum_of_2), plus(1.0 / 12.0, d - e, difference), plus(4.0, sum_of_2, sum + f)]
    }
}
