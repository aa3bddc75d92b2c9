//! Graphs that nobody should trust: a clear error, no crash, and no memory that a file only asks for.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench_onnx::{Limits, embed_zeros};
use prost::Message;
use std::path::Path;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::type_proto::{Tensor, Value};
use tract_onnx::pb::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    StringStringEntryProto, TensorProto, TypeProto, ValueInfoProto, attribute_proto::AttributeType,
};

/// For a graph that reads `x`, 16 samples, and makes `y`.
const SETTINGS: &str = r#"
about = "a"
trained-on = "b"
licence = "c"
[samples]
rate = 8000
[windows]
length = 16
[graph]
layout = ["batch", "samples"]
output = "y"
"#;

/// Small, so that what goes beyond them is seen before there is no memory.
fn limits() -> Limits {
    Limits { tensor: 1 << 22, tensors: 1 << 23, multiplications: 1 << 30, ..Limits::default() }
}

fn node(operator: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: operator.into(),
        input: inputs.iter().map(|&input| input.into()).collect(),
        output: vec![output.into()],
        attribute,
        ..NodeProto::default()
    }
}

fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: ints.to_vec(),
        ..AttributeProto::default()
    }
}

fn floats(name: &str, dims: &[i64]) -> TensorProto {
    let count: i64 = dims.iter().product();
    let raw_data = vec![0x3f; 4 * count as usize];
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Float as i32,
        raw_data,
        ..Default::default()
    }
}

fn sizes(name: &str, numbers: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![numbers.len() as i64],
        data_type: DataType::Int64 as i32,
        int64_data: numbers.to_vec(),
        ..TensorProto::default()
    }
}

fn value(name: &str) -> ValueInfoProto {
    let tensor = Tensor { elem_type: DataType::Float as i32, shape: None };
    let of = TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(of), ..ValueInfoProto::default() }
}

fn model(node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    let graph = GraphProto {
        node,
        initializer,
        input: vec![value("x")],
        output: vec![value("y")],
        ..Default::default()
    };
    let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
    ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(graph), ..ModelProto::default() }
}

#[track_caller]
fn refused(model: &ModelProto, why: &str) {
    let error = embed_zeros(SETTINGS, model.encode_to_vec(), &limits()).expect_err(why).to_string();
    println!("{error}");
    assert!(error.contains(why), "{error}");
    assert!(!error.contains("tract failed"), "a panic: {error}");
}

/// Most memory of this process so far.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_good_graph_is_run() {
    let good = model(vec![node("Relu", &["x"], "a", vec![]), node("Neg", &["a"], "y", vec![])], vec![]);
    assert_eq!(embed_zeros(SETTINGS, good.encode_to_vec(), &limits()).unwrap().len(), 16);
}

