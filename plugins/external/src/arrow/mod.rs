//! Examples as an Arrow IPC stream, and scores from one.
//!
//! An IPC stream is a row of messages: a schema, batches of rows, and an end. Before each stand four bytes of ones and the
//! length of its head, a flatbuffer of Arrow's `Message.fbs`; behind the head of a batch stand its columns. polars knows
//! the heads; the columns are written and read here, because what comes back must be held against what is expected before
//! anything is allocated for it, and because nothing may be copied twice.
//!
//! Follows <https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format>.

mod read;
mod write;

pub use read::scores;
pub use write::{Part, Stream};

/// In front of every message.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The length of a message that is none: the end of the stream.
const END: [u8; 4] = [0; 4];
/// Messages and columns start at multiples of so many bytes.
const ALIGNMENT: usize = 8;

fn padded(length: usize) -> usize {
    length.next_multiple_of(ALIGNMENT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::Inputs;
    use ndarray::Array2;

    /// A table as a stream, as a process would answer with it.
    fn answer(table: &Array2<f32>) -> Vec<u8> {
        let columns = (0..table.ncols()).map(|column| column.to_string()).collect();
        let inputs = Inputs { table: table.clone(), columns, ..Inputs::default() };
        let mut stream = Stream::new(vec![Part::asked(&inputs)], true, false).unwrap();
        let (mut bytes, mut block) = (Vec::new(), Vec::new());
        while stream.next_block(&mut block) {
            bytes.extend(&block);
        }
        assert_eq!(bytes.len() as u64, stream.bytes());
        bytes
    }

    #[test]
    fn a_table_comes_back() {
        for rows in [0, 1, 7, 5000] {
            let table = Array2::from_shape_fn((rows, 3), |(row, column)| (row * 3 + column) as f32 - 0.5);
            assert_eq!(scores(&answer(&table), rows, 3).unwrap(), table);
        }
    }

    #[test]
    fn a_wide_table_comes_back() {
        let table = Array2::from_shape_fn((61, 150), |(row, column)| (row * 150 + column) as f32);
        assert_eq!(scores(&answer(&table), 61, 150).unwrap(), table);
    }

    #[test]
    fn another_shape_is_told_with_both() {
        let bytes = answer(&Array2::zeros((5, 3)));
        let told = |rows, classes| scores(&bytes, rows, classes).unwrap_err();
        assert_eq!(told(5, 4), "the scores have shape (5, 3), not (5, 4)");
        assert_eq!(told(4, 3), "the scores have more than 4 rows");
        assert_eq!(told(6, 3), "the scores have shape (5, 3), not (6, 3)");
    }

    /// Whatever is cut off or changed, there is an error or there are scores of the shape, and no panic.
    #[test]
    fn a_damaged_stream_is_no_harm() {
        let bytes = answer(&Array2::from_shape_fn((9, 3), |(row, column)| (row + column) as f32));
        for end in 0..bytes.len() - 8 {
            assert!(scores(&bytes[..end], 9, 3).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= flip;
                if let Ok(read) = scores(&bytes, 9, 3) {
                    assert_eq!(read.dim(), (9, 3));
                }
            }
        }
    }
}
