//! Names of others (classes, files, models) as text of XML and HTML.

use crate::util::shown::one_line;
use std::fmt::Write as _;

/// A text for the content of elements and for quoted attributes, on one line: it can neither end the element or
/// attribute that it stands in nor change the direction of what stands beside it.
pub fn escaped(text: &str) -> String {
    let shown = one_line(text);
    let mut out = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A number with at most two decimals and no more digits than it needs.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let mut text = String::new();
    let _ = write!(text, "{value:.2}"); // writing to a string cannot fail
    let short = text.trim_end_matches('0').trim_end_matches('.');
    let short = short.strip_prefix("0.").map_or_else(|| short.to_owned(), |digits| format!(".{digits}"));
    match short.as_str() {
        "" | "-0" => "0".to_owned(),
        short => short.strip_prefix("-0.").map_or_else(|| short.to_owned(), |digits| format!("-.{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        assert_eq!(
            escaped("<script>alert('x')</script>\n\"&\u{202e}\u{0}\u{ffff}"),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}&quot;&amp;\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn numbers_are_short() {
        let of = [(1.0, "1"), (0.5, ".5"), (-0.25, "-.25"), (-0.001, "0"), (12.346, "12.35"), (100.0, "100")];
        of.iter().for_each(|(value, text)| assert_eq!(number(*value), *text));
        assert_eq!(number(f64::NAN), "0");
    }
}
