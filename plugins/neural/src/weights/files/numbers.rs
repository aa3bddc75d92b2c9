use super::Read;
use super::limits::Budget;
use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn};

/// More axes than any array of a network has.
const MOST_AXES: usize = 16;

/// A type of numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Numbers {
    /// Bytes of each.
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// Bytes as an array: which of the numbers there belong to it, and in which order.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub numbers: Numbers,
    pub big_endian: bool,
    /// Number that the first of the array is.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// How many numbers from one to the next along each axis.
    pub strides: Vec<usize>,
}

impl View {
    /// One number after the other, the last axis the fastest.
    pub fn contiguous(numbers: Numbers, shape: Vec<usize>) -> Read<Self> {
        let strides = steps(shape.iter().rev())?.into_iter().rev().collect();
        Ok(Self { numbers, big_endian: false, offset: 0, shape, strides })
    }

    /// The same with the first axis the fastest, as Fortran has it.
    pub fn fortran(numbers: Numbers, shape: Vec<usize>) -> Read<Self> {
        let strides = steps(shape.iter())?;
        Ok(Self { numbers, big_endian: false, offset: 0, shape, strides })
    }

    /// How many numbers the array has.
    pub fn count(&self) -> Read<usize> {
        let count = self.shape.iter().try_fold(1_usize, |count, &axis| count.checked_mul(axis));
        count.ok_or_else(|| format!("says that an array has the shape {:?}", self.shape))
    }

    /// The array, as f32 rounded to the nearest.
    pub fn array(&self, bytes: &[u8], budget: &mut Budget) -> Read<ArrayD<f32>> {
        let Self { shape, strides, .. } = self;
        if shape.len() > MOST_AXES || shape.len() != strides.len() {
            return Err(format!("has an array of {} axes with {} strides", shape.len(), strides.len()));
        }
        let count = self.count()?;
        self.within(count, bytes.len() / self.numbers.size())?;
        budget.array(count)?;
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|e| format!("has an array of {count} numbers: {e}"))?;
        self.fill(&mut values, count, bytes);
        ArrayD::from_shape_vec(IxDyn(shape), values)
            .map_err(|e| format!("has an array of shape {shape:?}: {e}"))
    }

    /// Refuses an array that reaches beyond the numbers there are.
    fn within(&self, count: usize, there: usize) -> Read<()> {
        if count == 0 {
            return Ok(());
        }
        let reach = |last: Option<usize>, (&axis, &stride): (&usize, &usize)| {
            last?.checked_add((axis - 1).checked_mul(stride)?)
        };
        match self.shape.iter().zip(&self.strides).fold(Some(self.offset), reach) {
            Some(last) if last < there => Ok(()),
            _ => Err(format!(
                "is not whole, or lies: an array of shape {:?} from the number {} on, of which {there} are there",
                self.shape, self.offset
            )),
        }
    }

    fn fill(&self, values: &mut Vec<f32>, count: usize, bytes: &[u8]) {
        match self.numbers {
            Numbers::F64 => self.convert(values, count, bytes, |b, big| {
                (if big { f64::from_be_bytes(b) } else { f64::from_le_bytes(b) }) as f32
            }),
            Numbers::F32 => self.convert(values, count, bytes, |b, big| {
                if big { f32::from_be_bytes(b) } else { f32::from_le_bytes(b) }
            }),
            Numbers::F16 => self.convert(values, count, bytes, |b, big| {
                (if big { f16::from_be_bytes(b) } else { f16::from_le_bytes(b) }).to_f32()
            }),
            Numbers::Bf16 => self.convert(values, count, bytes, |b, big| {
                (if big { bf16::from_be_bytes(b) } else { bf16::from_le_bytes(b) }).to_f32()
            }),
            Numbers::I64 => self.convert(values, count, bytes, |b, big| {
                (if big { i64::from_be_bytes(b) } else { i64::from_le_bytes(b) }) as f32
            }),
            Numbers::I32 => self.convert(values, count, bytes, |b, big| {
                (if big { i32::from_be_bytes(b) } else { i32::from_le_bytes(b) }) as f32
            }),
            Numbers::I16 => self.convert(values, count, bytes, |b, big| {
                f32::from(if big { i16::from_be_bytes(b) } else { i16::from_le_bytes(b) })
            }),
            Numbers::I8 => self.convert(values, count, bytes, |[b], _| f32::from(b.cast_signed())),
            Numbers::U8 => self.convert(values, count, bytes, |[b], _| f32::from(b)),
            Numbers::Bool => self.convert(values, count, bytes, |[b], _| f32::from(u8::from(b != 0))),
        }
    }

    /// All places are within the bytes.
    fn convert<const N: usize>(
        &self,
        values: &mut Vec<f32>,
        count: usize,
        bytes: &[u8],
        to_f32: impl Fn([u8; N], bool) -> f32,
    ) {
        if count == 0 {
            return;
        }
        let (places, _) = bytes.as_chunks::<N>();
        let Some((&row, &step)) = self.shape.last().zip(self.strides.last()) else {
            values.push(to_f32(places[self.offset], self.big_endian));
            return;
        };
        let outer = self.shape.len() - 1;
        let mut index = [0; MOST_AXES];
        let mut start = self.offset;
        loop {
            match step {
                1 => values.extend(places[start..start + row].iter().map(|&b| to_f32(b, self.big_endian))),
                _ => values.extend((0..row).map(|i| to_f32(places[start + i * step], self.big_endian))),
            }
            // The next row: the last axis but one is the fastest.
            let mut axis = outer;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                index[axis] += 1;
                start += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                start -= index[axis] * self.strides[axis];
                index[axis] = 0;
            }
        }
    }
}

/// Strides of axes side by side, the first of these the fastest.
fn steps<'a>(axes: impl Iterator<Item = &'a usize>) -> Read<Vec<usize>> {
    let mut step = 1_usize;
    axes.map(|&axis| {
        let this = step;
        step =
            step.checked_mul(axis.max(1)).ok_or("says that an array has more numbers than can be counted")?;
        Ok(this)
    })
    .collect()
}
