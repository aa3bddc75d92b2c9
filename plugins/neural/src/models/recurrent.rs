use crate::layers::{
    Activation, Builder, ColumnsAsSteps, Framework, LastState, Linear, Recurrence, Recurrent, Sequential,
};
use crate::network::{Architecture, NetworkShape, spectrogram_card};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Recurrent layers over the columns of a spectrogram, and dense layers on the state after the last one.
///
/// System D of a multimedia course report, in Keras: mel spectrograms before the logarithm ("MELC") or mel-frequency
/// cepstral coefficients ("MFCC") of 30 s, Adam with a learning rate of 0.001, stopped after 10 epochs without a lower
/// validation loss, the weights of the epoch with the highest validation accuracy kept. The better of its two inputs is
/// the default.
///
/// The source cuts and pads the 1293 columns of 30 s to 1300: `input=mfcc-13-frames-1300` and `power-128-frames-1300`. By
/// default there are as many steps as the segment has columns, of whatever length it is. Our reading: batches of 32, at most 100 epochs; of the
/// bidirectional network both directions' last states; where there are two dense layers, the first as wide as the
/// state and followed by ReLU.
#[derive(Debug, Clone, Copy)]
pub struct RecurrentNetwork {
    name: &'static str,
    recurrence: Recurrence,
    hidden: usize,
    layers: usize,
    bidirectional: bool,
    /// Whether a dense layer comes before that of the classes.
    two_dense: bool,
}

impl RecurrentNetwork {
    /// All that the source tried, in its order.
    pub fn all() -> [Self; 7] {
        let rnn = Self {
            name: "rnn-32",
            recurrence: Recurrence::Tanh,
            hidden: 32,
            layers: 1,
            bidirectional: false,
            two_dense: false,
        };
        let lstm = Self { name: "lstm-64", recurrence: Recurrence::Lstm, hidden: 64, ..rnn };
        [
            rnn,
            Self { name: "rnn-128", hidden: 128, ..rnn },
            Self { name: "rnn-64x2", hidden: 64, layers: 2, ..rnn },
            lstm,
            Self { name: "lstm-64x2", layers: 2, ..lstm },
            Self { name: "bilstm-64", bidirectional: true, ..lstm },
            Self { name: "lstm-64-fc2", two_dense: true, ..lstm },
        ]
    }

    fn summary(&self) -> String {
        let Self { recurrence, hidden, layers, bidirectional, two_dense, .. } = self;
        let kind = match recurrence {
            Recurrence::Tanh => "plain recurrent (tanh)",
            Recurrence::Lstm => "LSTM",
            Recurrence::Gru => "GRU",
        };
        let direction = if *bidirectional { "bidirectional " } else { "" };
        let times = if *layers > 1 { format!(" × {layers}") } else { String::new() };
        let dense = if *two_dense { "two dense layers" } else { "dense" };
        format!("{direction}{kind} {hidden}{times} over time, {dense}; early stopping")
    }
}

impl Architecture for RecurrentNetwork {
    fn card(&self) -> Card {
        let reads = [
            "mfcc-13",
            "mfcc-20",
            "power-128",
            "mfcc-13-frames-1300",
            "mfcc-20-frames-1300",
            "power-128-frames-1300",
            "power-20",
            "power-30",
            "power-40",
            "power-50",
            "mel-128",
            "mel-20",
            "mel-30",
            "mel-40",
            "mel-50",
        ];
        let recipe = Defaults::new(100, 32, 0.001).patience(10).keep_best_accuracy();
        let card = spectrogram_card(self.name, &self.summary(), &reads, recipe)
            .reading_steps()
            .reduced("epochs", "10");
        // One of each kind is enough where nobody asks for more.
        let typical = ["rnn-64x2", "lstm-64x2", "bilstm-64"].contains(&self.name);
        if typical { card } else { card.only_by_name() }
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, _: &Params) -> Result<Sequential> {
        let mut plan = Recurrent::of(self.recurrence, self.hidden).layers(self.layers);
        let mut features = self.hidden;
        if self.bidirectional {
            plan = plan.bidirectional();
            features *= 2;
        }
        let recurrent = plan.build(&builder.at("recurrent"), shape.channels * shape.spectrogram.0)?;
        let mut network = Sequential::new().then(ColumnsAsSteps).then(LastState(recurrent));
        if self.two_dense {
            let dense = Linear::new(&builder.at("dense"), features, features)?;
            network = network.then(dense).then(Activation::Relu);
        }
        Ok(network.then(Linear::new(&builder.at("output"), features, shape.classes)?))
    }
}
