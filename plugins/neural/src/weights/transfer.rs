use super::WeightsFile;
use super::files::shown;
use super::layout::Layout;
use super::names::{Naming, WRAPPERS};
use crate::failure::failed;
use crate::layers::{Preprocessing, Weights};
use candle_core::{Device, Tensor, Var};
use genre_bench_api::{Error, Result};
use ndarray::ArrayD;
use std::collections::BTreeMap;
use std::fmt;

/// Names that an error or a note lists before it counts the rest.
const MOST_LISTED: usize = 5;

/// Which weights of a network are taken from a file, and how the file may call them.
#[derive(Debug, Clone, Copy)]
pub struct Transfer<'t> {
    /// Other programs' names that are tried beside our own.
    pub namings: &'t [Naming],
    /// Starts of our names of the last layer, `output.`: where a file has it for another number of classes, it stays as
    /// it was drawn.
    pub head: &'t [&'t str],
    /// Starts of our names that a file may lack; they stay as they were drawn.
    pub may_lack: &'t [&'t str],
}

/// What became of a network's weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// Whose names the file has.
    pub names_of: &'static str,
    /// How the pictures were made numbers that they were trained on.
    pub preprocessing: Preprocessing,
    /// How many of the network's arrays are the file's now.
    pub arrays: usize,
    /// How many numbers these have.
    pub values: usize,
    /// Our names of what stays as it was drawn.
    pub fresh: Vec<String>,
    /// The file's names of what no place was found for.
    pub unused: Vec<String>,
}

impl fmt::Display for Transferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names_of, arrays, values, fresh, unused, .. } = self;
        write!(f, "{arrays} arrays, {values} numbers, taken by the names of {names_of}")?;
        if !fresh.is_empty() {
            write!(f, "; fresh: {}", listed(fresh))?;
        }
        if !unused.is_empty() {
            write!(f, "; unused: {}", listed(unused))?;
        }
        Ok(())
    }
}

impl Transfer<'_> {
    /// Puts a file's arrays into the weights of a network: all that have a place, or, where anything is wrong, none.
    ///
    /// # Errors
    ///
    /// An array of another shape or with numbers that are not finite, two arrays for one place, or a weight that the
    /// file does not have.
    pub fn apply(&self, file: WeightsFile, weights: &Weights) -> Result<Transferred> {
        let vars: BTreeMap<&str, &Var> =
            weights.trainable.iter().chain(&weights.buffers).map(|(name, var)| (&**name, var)).collect();
        let WeightsFile { path, mut arrays, .. } = file;
        let Plan { names_of, mut places, naming, unused, doubled } = self.plan(arrays.keys(), &vars);

        let (mut made, mut fresh, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut wrong = doubled;
        for (&name, &var) in &vars {
            let is = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
            let array = places.remove(name).and_then(|(theirs, layout)| {
                arrays.remove(&theirs).map(|array| (theirs, layout.as_torch(array)))
            });
            match array {
                Some((_, Some(array))) if is(self.head) && of_other_classes(array.shape(), var.dims()) => {
                    fresh.push(name.to_owned());
                }
                Some((theirs, array)) => match fitting(array, var.dims()) {
                    Ok(array) => made.push((var, array)),
                    Err(why) => wrong.push(format!("{} {why}", shown(&theirs))),
                },
                None => match naming.and_then(|naming| naming.constant(name)) {
                    Some(value) => made.push((var, ArrayD::from_elem(var.dims(), value))),
                    None if is(self.may_lack) => fresh.push(name.to_owned()),
                    None => missing.push(name.to_owned()),
                },
            }
        }
        if !missing.is_empty() {
            wrong.insert(0, format!("nothing in it is {}", listed(&missing)));
            if !unused.is_empty() {
                wrong.insert(1, format!("there is no place for its {}", listed(&unused)));
            }
        }
        if !wrong.is_empty() {
            let path = path.display();
            let rest = wrong.len().saturating_sub(MOST_LISTED);
            wrong.truncate(MOST_LISTED);
            let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
            let wrong = wrong.join("; ");
            return Err(Error::failed(format!(
                "{path}: are not the weights of this network, by the names of {names_of}: {wrong}{more}"
            )));
        }
        let counts = (made.len(), made.iter().map(|(_, array)| array.len()).sum());
        for (var, array) in made {
            put(var, array).map_err(failed)?;
        }
        let preprocessing = naming.map_or(Preprocessing::default(), |naming| naming.preprocessing);
        Ok(Transferred { names_of, preprocessing, arrays: counts.0, values: counts.1, fresh, unused })
    }

    /// By the names under which most of the file has a place.
    fn plan<'f>(
        &self,
        theirs: impl Iterator<Item = &'f String> + Clone,
        vars: &BTreeMap<&str, &Var>,
    ) -> Plan<'_> {
        let namings = std::iter::once(None).chain(self.namings.iter().map(Some));
        let ways = namings.flat_map(|naming| WRAPPERS.map(|wrapper| (naming, wrapper)));
        let plans = ways.map(|(naming, wrapper)| Plan::of(naming, wrapper, theirs.clone(), vars));
        let own = Plan::of(None, "", theirs.clone(), vars);
        // The first of equals, which is the plainest.
        plans.fold(own, |best, next| if next.places.len() > best.places.len() { next } else { best })
    }
}

