use super::global::{Called, Global, persistent};
use super::object::{Heap, Object, Place};
use super::{Read, shown};
use std::collections::HashMap;

/// What the known functions take at most.
const MOST_ARGUMENTS: usize = 16;

/// Reads one pickle, of the protocols 2 to 5, into objects. It has no recursion and executes nothing, and its memory is a
/// small multiple of the pickle's bytes.
pub(super) struct Machine<'b> {
    rest: &'b [u8],
    pub heap: Heap,
    stack: Vec<Place>,
    /// Heights of the stack that instructions come back to.
    marks: Vec<usize>,
    memo: HashMap<u32, Place>,
}

/// The objects of a pickle, the one that it is of, and what is behind it.
pub(super) struct Pickled<'b> {
    pub heap: Heap,
    pub root: Place,
    pub rest: &'b [u8],
}

/// Reads the pickle that some bytes begin with.
pub(super) fn unpickle(bytes: &[u8]) -> Read<Pickled<'_>> {
    /// Bytes of a pickle that is believed. The numbers of tensors are not in it.
    const MOST: usize = 16 << 20;
    let mut machine = Machine {
        rest: &bytes[..bytes.len().min(MOST)],
        heap: Heap::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while machine.step()? {}
    let root = machine.pop()?;
    let read = bytes.len().min(MOST) - machine.rest.len();
    Ok(Pickled { heap: machine.heap, root, rest: &bytes[read..] })
}

