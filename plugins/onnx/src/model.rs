//! The part of a graph that leads to the embedding.

use crate::check::check;
use crate::limits::Limits;
use crate::settings::GraphSettings;
use crate::shown::{names, shown};
use crate::wire;
use prost::Message;
use std::collections::HashSet;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::{Tensor as TensorType, Value};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TypeProto, ValueInfoProto, tensor_shape_proto};

type Checked<T> = Result<T, String>;

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
