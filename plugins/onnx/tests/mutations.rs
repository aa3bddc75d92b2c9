//! Graphs that are nearly right: what bytes drawn at random never make. Whatever comes of them, the program goes on.
//!
//! `cargo test --release -p genre-bench-onnx --test mutations -- --ignored` tries for `$GENRE_BENCH_FUZZ_SECONDS` (300).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench_onnx::{Limits, embed_zeros};
use prost::Message;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, TensorProto};

/// Operators to put in the place of others; and any that the list of the crate lacks is refused.
const OPERATORS: &str = "Add ArgMax AveragePool Cast Concat ConstantOfShape Conv ConvTranspose CumSum DFT DepthToSpace DequantizeLinear \
    Div Einsum Expand Flatten GRU Gather GatherElements GatherND Gemm GlobalAveragePool InstanceNormalization LRN \
    LSTM LayerNormalization MatMul Max MaxPool Mod OneHot PRelu Pad Pow QuantizeLinear RNN Range ReduceMean \
    ReduceProd Reshape Resize STFT ScatterElements ScatterND Shape Slice Softmax SpaceToDepth Split Squeeze Sub \
    Sum Tile Transpose Trilu Unsqueeze Where Xor LpNormalization HardSigmoid";
/// Attributes that operators look for.
const ATTRIBUTES: &str = "axis axes pads strides dilations kernel_shape group keepdims perm mode to alpha auto_pad output_shape \
    output_padding ceil_mode blocksize size equation hidden_size direction batch_dims transA transB onesided \
    exclusive reverse epsilon num_outputs allowzero upper";
const NUMBERS: &[i64] =
    &[-9, -2, -1, 0, 1, 2, 3, 4, 7, 8, 24, 255, 65_536, 1 << 20, 1 << 31, 1 << 40, i64::MAX, i64::MIN];
const TEXTS: &[&str] =
    &["", "SAME_UPPER", "SAME_LOWER", "VALID", "linear", "cubic", "ij,jk->ik", "...ij->", "reflect", "é"];

/// A small generator: the state after a step of it.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end.max(1)
    }

    fn of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn word(&mut self, from: &str) -> String {
        let words: Vec<&str> = from.split_whitespace().collect();
        (*self.of(&words)).to_owned()
    }
}

fn attribute(draw: &mut Draw) -> AttributeProto {
    let count = draw.below(5);
    let kind = *draw.of(&[1, 2, 3, 6, 7]);
    AttributeProto {
        name: draw.word(ATTRIBUTES),
        r#type: kind,
        i: *draw.of(NUMBERS),
        f: *draw.of(&[0.0, 1.0, -1.0, f32::NAN, f32::MAX]),
        s: draw.of(TEXTS).as_bytes().to_vec(),
        ints: (0..count).map(|_| *draw.of(NUMBERS)).collect(),
        ..AttributeProto::default()
    }
}

fn mutate_tensor(draw: &mut Draw, tensor: &mut TensorProto) {
    let count: i64 = tensor.dims.iter().product();
    match draw.below(5) {
        // The same numbers in another shape.
        0 => tensor.dims = vec![1, count],
        1 => tensor.dims = vec![count],
        2 => tensor.dims.reverse(),
        3 if tensor.data_type == 7 => {
            tensor.raw_data.clear();
            tensor.int64_data = (0..count).map(|_| *draw.of(NUMBERS)).collect();
        }
        _ => tensor.dims.push(*draw.of(NUMBERS)),
    }
}

fn mutate(draw: &mut Draw, graph: &mut GraphProto) {
    let values: Vec<String> = graph
        .node
        .iter()
        .flat_map(|node| node.output.clone())
        .chain(graph.initializer.iter().map(|t| t.name.clone()))
        .collect();
    let at = draw.below(graph.node.len());
    let node = &mut graph.node[at];
    match draw.below(9) {
        0 => node.op_type = draw.word(OPERATORS),
        1 if !node.input.is_empty() => {
            let input = draw.below(node.input.len());
            node.input[input] = draw.of(&values).clone();
        }
        2 => node.input.push(draw.of(&values).clone()),
        3 => drop(node.input.pop()),
        4 => node.attribute.push(attribute(draw)),
        5 if !node.attribute.is_empty() => {
            let old = draw.below(node.attribute.len());
            let name = node.attribute[old].name.clone();
            node.attribute[old] = AttributeProto { name, ..attribute(draw) };
        }
        6 => drop(node.attribute.pop()),
        7 => node.output.push(format!("extra{}", draw.below(3))),
        _ => {
            let tensor = draw.below(graph.initializer.len());
            mutate_tensor(draw, &mut graph.initializer[tensor]);
        }
    }
}

fn tiny(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Tries so many changed graphs, or for so long; how many were run, refused, and made tract panic.
fn attempt(first: u64, most: u64, time: Duration) -> [u64; 3] {
    let model = ModelProto::decode(std::fs::read(tiny("tiny.onnx")).unwrap().as_slice()).unwrap();
    let settings = std::fs::read_to_string(tiny("tiny.toml")).unwrap();
    let limits = Limits {
        tensor: 1 << 18,
        tensors: 1 << 20,
        multiplications: 1 << 26,
        messages: 10_000,
        ..Limits::default()
    };
    let start = Instant::now();
    let mut counts = [0; 3];
    for seed in (first..first + most).take_while(|_| start.elapsed() < time) {
        let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut changed = model.clone();
        for _ in 0..=draw.below(4) {
            mutate(&mut draw, changed.graph.as_mut().unwrap());
        }
        // What was running, should this be the last.
        if let Some(log) = std::env::var_os("GENRE_BENCH_FUZZ_LOG") {
            std::fs::write(log, seed.to_string()).unwrap();
        }
        let outcome = match embed_zeros(&settings, changed.encode_to_vec(), &limits) {
            Ok(embedding) => {
                assert!(!embedding.is_empty() && embedding.iter().all(|number| number.is_finite()));
                0
            }
            Err(error) => {
                let told = error.to_string();
                assert!(told.len() > 10 && !told.contains('\u{1b}'), "{told:?}");
                if told.contains("tract failed") { 2 } else { 1 }
            }
        };
        counts[outcome] += 1;
    }
    counts
}

#[test]
fn changed_graphs_are_run_or_refused() {
    // Panics of tract are expected, and not to be told.
    std::panic::set_hook(Box::new(|_| ()));
    let [run, refused, failed] = attempt(0, 300, Duration::from_secs(60));
    let _ = std::panic::take_hook();
    println!("{run} were run, {refused} refused, in {failed} tract panicked");
    assert!(run > 0 && refused > 0);
}

#[test]
#[ignore = "runs for minutes"]
fn changed_graphs_are_run_or_refused_for_long() {
    std::panic::set_hook(Box::new(|_| ()));
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds = variable("GENRE_BENCH_FUZZ_SECONDS").unwrap_or(300);
    let first = variable("GENRE_BENCH_FUZZ_FIRST").unwrap_or(1_000);
    let [run, refused, failed] = attempt(first, u64::MAX / 2, Duration::from_secs(seconds));
    let _ = std::panic::take_hook();
    println!("{run} were run, {refused} refused, in {failed} tract panicked");
}
