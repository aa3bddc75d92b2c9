/// How a program names the blocks that we number through, `block1` to the last.
#[derive(Debug, Clone, Copy)]
pub enum Units {
    /// By numbers too: rules say how.
    Numbered,
    /// By a stage, counted from `first`, and a block of it, after `start`: `blocks.2.0.`, counted from 0, or as Keras,
    /// `block3a_`, by a letter.
    Staged {
        /// What is before the stage.
        start: &'static str,
        /// The number of the first stage.
        first: usize,
        /// Blocks of each stage.
        blocks: &'static [usize],
    },
    /// By these names, in our order.
    Listed(&'static [&'static str]),
}

impl Units {
    /// The name with `#3` in the place of what it calls our third block; the same where it names none.
    pub(super) fn numbered(self, name: &str) -> String {
        let number = |rest: &str, number: usize| format!("#{number}{rest}");
        match self {
            Self::Numbered => None,
            Self::Staged { start, first, blocks } => name.strip_prefix(start).and_then(|rest| {
                let (stage, rest) = leading_number(rest)?;
                let (block, rest) = match rest.strip_prefix('.') {
                    Some(rest) => leading_number(rest)?,
                    None => (usize::from(rest.bytes().next()?.checked_sub(b'a')?), rest.get(1..)?),
                };
                let stage = stage.checked_sub(first)?;
                let before: usize = blocks.get(..stage)?.iter().sum();
                (block < *blocks.get(stage)?).then(|| number(rest, before + block + 1))
            }),
            Self::Listed(names) => names.iter().enumerate().find_map(|(at, unit)| {
                let rest = name.strip_prefix(unit)?;
                rest.starts_with('.').then(|| number(rest, at + 1))
            }),
        }
        .unwrap_or_else(|| name.to_owned())
    }
}

/// The number of at most four digits that a text begins with, and what is behind it.
fn leading_number(text: &str) -> Option<(usize, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse().ok().filter(|_| digits <= 4)?;
    Some((number, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_numbered_through() {
        let staged = |start, first| Units::Staged { start, first, blocks: &[1, 2, 3] };
        assert_eq!(staged("blocks.", 0).numbered("blocks.2.1.conv_pw.weight"), "#5.conv_pw.weight");
        assert_eq!(staged("features.", 1).numbered("features.2.0.block.0.0.bias"), "#2.block.0.0.bias");
        assert_eq!(staged("block", 1).numbered("block3c_se_reduce/kernel"), "#6_se_reduce/kernel");
        for other in
            ["features.0.0.weight", "features.4.0.weight", "features.1.1.weight", "features.x", "features.1"]
        {
            assert_eq!(staged("features.", 1).numbered(other), other);
        }
        let listed = Units::Listed(&["stem", "Mixed_5b.branch1x1"]);
        assert_eq!(listed.numbered("Mixed_5b.branch1x1.conv.weight"), "#2.conv.weight");
        assert_eq!(listed.numbered("stem2.conv.weight"), "stem2.conv.weight");
    }
}
