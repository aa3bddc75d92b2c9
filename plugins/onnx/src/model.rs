//! The part of a graph that leads to the embedding, checked.

use crate::limits::Limits;
use crate::settings::GraphSettings;
use crate::wire;
use prost::Message;
use std::collections::HashSet;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::type_proto::{Tensor as TensorType, Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto, ValueInfoProto,
    tensor_shape_proto,
};

type Checked<T> = Result<T, String>;

/// Operators that a graph may have: those of networks that compute the same for the same input and end after as many steps
/// as their shapes say. No loops and conditions, random numbers, text, trees, or sizes that depend on the numbers.
const OPERATORS: &[&str] = &[
    "Abs",
    "Acos",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "Asin",
    "Atan",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "CastLike",
    "Ceil",
    "Celu",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "Cos",
    "CumSum",
    "DFT",
    "DepthToSpace",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Floor",
    "GRU",
    "Gather",
    "GatherElements",
    "GatherND",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalLpPool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GroupNormalization",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "Identity",
    "InstanceNormalization",
    "LRN",
    "LSTM",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "OneHot",
    "Or",
    "PRelu",
    "Pad",
    "Pow",
    "QuantizeLinear",
    "RNN",
    "Range",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "Round",
    "STFT",
    "ScatterElements",
    "ScatterND",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tan",
    "Tanh",
    "Tile",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "Xor",
];

/// Operators that must not work on constants alone: what they need beside their output is only known of the whole graph.
const ON_INPUTS: &[&str] = &[
    "AveragePool",
    "Conv",
    "ConvTranspose",
    "DFT",
    "GRU",
    "LRN",
    "LSTM",
    "MaxPool",
    "RNN",
    "Resize",
    "STFT",
];

/// Most axes of a tensor.
const MOST_AXES: usize = 8;
/// Whole numbers are shapes, axes and places: larger ones are no network's, and overflow.
const LARGEST: i64 = 1 << 31;
/// Longest side, step or padding of a kernel, and most of its elements.
const LONGEST_SIDE: i64 = 1 << 16;
const LARGEST_KERNEL: i64 = 1 << 20;

/// A graph from its input to one value, without what that does not need.
pub(crate) struct Model {
    /// The graph alone, without what a file says beside it. Its input has no shape.
    pub(crate) proto: ModelProto,
    /// Names of what goes in and comes out.
    pub(crate) input: String,
    pub(crate) output: String,
    /// Lengths of the input's axes, none where the file leaves them open; None if it says nothing.
    pub(crate) declared: Option<Vec<Option<usize>>>,
}

