use crate::{Device, Error, Params, Result};
use ndarray::{Array, ArrayD, Dim, Dimension, IntoDimension};
use std::collections::BTreeMap;
use std::fmt;

/// A fitted model in numbers: what [`Fitted::save`](crate::Fitted::save) gives and [`Model::load`](crate::Model::load) takes.
///
/// It is arrays under names and nothing else, so that a file of it can be checked as a whole and execute nothing. Loading takes
/// out array after array, each with the shape that it must have, and [ends](State::end) with the question whether any is left:
///
/// ```
/// use genre_bench_api::State;
/// use ndarray::{Array2, arr2};
///
/// let mut state = State::default().with("weights", arr2(&[[0.5, -1.0], [2.0, 0.25], [0.0, 0.0]]));
/// let weights: Array2<f64> = state.take("weights", [State::ANY, 2])?;
/// assert_eq!(weights.nrows(), 3);
/// state.end()?;
/// # Ok::<(), genre_bench_api::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State(BTreeMap<String, Numbers>);

/// An array of a [`State`].
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// In single precision.
    F32(ArrayD<f32>),
    /// In double precision.
    F64(ArrayD<f64>),
    /// Whole numbers: places, counts, labels.
    U64(ArrayD<u64>),
}

/// What an array of a [`State`] can be of.
pub trait Number: Copy + Sized {
    /// What it is called in messages.
    const NAME: &'static str;
    /// Wraps an array.
    fn wrap(array: ArrayD<Self>) -> Numbers;
    /// The array, if it is of these.
    fn unwrap(numbers: Numbers) -> Option<ArrayD<Self>>;
    /// Whether a model may compute with it: neither infinite nor not a number.
    fn is_sound(self) -> bool;
}

macro_rules! number {
    ($type:ty, $variant:ident, $sound:expr) => {
        impl Number for $type {
            const NAME: &'static str = stringify!($type);

            fn wrap(array: ArrayD<Self>) -> Numbers {
                Numbers::$variant(array)
            }

            fn unwrap(numbers: Numbers) -> Option<ArrayD<Self>> {
                match numbers {
                    Numbers::$variant(array) => Some(array),
                    _ => None,
                }
            }

            fn is_sound(self) -> bool {
                $sound(self)
            }
        }
    };
}
number!(f32, F32, f32::is_finite);
number!(f64, F64, f64::is_finite);
number!(u64, U64, |_| true);

impl State {
    /// A length of an axis that may be any.
    pub const ANY: usize = usize::MAX;

    /// With an array of any number of axes besides.
    pub fn with<T: Number, D: Dimension>(mut self, name: &str, array: Array<T, D>) -> Self {
        self.0.insert(name.to_owned(), T::wrap(array.into_dyn()));
        self
    }

    /// With places or counts besides.
    pub fn with_places(self, name: &str, places: impl IntoIterator<Item = usize>) -> Self {
        self.with(name, places.into_iter().map(|place| place as u64).collect::<Array<u64, _>>())
    }

    /// With one number besides.
    pub fn with_number<T: Number>(self, name: &str, number: T) -> Self {
        self.with(name, ndarray::arr0(number))
    }

    /// With another model's state besides, whose names begin with `name/` then.
    pub fn with_nested(mut self, name: &str, state: State) -> Self {
        self.0.extend(state.0.into_iter().map(|(inner, array)| (format!("{name}/{inner}"), array)));
        self
    }

    /// Takes out an array of this shape, of which [`State::ANY`] leaves a length open; in row-major order, as sums over rows depend
    /// on it in their last bits.
    ///
    /// # Errors
    ///
    /// There is no such array, it is of other numbers or of another shape, or a number is infinite or not a number.
    pub fn take<T: Number, const N: usize>(
        &mut self,
        name: &str,
        shape: [usize; N],
    ) -> Result<Array<T, Dim<[usize; N]>>>
    where
        Dim<[usize; N]>: Dimension,
        [usize; N]: IntoDimension<Dim = Dim<[usize; N]>>,
    {
        let array = self.take_any::<T>(name)?;
        let given = array.shape();
        let fits = given.len() == N
            && given.iter().zip(shape).all(|(given, wanted)| wanted == Self::ANY || *given == wanted);
        if !fits {
            let (wanted, given) = (shape_text(&shape), shape_text(given));
            return Err(Error::failed(format!("array `{name}` is of {given}, where {wanted} is expected")));
        }
        array.into_dimensionality().map_err(Error::failed)
    }