impl Machine<'_> {
    /// Follows an instruction; whether there is another.
    fn step(&mut self) -> Read<bool> {
        let [instruction] = self.take()?;
        match instruction {
            0x80 => {
                let [protocol] = self.take()?;
                if !(2..=5).contains(&protocol) {
                    return Err(format!("has a pickle of the protocol {protocol}; 2 to 5 are known"));
                }
            }
            // A frame says how many bytes can be read ahead.
            0x95 => self.take::<8>().map(|_| ())?,
            b'.' => return Ok(false),
            b'(' if self.marks.len() < Heap::MOST => self.marks.push(self.stack.len()),
            b'(' => return Err(too_many()),
            b'0' => self.pop().map(|_| ())?,
            b'N' => self.push(Object::None)?,
            0x88 => self.push(Object::Bool(true))?,
            0x89 => self.push(Object::Bool(false))?,
            b'J' => self.take().and_then(|int| self.push(Object::Int(i32::from_le_bytes(int).into())))?,
            b'K' => self.take().and_then(|[int]| self.push(Object::Int(int.into())))?,
            b'M' => self.take().and_then(|int| self.push(Object::Int(u16::from_le_bytes(int).into())))?,
            0x8a => self.long()?,
            b'G' => self.take::<8>().and_then(|_| self.push(Object::Float))?,
            0x8c | b'U' => {
                let [length] = self.take()?;
                self.text(length.into())?;
            }
            b'X' | b'T' => {
                let length = self.take()?;
                self.text(u32::from_le_bytes(length) as usize)?;
            }
            b')' => self.push(Object::Tuple(Vec::new()))?,
            0x85..=0x87 => self.short_tuple(usize::from(instruction - 0x84))?,
            b't' => self.back_to_mark().and_then(|items| self.push(Object::Tuple(items)))?,
            b']' => self.push(Object::List(Vec::new()))?,
            b'a' => self.pop().and_then(|item| self.append(&[item]))?,
            b'e' => self.back_to_mark().and_then(|items| self.append(&items))?,
            b'}' => self.push(Object::Dict(Vec::new()))?,
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])?;
            }
            b'u' => self.back_to_mark().and_then(|items| self.set_items(&items))?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Object::Global(Global::named(&module, &name)?))?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let named = self.heap.text(module).zip(self.heap.text(name));
                let (module, name) = named.ok_or("has a pickle with a function that has no name")?;
                self.push(Object::Global(Global::named(module, name)?))?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = persistent(id, &self.heap)?;
                self.push(Object::Storage(storage.into()))?;
            }
            b'R' => self.call()?,
            b'b' => self.build()?,
            b'q' => self.take().and_then(|[number]| self.remember(number.into()))?,
            b'r' => self.take().and_then(|number| self.remember(u32::from_le_bytes(number)))?,
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => self.take().and_then(|[number]| self.recall(number.into()))?,
            b'j' => self.take().and_then(|number| self.recall(u32::from_le_bytes(number)))?,
            other => return Err(unknown(other)),
        }
        Ok(true)
    }

    fn take<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take_slice(&mut self, length: usize) -> Read<&[u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn line(&mut self) -> Read<String> {
        let length = self.rest.iter().position(|&byte| byte == b'\n').ok_or_else(cut_off)?;
        let line = utf8(self.take_slice(length)?)?;
        self.take::<1>()?;
        Ok(line)
    }

    fn text(&mut self, length: usize) -> Read<()> {
        let text = utf8(self.take_slice(length)?)?;
        self.push(Object::Text(text))
    }

    /// A whole number of up to 255 bytes.
    fn long(&mut self) -> Read<()> {
        let [length] = self.take()?;
        let bytes = self.take_slice(length.into())?;
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let object = if bytes.len() <= 8 {
            let mut int = [sign; 8];
            int[..bytes.len()].copy_from_slice(bytes);
            Object::Int(i64::from_le_bytes(int))
        } else {
            Object::Long(bytes.to_vec())
        };
        self.push(object)
    }

    fn push(&mut self, object: Object) -> Read<()> {
        let place = self.heap.add(object).ok_or_else(too_many)?;
        self.stack.push(place);
        Ok(())
    }

    fn pop(&mut self) -> Read<Place> {
        // What is below a mark belongs to the instruction that comes back to it.
        match self.marks.last() {
            Some(mark) if self.stack.len() <= *mark => Err(unbalanced()),
            _ => self.stack.pop().ok_or_else(unbalanced),
        }
    }

    fn back_to_mark(&mut self) -> Read<Vec<Place>> {
        self.marks.pop().map(|mark| self.stack.split_off(mark)).ok_or_else(unbalanced)
    }

    fn short_tuple(&mut self, length: usize) -> Read<()> {
        let items: Read<Vec<Place>> = (0..length).map(|_| self.pop()).collect();
        let mut items = items?;
        items.reverse();
        self.push(Object::Tuple(items))
    }

    fn top(&mut self) -> Read<&mut Object> {
        let top = self.stack.last().ok_or_else(unbalanced)?;
        Ok(self.heap.get_mut(*top))
    }

    fn append(&mut self, items: &[Place]) -> Read<()> {
        match self.top()? {
            Object::List(list) => list.extend(items),
            other => return Err(format!("has a pickle that appends to {}", other.kind())),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Place]) -> Read<()> {
        let (pairs, rest) = items.as_chunks();
        match self.top()? {
            Object::Dict(_) if !rest.is_empty() => {
                return Err("has a pickle with an odd number of keys and values".into());
            }
            Object::Dict(dict) => dict.extend(pairs.iter().map(|&[key, value]| (key, value))),
            other => return Err(format!("has a pickle that sets an item of {}", other.kind())),
        }
        Ok(())
    }

    /// What calling a known function would make.
    fn call(&mut self) -> Read<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Object::Global(function) = *self.heap.get(function) else {
            return Err(format!("has a pickle that calls {}", self.heap.get(function).kind()));
        };
        let arguments = self.heap.tuple(arguments).filter(|arguments| arguments.len() <= MOST_ARGUMENTS);
        let arguments = arguments
            .ok_or("has a pickle that calls a function without arguments, or with very many")?
            .to_vec();
        match function.called(&arguments, &mut self.heap)? {
            Called::New(object) => self.push(object)?,
            Called::Argument(place) => self.stack.push(place),
        }
        Ok(())
    }

    /// Attributes of a state dict, which say of what versions its layers are; they are passed over.
    fn build(&mut self) -> Read<()> {
        let state = self.pop()?;
        let plain = matches!(self.heap.get(state), Object::Dict(_) | Object::Tuple(_));
        match self.top()? {
            Object::Dict(_) if plain => Ok(()),
            other => Err(format!("has a pickle that sets attributes of {}", other.kind())),
        }
    }

    fn remember(&mut self, number: u32) -> Read<()> {
        let top = *self.stack.last().ok_or_else(unbalanced)?;
        self.memo.insert(number, top);
        if self.memo.len() > Heap::MOST { Err(too_many()) } else { Ok(()) }
    }

    fn recall(&mut self, number: u32) -> Read<()> {
        let place = self.memo.get(&number).ok_or("has a pickle that recalls what it never made")?;
        self.stack.push(*place);
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Read<String> {
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned)
        .map_err(|_| format!("has a pickle with a name {}", shown(&String::from_utf8_lossy(bytes))))
}

fn cut_off() -> String {
    "has a pickle without an end; is the file whole?".into()
}

fn too_many() -> String {
    "has a pickle of more objects than any network's".into()
}

fn unbalanced() -> String {
    "has a pickle that takes what it never made".into()
}

fn unknown(instruction: u8) -> String {
    let name = match instruction {
        b'i' => " (INST, which makes an object of any class)",
        b'o' => " (OBJ, which makes an object of any class)",
        0x81 | 0x92 => " (NEWOBJ, which makes an object of any class)",
        0x82..=0x84 => " (EXT, which names a function by a number)",
        b'P' => " (PERSID)",
        b'I' | b'L' | b'F' | b'S' | b'V' | b'p' | b'g' | b'd' | b'l' => " (of protocol 0)",
        b'B' | b'C' | 0x8e | 0x96 => " (bytes)",
        _ => "",
    };
    format!("has a pickle with the instruction {instruction:#04x}{name}, which no state dict needs")
}