#[test]
fn files_cut_anywhere_are_refused() {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny.onnx");
    let whole = std::fs::read(tiny).unwrap();
    let settings =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny.toml"))
            .unwrap();
    assert!(embed_zeros(&settings, whole.clone(), &limits()).is_ok());
    for length in (0..whole.len()).step_by(7) {
        let cut = embed_zeros(&settings, whole[..length].to_vec(), &limits());
        let error = cut.err().map(|e| e.to_string()).unwrap_or_else(|| panic!("{length} bytes are taken"));
        assert!(!error.contains("tract failed"), "{error}");
    }
    let junk: Vec<u8> = (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(embed_zeros(&settings, junk, &limits()).is_err());
}

#[test]
fn graphs_that_go_in_circles_are_refused() {
    let circle = vec![node("Add", &["x", "y"], "a", vec![]), node("Neg", &["a"], "y", vec![])];
    refused(&model(circle, vec![]), "the graph goes in circles");
    refused(&model(vec![node("Neg", &["y"], "y", vec![])], vec![]), "the graph goes in circles");
    let twice = vec![node("Neg", &["x"], "y", vec![]), node("Abs", &["y"], "y", vec![])];
    refused(&model(twice, vec![]), "");
}

#[test]
fn what_is_not_supported_is_named() {
    for operator in
        ["Loop", "If", "Scan", "RandomNormal", "NonZero", "StringNormalizer", "MyOperator\u{1b}[2J", ""]
    {
        refused(
            &model(vec![node(operator, &["x"], "y", vec![])], vec![]),
            "operators that are not supported",
        );
    }
    let mut other = model(vec![node("Relu", &["x"], "y", vec![])], vec![]);
    other.graph.as_mut().unwrap().node[0].domain = "com.microsoft".into();
    refused(&other, "operators that are not supported: `Relu`");
    // Unless the embedding does not need it.
    let behind = vec![node("Neg", &["x"], "y", vec![]), node("Loop", &["y"], "z", vec![])];
    assert!(embed_zeros(SETTINGS, model(behind, vec![]).encode_to_vec(), &limits()).is_ok());
    let inner =
        AttributeProto { name: "body".into(), g: Some(GraphProto::default()), ..AttributeProto::default() };
    refused(&model(vec![node("Neg", &["x"], "y", vec![inner])], vec![]), "graphs inside of a graph");
    let mut functions = model(vec![node("Neg", &["x"], "y", vec![])], vec![]);
    functions.functions.push(FunctionProto::default());
    refused(&functions, "functions of its own");
}

#[test]
fn tensors_that_lie_are_refused() {
    let with = |tensor: TensorProto| model(vec![node("Add", &["x", "w"], "y", vec![])], vec![tensor]);
    let good = floats("w", &[16]);
    assert!(embed_zeros(SETTINGS, with(good.clone()).encode_to_vec(), &limits()).is_ok());
    for dims in [
        vec![17],
        vec![1 << 40],
        vec![1 << 62, 4],
        vec![-16],
        vec![i64::MIN],
        vec![1 << 32, 1 << 32],
        vec![1; 60],
    ] {
        refused(&with(TensorProto { dims, ..good.clone() }), "has a tensor `w`");
    }
    let text = TensorProto { data_type: DataType::String as i32, raw_data: vec![], ..good.clone() };
    refused(&with(text), "of text, which is not supported");
    refused(&with(TensorProto { data_type: 99, ..good.clone() }), "of type 99, which ONNX does not have");
    refused(
        &with(TensorProto { data_type: DataType::Bfloat16 as i32, ..good.clone() }),
        "export it in float32",
    );
    for location in ["../../etc/passwd", "/etc/passwd", "weights.bin"] {
        let entry = StringStringEntryProto { key: "location".into(), value: location.into() };
        let elsewhere = TensorProto {
            data_location: Some(DataLocation::External as i32),
            external_data: vec![entry],
            raw_data: vec![],
            ..good.clone()
        };
        refused(&with(elsewhere), "whose numbers are in another file; export it as one file");
    }
}

#[test]
fn nothing_grows_beyond_the_limits() {
    let before = peak_kb();
    let huge = sizes("s", &[1 << 20, 1 << 20]);
    // Of a size that stands in the file.
    let expand = node("Expand", &["x", "s"], "y", vec![]);
    refused(&model(vec![expand], vec![sizes("s", &[1 << 20, 1, 16])]), "what it makes is of shape");
    let filled = vec![node("ConstantOfShape", &["s"], "c", vec![]), node("Add", &["x", "c"], "y", vec![])];
    refused(&model(filled, vec![huge.clone()]), "what it makes is of shape");
    let tile = node("Tile", &["x", "s"], "y", vec![]);
    refused(&model(vec![tile], vec![huge.clone()]), "");
    let pads = ints("pads", &[0, 0, 1 << 16, 1 << 16]);
    let old = node("Pad", &["x", "s"], "y", vec![pads]);
    refused(&model(vec![old], vec![sizes("s", &[0, 0, 1 << 30, 1 << 30])]), "");
    // Or doubled, many times.
    let doubled: Vec<NodeProto> = (0..60)
        .map(|i| {
            let (from, to) = (if i == 0 { "x".to_owned() } else { format!("v{i}") }, format!("v{}", i + 1));
            let axis = AttributeProto {
                name: "axis".into(),
                r#type: AttributeType::Int as i32,
                i: 1,
                ..Default::default()
            };
            node("Concat", &[&from, &from], if i == 59 { "y" } else { &to }, vec![axis])
        })
        .collect();
    refused(&model(doubled, vec![]), "what it makes is of shape");
    // Of constants, which are computed before the graph runs.
    let mut constant = vec![node("ConstantOfShape", &["s"], "c0", vec![])];
    for i in 0..60 {
        constant.push(node("Mul", &[&format!("c{i}"), &format!("c{i}")], &format!("c{}", i + 1), vec![]));
    }
    constant.push(node("Add", &["x", "c60"], "y", vec![]));
    refused(&model(constant, vec![sizes("s", &[1 << 21, 16])]), "");
    // Of the product of a column and a row.
    let outer = vec![
        node("Reshape", &["x", "column"], "a", vec![]),
        node("Mul", &["a", "w"], "b", vec![]),
        node("Reshape", &["b", "all"], "c", vec![]),
        node("Reshape", &["b", "row"], "d", vec![]),
        node("MatMul", &["c", "d"], "y", vec![]),
    ];
    let tensors = vec![
        sizes("column", &[16, 1]),
        floats("w", &[1, 1000]),
        sizes("all", &[-1, 1]),
        sizes("row", &[1, -1]),
    ];
    refused(&model(outer, tensors), "what it makes is of shape");
    assert!(peak_kb() < before + 1_000_000, "{} kB", peak_kb() - before);
}

#[test]
fn kernels_that_no_network_has_are_refused() {
    let image = || node("Reshape", &["x", "s"], "image", vec![]);
    let pool = |attributes: Vec<AttributeProto>| {
        model(vec![image(), node("MaxPool", &["image"], "y", attributes)], vec![sizes("s", &[1, 1, 4, 4])])
    };
    assert!(
        embed_zeros(SETTINGS, pool(vec![ints("kernel_shape", &[2, 2])]).encode_to_vec(), &limits()).is_ok()
    );
    for (name, numbers) in [
        ("kernel_shape", vec![1 << 40, 1]),
        ("kernel_shape", vec![1 << 15, 1 << 15]),
        ("kernel_shape", vec![0, 2]),
        ("kernel_shape", vec![-2, 2]),
    ] {
        refused(&pool(vec![ints(name, &numbers)]), "has numbers as its `kernel_shape` that no network has");
    }
    for (name, numbers) in
        [("strides", vec![0, 1]), ("dilations", vec![1 << 50, 1]), ("pads", vec![-1, 0, 0, 0])]
    {
        let attributes = vec![ints("kernel_shape", &[2, 2]), ints(name, &numbers)];
        refused(&pool(attributes), "that no network has");
    }
    // A kernel of many numbers for an image of many dots: the product would not fit.
    let image = node("Expand", &["x", "s"], "wide", vec![]);
    let reshaped = node("Reshape", &["wide", "t"], "image", vec![]);
    let conv = node("Conv", &["image", "w"], "y", vec![ints("pads", &[500, 500])]);
    let tensors = vec![sizes("s", &[4096, 16]), sizes("t", &[1, 1, -1]), floats("w", &[1, 1, 1001])];
    refused(&model(vec![image, reshaped, conv], tensors), "numbers beside its output");
}

#[test]
fn a_small_file_is_not_decoded_into_a_large_graph() {
    // Two bytes each in the file, hundreds in memory.
    let many = model(vec![NodeProto::default(); 400_000], vec![]);
    refused(&many, "more nodes and tensors than any encoder has");
    let numbers = AttributeProto { name: "n".into(), ints: vec![1; 1 << 24], ..AttributeProto::default() };
    refused(
        &model(vec![node("Neg", &["x"], "y", vec![numbers])], vec![]),
        "too many numbers that are written one by one",
    );
    // Graphs in graphs in graphs, deeper than a stack.
    let mut nested: Vec<u8> = Vec::new();
    for _ in 0..20_000 {
        // An attribute's graph in a node in a graph.
        for key in [0x32u8, 0x2a, 0x0a] {
            let mut length = nested.len();
            let mut outer = vec![key];
            while length >= 0x80 {
                outer.push(length as u8 | 0x80);
                length >>= 7;
            }
            outer.push(length as u8);
            outer.extend_from_slice(&nested);
            nested = outer;
        }
        if nested.len() > 200_000 {
            break;
        }
    }
    let mut file = vec![0x3a];
    let mut length = nested.len();
    while length >= 0x80 {
        file.push(length as u8 | 0x80);
        length >>= 7;
    }
    file.push(length as u8);
    file.extend(nested);
    let error = embed_zeros(SETTINGS, file, &limits()).expect_err("nested").to_string();
    assert!(error.contains("graphs inside of a graph") || error.contains("holds no graph"), "{error}");
}
