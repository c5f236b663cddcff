//! The colours of variants, the same in plots, tables, graph and report.

/// Okabe and Ito's colour-blind-safe set (jfly.uni-koeln.de/color, 2008) as RGB, in the order in which variants take
/// them: the baseline first. Black and yellow come last, because each vanishes on one of the two themes.
pub const OKABE_ITO: [[u8; 3]; 8] = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [204, 121, 167],
    [213, 94, 0],
    [86, 180, 233],
    [240, 228, 66],
    [0, 0, 0],
];

/// The colour of variant number `index`; repeats after the seven that both themes can show.
pub fn variant_color(index: usize) -> [u8; 3] {
    OKABE_ITO[index % (OKABE_ITO.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_distinct_and_never_black() {
        for i in 0..7 {
            assert_ne!(variant_color(i), [0, 0, 0]);
            assert_eq!(variant_color(i), variant_color(i + 7));
            assert!((0..i).all(|j| variant_color(i) != variant_color(j)));
        }
    }
}
