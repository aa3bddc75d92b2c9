//! The architectures, one file each; every one says in its documentation where it is from and what of it is our
//! reading.

mod ann;
mod choi_fcn5;
mod cnn_5block;
mod cnn_7x7;
mod scaled;

use crate::network::{Architecture, Network};
use ann::Ann;
use choi_fcn5::ChoiFcn5;
use cnn_5block::Cnn5Block;
use cnn_7x7::Cnn7x7;
use genre_bench_api::Model;

/// All models of this crate, the simplest first.
pub fn models() -> Vec<Box<dyn Model>> {
    vec![
        model(Ann::Table),
        model(Ann::Pictures),
        model(Cnn7x7),
        model(Cnn5Block),
        model(ChoiFcn5 { dropout: false }),
        model(ChoiFcn5 { dropout: true }),
    ]
}

fn model(architecture: impl Architecture + 'static) -> Box<dyn Model> {
    Box::new(Network(architecture))
}
