//! Walks over Thrift's compact protocol by a grammar, allocating nothing.

use super::limits::LimitError;

/// A value, as its reader takes it to be.
#[derive(Debug)]
pub enum Kind {
    /// In the field's type.
    Bool,
    /// One byte.
    Byte,
    /// A whole number of any width.
    Int,
    /// A whole number; how many are positive is counted.
    Counted,
    /// A whole number that is kept at a place.
    Noted(usize),
    /// Its length and its bytes.
    Binary,
    /// Values of one kind.
    List(&'static Kind),
    /// Numbered fields; others are passed over.
    Struct(&'static [(i16, Kind)]),
}

/// Structs in structs that are passed over.
const MAX_DEPTH: usize = 32;
/// No element of a list of structs takes fewer bytes.
const SMALLEST_STRUCT: usize = 3;

/// A place in some bytes.
#[derive(Debug)]
pub struct Walker<'a> {
    rest: &'a [u8],
    /// How many numbers of the kind [`Kind::Counted`] are positive.
    pub counted: usize,
    /// The last numbers of the kind [`Kind::Noted`].
    pub noted: [i64; 7],
}

impl<'a> Walker<'a> {
    /// At the start of some bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, counted: 0, noted: [0; 7] }
    }

    /// Whether no bytes are left.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Walks over a struct.
    ///
    /// # Errors
    ///
    /// A field is of another kind than in the grammar, a list has more elements than the bytes have room for, or the
    /// bytes end.
    pub fn fields(&mut self, fields: &[(i16, Kind)], depth: usize) -> Result<(), LimitError> {
        if depth > MAX_DEPTH {
            return Err(broken());
        }
        let mut id = 0_i16;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            id = match header >> 4 {
                0 => i16::try_from(self.int()?).map_err(|_| broken())?,
                more => id.checked_add(more.into()).ok_or_else(broken)?,
            };
            let wire = header & 15;
            match fields.iter().find(|(known, _)| *known == id) {
                Some((_, kind)) if !kind.is_written_as(wire) => return Err(broken()),
                Some((_, kind)) => self.value(kind, depth)?,
                None => self.unknown(wire, depth)?,
            }
        }
    }

    fn value(&mut self, kind: &Kind, depth: usize) -> Result<(), LimitError> {
        match kind {
            Kind::Bool => Ok(()),
            Kind::Byte => self.byte().map(|_| ()),
            Kind::Int => self.int().map(|_| ()),
            Kind::Counted => self.int().map(|number| self.counted += usize::from(number > 0)),
            Kind::Noted(place) => self.int().map(|number| self.noted[*place] = number),
            Kind::Binary => self.binary(),
            Kind::Struct(fields) => self.fields(fields, depth + 1),
            Kind::List(kind) => {
                let (wire, count) = self.list()?;
                let smallest = if let Kind::Struct(_) = kind { SMALLEST_STRUCT } else { 1 };
                if count > 0 && !kind.is_written_as(wire) || count > self.rest.len() / smallest {
                    return Err(broken());
                }
                (0..count).try_for_each(|_| self.value(kind, depth + 1))
            }
        }
    }

    /// Passes over a value of which only the type is known.
    fn unknown(&mut self, wire: u8, depth: usize) -> Result<(), LimitError> {
        match wire {
            1 | 2 => Ok(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.int().map(|_| ()),
            7 => self.skip(8),
            8 => self.binary(),
            9 | 10 => {
                let (wire, count) = self.list()?;
                // In a list each truth has a byte of its own.
                let wire = if wire <= 2 { 3 } else { wire };
                if count > self.rest.len() || depth > MAX_DEPTH {
                    return Err(broken());
                }
                (0..count).try_for_each(|_| self.unknown(wire, depth + 1))
            }
            12 => self.fields(&[], depth + 1),
            // Maps, which no metadata have.
            _ => Err(broken()),
        }
    }

    /// The type of a list's elements, and how many there are.
    fn list(&mut self) -> Result<(u8, usize), LimitError> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => usize::try_from(self.unsigned()?).map_err(|_| broken())?,
            count => count.into(),
        };
        Ok((header & 15, count))
    }

    fn binary(&mut self) -> Result<(), LimitError> {
        let length = self.unsigned()?;
        self.skip(usize::try_from(length).map_err(|_| broken())?)
    }

    fn int(&mut self) -> Result<i64, LimitError> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }

    fn unsigned(&mut self) -> Result<u64, LimitError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err(broken())
    }

    fn byte(&mut self) -> Result<u8, LimitError> {
        let (first, rest) = self.rest.split_first().ok_or_else(broken)?;
        self.rest = rest;
        Ok(*first)
    }

    /// Passes over some bytes.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn skip(&mut self, count: usize) -> Result<(), LimitError> {
        self.rest = self.rest.get(count..).ok_or_else(broken)?;
        Ok(())
    }
}

impl Kind {
    fn is_written_as(&self, wire: u8) -> bool {
        match self {
            Self::Bool => matches!(wire, 1 | 2),
            Self::Byte => wire == 3,
            Self::Int | Self::Counted | Self::Noted(_) => matches!(wire, 4..=6),
            Self::Binary => wire == 8,
            Self::List(_) => wire == 9,
            Self::Struct(_) => wire == 12,
        }
    }
}

fn broken() -> LimitError {
    LimitError::broken("its metadata are not what Parquet's are")
}
