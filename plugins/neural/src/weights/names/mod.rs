//! How files of other programs call what we call otherwise, as tables.
//!
//! ```text
//! pattern  one rule: a name with places for numbers, and ours with the same places
//! units    how blocks that we number through are named by stages
//! keras    rules that Keras's layers share
//! resnet  vgg19  inverted_residuals  inception  resnet_v2
//! ```

mod inception;
mod inverted_residuals;
mod keras;
mod pattern;
mod resnet;
mod resnet_v2;
mod units;
mod vgg19;

use super::layout::Layout;
use crate::layers::{Framework, Preprocessing};
pub use units::Units;

/// The names that one program gives the arrays of one architecture.
#[derive(Debug)]
pub struct Naming {
    /// Whose names these are, as a user is told: `torchvision, timm`.
    pub of: &'static str,
    /// Whose layers these weights are of, where frameworks differ: padding, what is added to the variance, where a stride is.
    pub framework: Framework,
    /// How the blocks are named that we number through.
    pub units: Units,
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
        "mobilenetv2" => inverted_residuals::MOBILENET_V2,
        "efficientnet-b0" => inverted_residuals::EFFICIENTNET_B0,
        "efficientnet-lite0" => inverted_residuals::EFFICIENTNET_LITE0,
        "inceptionv3" => inception::ALL,
        "resnet152v2" => resnet_v2::ALL,
        _ => &[],
    }
}

/// The naming that most of these names fit, the first of several; none where none fits.
pub fn likely<'n>(
    namings: &'n [Naming],
    names: impl Iterator<Item = &'n String> + Clone,
) -> Option<&'n Naming> {
    let fitting = |naming: &Naming, wrapper: &str| {
        let inner = names.clone().filter_map(|name| name.strip_prefix(wrapper));
        inner.filter(|inner| !naming.ignores(inner) && naming.ours(inner).is_some()).count()
    };
    let counted = namings
        .iter()
        .map(|naming| (naming, WRAPPERS.iter().map(|wrapper| fitting(naming, wrapper)).max().unwrap_or(0)));
    let best = counted.fold(None, |best: Option<(&Naming, usize)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    });
    best.filter(|(_, count)| *count > 0).map(|(naming, _)| naming)
}

/// What wrappers of networks put before every name: `DataParallel`, `torch.compile`, Lightning's and timm's trainers.
pub(super) const WRAPPERS: [&str; 5] = ["", "module.", "_orig_mod.", "model.", "backbone."];

impl Naming {
    /// Our name for theirs, and how it is laid out.
    pub fn ours(&self, theirs: &str) -> Option<(String, Layout)> {
        let theirs = &self.units.numbered(theirs);
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