impl Model {
    /// Reads the bytes of an ONNX file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence whose subject is the file.
    pub(crate) fn read(bytes: &[u8], settings: &GraphSettings, limits: &Limits) -> Checked<Self> {
        wire::walk(bytes, limits)?;
        let model = ModelProto::decode(bytes).map_err(|e| format!("is no ONNX file: {e}"))?;
        let opset = model.opset_import;
        let graph = model.graph.ok_or("holds no graph: is it an ONNX file?")?;
        let input = choose_input(&graph, settings.input.as_deref())?;
        let declared = declared(&input)?;
        let output = choose_output(&graph, settings.output.as_deref())?;
        let mut graph = needed(graph, &output);
        check(&graph, &input.name, &output, limits)?;
        // Names may come twice, and mean nothing.
        graph.node.iter_mut().for_each(|node| node.name.clear());
        let of_type = |elem_type| TypeProto {
            value: Some(Value::TensorType(TensorType { elem_type, shape: None })),
            ..TypeProto::default()
        };
        let float = of_type(DataType::Float as i32);
        graph.input =
            vec![ValueInfoProto { name: input.name.clone(), r#type: Some(float), ..Default::default() }];
        graph.output = vec![ValueInfoProto { name: output.clone(), ..Default::default() }];
        let proto = ModelProto {
            ir_version: model.ir_version,
            opset_import: opset,
            graph: Some(graph),
            ..ModelProto::default()
        };
        Ok(Self { proto, input: input.name, output, declared })
    }
}

/// What a graph has, for people who write its settings: names of its inputs and outputs.
pub(crate) fn describe(bytes: &[u8], limits: &Limits) -> Checked<String> {
    wire::walk(bytes, limits)?;
    let model = ModelProto::decode(bytes).map_err(|e| format!("is no ONNX file: {e}"))?;
    let graph = model.graph.ok_or("holds no graph: is it an ONNX file?")?;
    let shape = |value: &ValueInfoProto| {
        let axes = declared(value).ok().flatten().unwrap_or_default();
        let axis = |length: &Option<usize>| length.map_or("?".to_owned(), |length| length.to_string());
        format!("`{}` ({})", shown(&value.name), axes.iter().map(axis).collect::<Vec<_>>().join("×"))
    };
    let inputs: Vec<String> = open_inputs(&graph).take(8).map(shape).collect();
    let outputs: Vec<String> = graph.output.iter().take(8).map(shape).collect();
    Ok(format!("the graph reads {} and makes {}", inputs.join(", "), outputs.join(", ")))
}

/// Inputs that have no default.
fn open_inputs(graph: &GraphProto) -> impl Iterator<Item = &ValueInfoProto> {
    let given: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    graph.input.iter().filter(move |input| !given.contains(input.name.as_str()))
}

fn choose_input(graph: &GraphProto, name: Option<&str>) -> Checked<ValueInfoProto> {
    let inputs: Vec<&ValueInfoProto> = open_inputs(graph).collect();
    let names = || names(inputs.iter().map(|input| input.name.as_str()));
    match (name, inputs.as_slice()) {
        (None, [input]) => Ok((*input).clone()),
        (None, []) => Err("has a graph without an input".to_owned()),
        (None, _) => Err(format!("has several inputs: say with graph.input which of them, {}", names())),
        (Some(name), _) => {
            let found = inputs.iter().find(|input| input.name == name);
            found.map(|input| (*input).clone()).ok_or_else(|| {
                format!("has no input `{}`, which graph.input names; it has {}", shown(name), names())
            })
        }
    }
}

fn choose_output(graph: &GraphProto, name: Option<&str>) -> Checked<String> {
    let outputs = || names(graph.output.iter().map(|output| output.name.as_str()));
    match name {
        None => graph
            .output
            .first()
            .map(|output| output.name.clone())
            .ok_or_else(|| "has a graph without an output".to_owned()),
        Some(name) if graph.node.iter().any(|node| node.output.iter().any(|output| output == name)) => {
            Ok(name.to_owned())
        }
        Some(name) => Err(format!(
            "computes no value `{}`, which graph.output names; its outputs are {}",
            shown(name),
            outputs()
        )),
    }
}

/// Lengths of the axes of an input, which must be of numbers.
fn declared(input: &ValueInfoProto) -> Checked<Option<Vec<Option<usize>>>> {
    let Some(Value::TensorType(of)) = input.r#type.as_ref().and_then(|of| of.value.as_ref()) else {
        return Err(format!("has an input `{}` that is no tensor", shown(&input.name)));
    };
    if of.elem_type != DataType::Float as i32 {
        return Err(format!("has an input `{}` that is not float32; export it so", shown(&input.name)));
    }
    let length = |dimension: &tensor_shape_proto::Dimension| match dimension.value {
        Some(tensor_shape_proto::dimension::Value::DimValue(length)) => {
            usize::try_from(length).ok().filter(|&n| n > 0)
        }
        _ => None,
    };
    Ok(of.shape.as_ref().map(|shape| shape.dim.iter().map(length).collect()))
}

/// What a value needs, in the order of the file.
fn needed(graph: GraphProto, output: &str) -> GraphProto {
    let mut wanted = HashSet::from([output.to_owned()]);
    let mut nodes: Vec<NodeProto> = Vec::new();
    for node in graph.node.into_iter().rev() {
        if node.output.iter().any(|output| wanted.contains(output)) {
            wanted.extend(node.input.iter().cloned());
            nodes.push(node);
        }
    }
    nodes.reverse();
    let mut initializer = graph.initializer;
    initializer.retain(|tensor| wanted.contains(&tensor.name));
    GraphProto { node: nodes, initializer, ..GraphProto::default() }
}

fn check(graph: &GraphProto, input: &str, output: &str, limits: &Limits) -> Checked<()> {
    let unknown: HashSet<&str> =
        graph.node.iter().filter(|node| !is_known(node)).map(|n| n.op_type.as_str()).collect();
    if !unknown.is_empty() {
        let mut unknown: Vec<&str> = unknown.into_iter().collect();
        unknown.sort_unstable();
        return Err(format!(
            "has operators that are not supported: {}; another value as graph.output may not need them",
            names(unknown.into_iter())
        ));
    }
    let only_sliced = read_by_slices(graph);
    let mut made = HashSet::from([input]);
    for tensor in &graph.initializer {
        check_tensor(tensor, &tensor.name, only_sliced.contains(tensor.name.as_str()), limits)?;
        if !made.insert(&tensor.name) {
            return Err(format!("has two values called `{}`", shown(&tensor.name)));
        }
    }
    // What depends on the input.
    let mut variable = HashSet::from([input]);
    for node in &graph.node {
        let name = node.output.iter().find(|output| !output.is_empty()).map_or("", String::as_str);
        let of =
            |why: String| format!("has a {} that makes `{}` and {why}", shown(&node.op_type), shown(name));
        let inputs = || node.input.iter().map(String::as_str).filter(|input| !input.is_empty());
        if let Some(missing) = inputs().find(|input| !made.contains(input)) {
            return Err(of(format!(
                "reads `{}`, which nothing in front of it makes: the graph goes in circles, is out of order or has \
                 another input",
                shown(missing)
            )));
        }
        let is_variable = inputs().any(|input| variable.contains(input));
        if !is_variable && ON_INPUTS.contains(&node.op_type.as_str()) {
            return Err(of("reads constants alone; export the graph with constants folded".to_owned()));
        }
        for attribute in &node.attribute {
            check_attribute(attribute, only_sliced.contains(name), limits).map_err(of)?;
        }
        for made_here in node.output.iter().filter(|output| !output.is_empty()) {
            if !made.insert(made_here) {
                return Err(of("is another value's name too".to_owned()));
            }
            if is_variable {
                variable.insert(made_here);
            }
        }
    }
    match variable.contains(output) && output != input {
        true => Ok(()),
        false => Err(format!("makes a value `{}` that does not depend on its input", shown(output))),
    }
}

fn is_known(node: &NodeProto) -> bool {
    matches!(node.domain.as_str(), "" | "ai.onnx") && OPERATORS.contains(&node.op_type.as_str())
}

/// Values that nothing but slices read: to the end of an axis is to the largest number there.
fn read_by_slices(graph: &GraphProto) -> HashSet<&str> {
    let of = |slices: bool| {
        let nodes = graph.node.iter().filter(move |node| (node.op_type == "Slice") == slices);
        nodes.flat_map(|node| node.input.iter().map(String::as_str))
    };
    let others: HashSet<&str> = of(false).collect();
    of(true).filter(|input| !others.contains(input)).collect()
}

/// As a sentence whose subject is the node.
fn check_attribute(attribute: &AttributeProto, only_sliced: bool, limits: &Limits) -> Checked<()> {
    let AttributeProto { name, ints, .. } = attribute;
    if !attribute.ref_attr_name.is_empty() {
        return Err("has an attribute of a function".to_owned());
    }
    for tensor in attribute.t.iter().chain(&attribute.tensors) {
        check_tensor(tensor, name, only_sliced, limits)
            .map_err(|why| format!("whose attribute is wrong: the file {why}"))?;
    }
    let is_one = |value: &i64| (1..=LONGEST_SIDE).contains(value);
    let is_right = match name.as_str() {
        "kernel_shape" => {
            let volume = ints.iter().try_fold(1i64, |volume, &side| volume.checked_mul(side));
            ints.iter().all(is_one) && volume.is_some_and(|volume| volume <= LARGEST_KERNEL)
        }
        "strides" | "dilations" => ints.iter().all(is_one),
        "pads" | "output_padding" | "output_shape" => {
            ints.iter().all(|value| (0..=LONGEST_SIDE).contains(value))
        }
        "group" => is_one(&attribute.i),
        // Of a slice, and of old operator sets.
        "starts" | "ends" => true,
        _ => ints.iter().chain([&attribute.i]).all(|value| value.unsigned_abs() <= LARGEST.unsigned_abs()),
    };
    let is_right = is_right && ints.len() <= limits.numbers;
    if is_right { Ok(()) } else { Err(format!("has numbers as its `{}` that no network has", shown(name))) }
}

/// As a sentence whose subject is the file.
fn check_tensor(tensor: &TensorProto, name: &str, only_sliced: bool, limits: &Limits) -> Checked<()> {
    let of = |why: String| format!("has a tensor `{}` {why}", shown(name));
    if tensor.data_location == Some(DataLocation::External as i32) || !tensor.external_data.is_empty() {
        return Err(of(
            "whose numbers are in another file; export it as one file (`external_data=False`, or \
                       `onnx.save(model, path)` of what `onnx.load` read)"
                .to_owned(),
        ));
    }
    let width = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float | DataType::Int32 | DataType::Uint32) => 4,
        Ok(DataType::Double | DataType::Int64 | DataType::Uint64) => 8,
        Ok(DataType::Float16 | DataType::Int16 | DataType::Uint16) => 2,
        Ok(DataType::Int8 | DataType::Uint8 | DataType::Bool) => 1,
        Ok(DataType::String) => return Err(of("of text, which is not supported".to_owned())),
        Ok(other) => {
            return Err(of(format!(
                "of {}, which is not supported; export it in float32",
                other.as_str_name()
            )));
        }
        Err(_) => return Err(of(format!("of type {}, which ONNX does not have", tensor.data_type))),
    };
    let volume = volume(&tensor.dims).filter(|&volume| volume <= limits.tensor).ok_or_else(|| {
        of(format!(
            "of {} axes whose lengths make no sense or too many numbers (at most {})",
            tensor.dims.len(),
            limits.tensor
        ))
    })?;
    let raw = tensor.raw_data.len();
    let listed = [
        tensor.float_data.len(),
        tensor.int32_data.len(),
        tensor.int64_data.len(),
        tensor.double_data.len(),
        tensor.uint64_data.len(),
    ];
    let count = if raw > 0 { raw / width } else { listed.into_iter().max().unwrap_or(0) };
    if count as u64 != volume || raw % width != 0 {
        return Err(of(format!(
            "whose shape says {volume} numbers, but {count} are there: was it received whole?"
        )));
    }
    let is_large = |value: i64| value.unsigned_abs() > LARGEST.unsigned_abs();
    let large = tensor.int64_data.iter().any(|&value| is_large(value))
        || tensor.uint64_data.iter().any(|&value| value > LARGEST.unsigned_abs())
        || matches!(DataType::try_from(tensor.data_type), Ok(DataType::Int64 | DataType::Uint64))
            && tensor.raw_data.as_chunks().0.iter().any(|bytes| is_large(i64::from_le_bytes(*bytes)));
    if large && !only_sliced {
        return Err(of("of numbers that are no size and no place".to_owned()));
    }
    Ok(())
}

/// How many numbers a tensor has; None for what is no shape.
fn volume(lengths: &[i64]) -> Option<u64> {
    let lengths = (lengths.len() <= MOST_AXES).then_some(lengths)?;
    lengths.iter().try_fold(1u64, |volume, &length| volume.checked_mul(u64::try_from(length).ok()?))
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.take(9).map(|name| format!("`{}`", shown(name))).collect();
    if names.len() == 9 {
        names[8] = "…".to_owned();
    }
    names.join(", ")
}

/// A name from a file as it can be shown on a terminal.
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).take(80).collect();
    if name.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}
