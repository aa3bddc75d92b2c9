//! What a graph is checked for before tract sees it: operators, order, attributes.

use crate::limits::Limits;
use crate::shown::{names, shown};
use crate::tensors::{LARGEST, check_tensor, width};
use std::collections::HashSet;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto};

type Checked<T> = Result<T, String>;

/// Operators that a graph may have: those of networks that compute the same for the same input and end after as many steps
/// as their shapes say. No loops and conditions, random numbers, text, trees, or sizes that depend on the numbers.
const OPERATORS: &str = "Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Concat \
    Constant ConstantOfShape Conv ConvTranspose Cos CumSum DFT DepthToSpace DequantizeLinear Div Dropout Einsum \
    Elu Equal Erf Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool \
    GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity \
    InstanceNormalization LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization \
    MatMul Max MaxPool Mean Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow QuantizeLinear RNN Range Reciprocal \
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum \
    ReduceSumSquare Relu Reshape Resize Round STFT ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Size \
    Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile Transpose Trilu \
    Unsqueeze Where Xor";

/// Operators that must not work on constants alone: what they need beside their output is only known of the whole graph.
const ON_INPUTS: &str = "AveragePool Conv ConvTranspose DFT GRU LRN LSTM MaxPool RNN Resize STFT";

/// Most operators of a graph: the largest networks have some thousands.
const MOST_NODES: usize = 20_000;
/// Longest side, step or padding of a kernel, and most of its elements.
const LONGEST_SIDE: i64 = 1 << 16;
const LARGEST_KERNEL: i64 = 1 << 20;

/// Checks the part of a graph from an input to a value.
///
/// # Errors
///
/// What is wrong, as a sentence whose subject is the file.
pub(crate) fn check(graph: &GraphProto, input: &str, output: &str, limits: &Limits) -> Checked<()> {
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
    if graph.node.len() > MOST_NODES {
        return Err(format!("has {} operators; at most {MOST_NODES} are allowed", graph.node.len()));
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
        if !is_variable && is_among(ON_INPUTS, &node.op_type) {
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
    matches!(node.domain.as_str(), "" | "ai.onnx") && is_among(OPERATORS, &node.op_type)
}

fn is_among(operators: &str, operator: &str) -> bool {
    operators.split_whitespace().any(|other| other == operator)
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
            .map_err(|why| format!("in an attribute the file {why}"))?;
    }
    if matches!(name.as_str(), "to" | "dtype") {
        let target = i32::try_from(attribute.i).unwrap_or_default();
        return width(target).map(|_| ()).map_err(|why| format!("makes numbers {why}"));
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
