//! `layer{s}.{b}.conv{c}.{*}` as `stage{s}.block{b+1}.convolution{c}.{*}`.

/// Digits of a number in a name.
const MOST_DIGITS: usize = 4;

/// What stands in a place of a pattern.
#[derive(Debug, Clone, Copy)]
enum Value<'n> {
    Number(i32),
    Rest(&'n str),
}

/// Our name for one that fits their pattern.
pub(super) fn translate(theirs: &str, ours: &str, name: &str) -> Option<String> {
    write(ours, &read(theirs, name)?)
}

/// What stands in the places of a name that fits the pattern, by the places' names.
fn read<'n>(pattern: &'n str, name: &'n str) -> Option<Vec<(&'n str, Value<'n>)>> {
    let (mut pattern, mut name, mut values) = (pattern, name, Vec::new());
    while let Some((plain, place, behind)) = next_place(pattern) {
        name = name.strip_prefix(plain)?;
        let value;
        if place == "*" {
            value = Value::Rest(name);
            let is_rest = !name.is_empty() && !name.contains(['.', '/']);
            name = if is_rest { "" } else { return None };
        } else {
            let digits = name.bytes().take_while(u8::is_ascii_digit).count();
            value = Value::Number(name[..digits].parse().ok().filter(|_| digits <= MOST_DIGITS)?);
            name = &name[digits..];
        }
        values.push((place, value));
        pattern = behind;
    }
    (name == pattern).then_some(values)
}

fn write(pattern: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
    let (mut pattern, mut name) = (pattern, String::new());
    while let Some((plain, place, behind)) = next_place(pattern) {
        name += plain;
        let letters = place.trim_end_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        let shift = &place[letters.len()..];
        match values.iter().find(|(of, _)| *of == letters)?.1 {
            Value::Number(number) => {
                let shift = if shift.is_empty() { 0 } else { shift.parse::<i32>().ok()? };
                name += &(number + shift).to_string();
            }
            Value::Rest(rest) => name += rest,
        }
        pattern = behind;
    }
    Some(name + pattern)
}

/// What is before the first place of a pattern, the place without its braces, and what is behind.
fn next_place(pattern: &str) -> Option<(&str, &str, &str)> {
    let (plain, rest) = pattern.split_once('{')?;
    let (place, behind) = rest.split_once('}')?;
    Some((plain, place, behind))
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn names_are_translated_by_their_places() {
        let translated = |name| translate("layer{s}.{b}.conv{c}.{*}", "stage{s}.block{b+1}.c{c-1}.{*}", name);
        assert_eq!(translated("layer1.0.conv2.weight").as_deref(), Some("stage1.block1.c1.weight"));
        assert_eq!(translated("layer3.35.conv1.bias").as_deref(), Some("stage3.block36.c0.bias"));
        for other in [
            "layer1.0.conv2",
            "layer1.0.conv2.",
            "layer.0.conv2.w",
            "xlayer1.0.conv2.w",
            "layer1.0.conv2.a.b",
            "layer99999.0.conv1.w",
            "layer1.0.bn1.w",
            "",
        ] {
            assert_eq!(translated(other), None, "{other}");
        }
        assert_eq!(translate("fc/kernel", "output.weight", "fc/kernel").as_deref(), Some("output.weight"));
        assert_eq!(translate("fc/kernel", "output.weight", "fc/kernels"), None);
    }
}