/// Where the arrays of a file belong.
struct Plan<'n> {
    names_of: &'static str,
    /// The file's name and layout of an array by our name of its place.
    places: BTreeMap<String, (String, Layout)>,
    naming: Option<&'n Naming>,
    unused: Vec<String>,
    /// What is wrong where two arrays have one place.
    doubled: Vec<String>,
}

impl<'n> Plan<'n> {
    /// By the names of a naming, or else by our own, behind a wrapper's.
    fn of<'f>(
        naming: Option<&'n Naming>,
        wrapper: &str,
        theirs: impl Iterator<Item = &'f String>,
        vars: &BTreeMap<&str, &Var>,
    ) -> Self {
        let names_of = naming.map_or("this program", |naming| naming.of);
        let mut plan =
            Self { names_of, places: BTreeMap::new(), naming, unused: Vec::new(), doubled: Vec::new() };
        for name in theirs {
            let Some(inner) = name.strip_prefix(wrapper) else {
                plan.unused.push(name.clone());
                continue;
            };
            let ours = match naming {
                Some(naming) if naming.ignores(inner) => continue,
                Some(naming) => naming.ours(inner),
                None => Some((inner.to_owned(), Layout::Same)),
            };
            match ours.filter(|(ours, _)| vars.contains_key(&**ours)) {
                Some((ours, layout)) => {
                    if let Some((other, _)) = plan.places.insert(ours.clone(), (name.clone(), layout)) {
                        plan.doubled.push(format!(
                            "{} and {} are both our `{ours}`",
                            shown(&other),
                            shown(name)
                        ));
                    }
                }
                None => plan.unused.push(name.clone()),
            }
        }
        plan
    }
}

/// Whether two shapes of a last layer differ in the number of classes alone.
fn of_other_classes(theirs: &[usize], ours: &[usize]) -> bool {
    match (theirs.split_first(), ours.split_first()) {
        (Some((their_classes, theirs)), Some((our_classes, ours))) => {
            their_classes != our_classes && theirs == ours
        }
        _ => false,
    }
}

/// An array as it may be put into a weight of this shape, or why it may not.
fn fitting(array: Option<ArrayD<f32>>, shape: &[usize]) -> std::result::Result<ArrayD<f32>, String> {
    let array = array.ok_or_else(|| format!("has not the axes of a weight of shape {shape:?}"))?;
    if array.shape() != shape {
        return Err(format!("has the shape {:?}, where {shape:?} belongs", array.shape()));
    }
    match array.iter().filter(|value| !value.is_finite()).count() {
        0 => Ok(array),
        count => Err(format!("has {count} numbers that are not finite")),
    }
}

fn put(var: &Var, array: ArrayD<f32>) -> candle_core::Result<()> {
    let shape = array.shape().to_vec();
    // In the order of the axes, as all arrays of files and layouts are.
    let (values, _) = array.into_raw_vec_and_offset();
    let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
    var.set(&tensor.to_dtype(var.dtype())?.to_device(var.device())?)
}

/// `a, b and 3 more`.
fn listed(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(MOST_LISTED).map(|name| shown(name)).collect();
    let more = names.len().saturating_sub(MOST_LISTED);
    let first = first.join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}
