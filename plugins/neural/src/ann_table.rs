use crate::device::device;
use crate::layers::{Activation, Builder, InitScheme, Linear, Sequential};
use crate::train::optimiser::Rule;
use crate::train::{EarlyStopping, Labelled, Recipe, Samples, fit, logits, probabilities};
use candle_core::{DType, Device};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Insights, Model, Param, Result, Run};
use ndarray::Array2;

/// Widths of the hidden layers.
const HIDDEN: [usize; 4] = [512, 256, 128, 64];

/// A fully connected network on the feature table: dense layers of 512, 256, 128 and 64 with ReLU, then one
/// score a class.
///
/// The network and recipe that a course report used on spectrogram pictures (Adam, batches of 32, 100
/// epochs), here on the table. Our reading: Keras's defaults, so a learning rate of 0.001, weights drawn as
/// by Glorot and Bengio, and biases of 0. Where there is a validation part, training stops after `patience`
/// epochs without a lower validation loss, and the weights of the best epoch are kept. The scores are
/// probabilities.
pub struct AnnTable;

impl Model for AnnTable {
    fn card(&self) -> Card {
        Card::new("ann-table", Family::Neural, "fully connected network 512-256-128-64, ReLU, Adam")
            .param(Param::int("epochs", 100, "how often every example is learnt from").at_least(1.0))
            .param(Param::int("batch", 32, "examples of a step").at_least(1.0).tries(&["16", "32", "64"]))
            .param(Param::float("lr", 0.001, "learning rate").above(0.0).tries(&["0.0003", "0.001", "0.003"]))
            .param(
                Param::int("patience", 10, "epochs without a lower validation loss before it stops")
                    .at_least(1.0),
            )
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let device = device(run.device)?;
        let (columns, classes) = (train.inputs.table.ncols(), train.classes.len());
        if columns == 0 {
            return Err(Error::failed("the feature table has no columns"));
        }
        let builder = Builder::new(run.seed, &device, DType::F32);
        let network = network(&builder, columns, classes).map_err(Error::failed)?;
        let weights = builder.finish();
        let params = &run.params;
        let recipe = Recipe {
            early_stopping: Some(EarlyStopping { patience: params.count("patience")? }),
            ..Recipe::new(params.count("epochs")?, params.count("batch")?, Rule::adam(), params.float("lr")?)
        };
        let (train_samples, valid_samples) = (samples(&train.inputs)?, samples(&valid.inputs)?);
        let history = fit(
            &network,
            &weights,
            Labelled { samples: &train_samples, labels: &train.labels },
            Labelled { samples: &valid_samples, labels: &valid.labels },
            &recipe,
            run,
        )?;
        let insights = Insights::default()
            .number("parameters", weights.parameters() as f64)
            .number("epochs", history.epochs.len() as f64)
            .number("best epoch", history.best().map_or(0.0, |epoch| epoch as f64 + 1.0));
        Ok(Box::new(FittedAnn { network, device, columns, classes, insights }))
    }
}

fn network(builder: &Builder, columns: usize, classes: usize) -> candle_core::Result<Sequential> {
    let mut network = Sequential::new();
    let mut inputs = columns;
    for (number, outputs) in HIDDEN.into_iter().enumerate() {
        let at = builder.at(&format!("dense{}", number + 1));
        network = network.then(Linear::new(&at, inputs, outputs, InitScheme::Keras)?).then(Activation::Relu);
        inputs = outputs;
    }
    Ok(network.then(Linear::new(&builder.at("output"), inputs, classes, InitScheme::Keras)?))
}

fn samples(inputs: &Inputs) -> Result<Samples> {
    let values = inputs.table.iter().copied().collect();
    Samples::new(values, inputs.len(), &[inputs.table.ncols()]).map_err(Error::failed)
}

struct FittedAnn {
    network: Sequential,
    device: Device,
    columns: usize,
    classes: usize,
    insights: Insights,
}

impl Fitted for FittedAnn {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        if inputs.is_empty() {
            return Ok(Array2::zeros((0, self.classes)));
        }
        let given = inputs.table.ncols();
        if given != self.columns {
            return Err(Error::failed(format!("fitted to {} columns, asked to score {given}", self.columns)));
        }
        let logits = logits(&self.network, &samples(inputs)?, (&self.device, DType::F32), || Ok(()))?;
        Ok(probabilities(logits))
    }

    fn insights(&self) -> Insights {
        self.insights.clone()
    }
}
