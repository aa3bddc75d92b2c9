//! How files of other programs call what we call otherwise, as tables.
//!
//! ```text
//! pattern  one rule: a name with places for numbers, and ours with the same places
//! resnet  vgg19
//! ```

mod pattern;
mod resnet;
mod vgg19;

use super::layout::Layout;
use crate::layers::Preprocessing;

/// The names that one program gives the arrays of one architecture.
#[derive(Debug)]
pub struct Naming {
    /// Whose names these are, as a user is told: `torchvision, timm`.
    pub of: &'static str,
    /// How these programs make numbers of pictures for this architecture.
    pub preprocessing: Preprocessing,
    /// The first rule that fits a name says what we call it. In groups, because programs share some.
    pub rules: &'static [&'static [Rule]],
    /// Ends of our names that such files lack, and the value that all numbers there have instead.
    pub constants: &'static [(&'static str, f32)],
    /// Ends of their names of what we do not keep.
    pub ignored: &'static [&'static str],
}

/// Their name, ours, and how their axes are laid out.
///
/// `{a}` stands for a number, which ours takes over or, as `{a+1}` or `{a-1}`, counts from another start; `{*}` at the end
/// for anything without a dot or slash.
pub type Rule = (&'static str, &'static str, Layout);

/// How arrays of an architecture are called elsewhere; empty where we know of nobody.
pub fn of(architecture: &str) -> &'static [Naming] {
    match architecture {
        "resnet18" => resnet::OF_18,
        "resnet50" => resnet::OF_50,
        "vgg19" => vgg19::ALL,
        _ => &[],
    }
}

impl Naming {
    /// Our name for theirs, and how it is laid out.
    pub(super) fn ours(&self, theirs: &str) -> Option<(String, Layout)> {
        self.rules.iter().copied().flatten().find_map(|(their_pattern, our_pattern, layout)| {
            pattern::translate(their_pattern, our_pattern, theirs).map(|ours| (ours, *layout))
        })
    }

    pub(super) fn ignores(&self, theirs: &str) -> bool {
        self.ignored.iter().any(|end| theirs.ends_with(end))
    }

    pub(super) fn constant(&self, ours: &str) -> Option<f32> {
        self.constants.iter().find(|(end, _)| ours.ends_with(end)).map(|(_, value)| *value)
    }
}
