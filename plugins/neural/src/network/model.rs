use super::build::Layers;
use super::cost::memory;
use super::fitted::FittedNetwork;
use super::{Architecture, NetworkShape, Pretrained, build, cost, saved};
use crate::device::device;
use crate::failure::failed;
use crate::layers::{Builder, Layer};
use crate::train::{Checkpoints, Labelled, Recipe, Samples, fit, fixed_features};
use crate::weights::{Transferred, WeightsFile};
use candle_core::DType;
use genre_bench_api::{
    Card, Cost, Device, Error, Examples, FitShape, Fitted, Insights, Loading, Model, Params, Result, Run,
    State,
};

/// Share of the training part that is set aside where a recipe needs a validation part and the protocol has none:
/// one of so many.
const SET_ASIDE: usize = 10;

/// Share of a fit's time that checkpoints may take.
const WRITING: f64 = 0.02;

/// A network as a model. Its scores are probabilities.
pub struct NetworkModel(pub Box<dyn Architecture>);

impl Model for NetworkModel {
    fn card(&self) -> Card {
        self.0.card()
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let place = (device(run.device)?, precision(&run.params, run.device)?);
        let reads = self.card().reads_with(&run.params)?;
        let mut recipe = Recipe::of(&run.params)?;
        recipe.augment.splice(0..0, self.0.augmentations(&run.params)?);
        recipe.checkpoint = run
            .scratch
            .as_ref()
            .map(|folder| Checkpoints { file: folder.join("checkpoint.safetensors"), share: WRITING });
        recipe.tensorboard.clone_from(&run.tensorboard);
        let parts = set_aside(train, valid, &recipe, run);
        let (train, valid) = parts.as_ref().map_or((train, valid), |(train, valid)| (train, valid));

        recipe.weigh_classes(&run.params, &train.labels, train.classes.len())?;
        let shape = NetworkShape::of(&train.inputs, reads, train.classes.len())?;
        let builder = Builder::new(run.seed, &place.0, place.1);
        let given = self.given(run)?;
        let theirs = given.as_ref().and_then(|(pretrained, file)| pretrained.framework(file));
        let framework = theirs.unwrap_or(self.0.framework());
        let built = build(&*self.0, &builder, &shape, &run.params, framework).map_err(failed)?;
        let weights = builder.finish();
        let transfer = |(pretrained, file): (Pretrained, _)| pretrained.transfer(file, &weights, &run.params);
        let transferred = given.map(transfer).transpose()?;
        let preprocessing = transferred.as_ref().map(|done| done.preprocessing).unwrap_or_default();
        let network = built.behind(preprocessing);
        let (train_samples, valid_samples) =
            (Samples::of(&train.inputs, reads), Samples::of(&valid.inputs, reads));
        // What frozen layers make of an example does not change, and is computed once.
        let (fixed, others) = network.split();
        let parts = (&train_samples, &valid_samples);
        let tell = |done| {
            let all = train_samples.len() + valid_samples.len();
            run.progress(0, recipe.epochs, &format!("frozen layers: {done} of {all} examples"));
        };
        let known = match !fixed.is_empty() && self.has_frozen(&run.params)? && recipe.leaves_examples() {
            true => fixed_features(fixed, parts, (&place.0, place.1), || run.check_cancelled(), tell)?,
            false => None,
        };
        let trained: &dyn Layer = if known.is_some() { &others } else { &network };
        let (train_samples, valid_samples) = known.as_ref().map_or(parts, |(train, valid)| (train, valid));
        let history = fit(
            trained,
            &weights,
            Labelled { samples: train_samples, labels: &train.labels },
            Labelled { samples: valid_samples, labels: &valid.labels },
            &recipe,
            run,
        )?;
        let insights = Insights::default()
            .number("parameters", weights.parameters() as f64)
            .number("epochs", history.epochs.len() as f64)
            .number("best epoch", history.best(recipe.keep).map_or(0.0, |epoch| epoch as f64 + 1.0));
        let insights = match &transferred {
            None => insights,
            Some(Transferred { values, fresh, unused, .. }) => insights
                .number("pretrained numbers", *values as f64)
                .number("arrays that started fresh", fresh.len() as f64)
                .number("arrays of the file without a place", unused.len() as f64),
        };
        let insights = Insights { history: history.epochs, ..insights };
        let layers = Layers { framework, preprocessing };
        Ok(Box::new(FittedNetwork { network, weights, layers, place, reads, shape, insights }))
    }

    fn load(&self, state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(saved::load(&*self.0, state, loading)?))
    }

    fn cost(
        &self,
        params: &Params,
        spectrogram: (usize, usize),
        columns: usize,
        classes: usize,
    ) -> Result<Option<Cost>> {
        let shape = NetworkShape::new(spectrogram, columns, self.card().reads_with(params)?, classes)?;
        cost(&*self.0, &shape, params).map(Some)
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        if shape.device != Device::Cpu {
            return None;
        }
        let reads = self.card().reads_with(params).ok()?;
        let network = NetworkShape::new(shape.spectrogram, shape.columns, reads, shape.classes).ok()?;
        memory(&*self.0, &network, params, shape.rows).ok()
    }
}

impl NetworkModel {
    /// Whether weights of others are frozen in part.
    fn has_frozen(&self, params: &Params) -> Result<bool> {
        let Some(pretrained) = self.0.pretrained() else { return Ok(false) };
        Ok(Pretrained::is_asked(params)? && pretrained.trained(params)?.is_some())
    }

    /// The weights of others, if any are asked for.
    fn given(&self, run: &Run) -> Result<Option<(Pretrained, WeightsFile)>> {
        let Some(pretrained) = self.0.pretrained() else { return Ok(None) };
        Ok(Pretrained::read(&run.params)?.map(|file| (pretrained, file)))
    }
}

/// Type of the numbers between layers.
pub(super) fn precision(params: &Params, device: Device) -> Result<DType> {
    match params.choice("precision")? {
        "bf16" if device == Device::Cpu => {
            Err(Error::failed("bf16 is for CUDA devices: --device cuda, or --precision f32 on the CPU"))
        }
        "bf16" => Ok(DType::BF16),
        _ => Ok(DType::F32),
    }
}

/// The training part without a tenth of it, and that as validation part, where the recipe goes by a validation loss
/// and has none; what the protocol keeps together stays together.
fn set_aside(train: &Examples, valid: &Examples, recipe: &Recipe, run: &Run) -> Option<(Examples, Examples)> {
    if !valid.is_empty() || !recipe.needs_validation() {
        return None;
    }
    let parts = train.folds(SET_ASIDE, &mut run.rng("validation part"));
    let (aside, rest) = parts.split_first().filter(|(aside, _)| !aside.is_empty())?;
    let mut rest = rest.concat();
    rest.sort_unstable();
    Some((train.select(&rest), train.select(aside)))
}