    /// Takes out an array of any shape.
    ///
    /// # Errors
    ///
    /// As [`State::take`].
    pub fn take_any<T: Number>(&mut self, name: &str) -> Result<ArrayD<T>> {
        let numbers =
            self.0.remove(name).ok_or_else(|| Error::failed(format!("there is no array `{name}`")))?;
        let kind = numbers.kind();
        let array = T::unwrap(numbers).ok_or_else(|| {
            Error::failed(format!("array `{name}` is of {kind}, where {} is expected", T::NAME))
        })?;
        if !array.iter().all(|number| number.is_sound()) {
            return Err(Error::failed(format!(
                "array `{name}` has infinite numbers, or what is not a number"
            )));
        }
        Ok(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() })
    }

    /// Takes out places or counts, `count` of them or [`State::ANY`], all less than `end`.
    ///
    /// # Errors
    ///
    /// As [`State::take`], or one is too large.
    pub fn take_places(&mut self, name: &str, count: usize, end: usize) -> Result<Vec<usize>> {
        let array = self.take::<u64, 1>(name, [count])?;
        let place = |number: &u64| usize::try_from(*number).ok().filter(|place| *place < end);
        array.iter().map(place).collect::<Option<_>>().ok_or_else(|| {
            Error::failed(format!("array `{name}` has numbers that should be less than {end}"))
        })
    }

    /// Takes out how many of `total` things belong to each of `count` parts, or of [`State::ANY`] number of parts: counts that add
    /// up to it.
    ///
    /// # Errors
    ///
    /// As [`State::take`], or they do not add up.
    pub fn take_parts(&mut self, name: &str, count: usize, total: usize) -> Result<Vec<usize>> {
        let parts = self.take_places(name, count, total.saturating_add(1))?;
        match parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(*part)) {
            Some(sum) if sum == total => Ok(parts),
            _ => Err(Error::failed(format!("array `{name}` has numbers that should add up to {total}"))),
        }
    }

    /// Takes out a number.
    ///
    /// # Errors
    ///
    /// As [`State::take`].
    pub fn take_number<T: Number>(&mut self, name: &str) -> Result<T> {
        Ok(self.take::<T, 0>(name, [])?.into_scalar())
    }

    /// Whether there is an array of this name, or a state nested under it.
    pub fn has(&self, name: &str) -> bool {
        let inside = |other: &String| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        self.0.contains_key(name) || self.0.keys().any(inside)
    }

    /// Takes out a nested state; empty where there is none.
    pub fn take_nested(&mut self, name: &str) -> State {
        let prefix = format!("{name}/");
        let all = std::mem::take(&mut self.0);
        let (inside, rest) = all.into_iter().partition(|(name, _)| name.starts_with(&prefix));
        self.0 = rest;
        let inside: BTreeMap<String, Numbers> = inside;
        State(inside.into_iter().map(|(name, array)| (name[prefix.len()..].to_owned(), array)).collect())
    }

    /// Makes sure that everything was taken.
    ///
    /// # Errors
    ///
    /// There is an array that the model does not know.
    pub fn end(self) -> Result<()> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::failed(format!("nothing is known of array `{name}`"))),
        }
    }

    /// All arrays by name.
    pub fn arrays(&self) -> impl Iterator<Item = (&str, &Numbers)> {
        self.0.iter().map(|(name, numbers)| (&**name, numbers))
    }
}

impl FromIterator<(String, Numbers)> for State {
    fn from_iter<I: IntoIterator<Item = (String, Numbers)>>(arrays: I) -> Self {
        Self(arrays.into_iter().collect())
    }
}

impl Numbers {
    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::F32(array) => array.shape(),
            Self::F64(array) => array.shape(),
            Self::U64(array) => array.shape(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
            Self::U64(_) => u64::NAME,
        }
    }
}

fn shape_text(shape: &[usize]) -> impl fmt::Display {
    let lengths = shape.iter().map(|&length| match length {
        State::ANY => "any".to_owned(),
        length => length.to_string(),
    });
    match shape {
        [] => "one number".to_owned(),
        _ => format!("shape {}", lengths.collect::<Vec<_>>().join(" x ")),
    }
}

/// What a model that is loaded will be asked about.
#[derive(Debug, Clone)]
pub struct Loading {
    /// The hyper-parameters that it was fitted with.
    pub params: Params,
    /// Columns of the table, without those that the model's card leaves out; 0 where the model does not read it.
    pub columns: usize,
    /// Rows and columns of a spectrogram; 0 where the model reads none.
    pub spectrogram: (usize, usize),
    /// Classes, of which the scores have one each.
    pub classes: usize,
    /// Threads that the model may use.
    pub threads: usize,
    /// Where a network computes.
    pub device: Device,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, arr1, arr2};

    fn state() -> State {
        let inner = State::default().with_number("share", 0.5_f32);
        State::default()
            .with("weights", arr2(&[[0.5, -1.0], [2.0, 0.25]]))
            .with_places("labels", [0, 2, 1])
            .with_nested("inner", inner)
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let mut state = state();
        let weights: Array2<f64> = state.take("weights", [2, State::ANY]).unwrap();
        assert_eq!(weights[(0, 1)], -1.0);
        let turned: Array2<f64> =
            State::default().with("x", weights.reversed_axes()).take("x", [2, 2]).unwrap();
        assert!(turned.is_standard_layout() && turned[(1, 0)] == -1.0);
        assert_eq!(state.take_places("labels", 3, 3).unwrap(), [0, 2, 1]);
        assert!(state.has("inner") && !state.has("inn"));
        let mut inner = state.take_nested("inner");
        assert_eq!(inner.take_number::<f32>("share").unwrap(), 0.5);
        assert!(inner.end().is_ok() && state.end().is_ok());
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let told = |error: Error| error.to_string();
        assert_eq!(told(state().take::<f64, 2>("bias", [1, 1]).unwrap_err()), "there is no array `bias`");
        assert_eq!(
            told(state().take::<f64, 2>("weights", [3, State::ANY]).unwrap_err()),
            "array `weights` is of shape 2 x 2, where shape 3 x any is expected"
        );
        assert_eq!(
            told(state().take::<f32, 2>("weights", [2, 2]).unwrap_err()),
            "array `weights` is of f64, where f32 is expected"
        );
        assert!(told(state().take_places("labels", 3, 2).unwrap_err()).contains("less than 2"));
        assert_eq!(state().take_parts("labels", 3, 3).unwrap(), [0, 2, 1]);
        assert!(told(state().take_parts("labels", 3, 4).unwrap_err()).contains("add up to 4"));
        let mut infinite = State::default().with("x", arr1(&[1.0_f32, f32::INFINITY]));
        assert!(told(infinite.take::<f32, 1>("x", [2]).unwrap_err()).contains("infinite"));
        let kept: Result<Array1<f64>> = state().take("weights", [4]);
        assert!(told(kept.unwrap_err()).contains("shape 4 is expected"));
        assert_eq!(told(state().end().unwrap_err()), "nothing is known of array `inner/share`");
    }
}
