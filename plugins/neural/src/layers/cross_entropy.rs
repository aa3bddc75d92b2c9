use super::kernels;
use super::taken::Taken;
use super::values::values;
use candle_core::{CpuStorage, CudaStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, bail};

/// Cross-entropy of the softmax, as PyTorch's `CrossEntropyLoss`: the mean of `−log p(class)` over a batch.
#[derive(Debug, Clone, Default)]
pub struct CrossEntropy {
    /// The share of every label that is spread evenly over all classes (C. Szegedy et al., CVPR 2016).
    pub smoothing: f32,
    /// What an example of each class counts; all the same if there are none.
    pub weights: Option<Vec<f32>>,
}

impl CrossEntropy {
    /// Loss, a scalar, of scores `(batch, classes)` whose examples are of these classes. With class weights,
    /// the mean is the weighted one.
    ///
    /// # Errors
    ///
    /// Labels that are not one an example or beyond the classes, weights that are not one a class; a device
    /// that fails.
    pub fn of_labels(&self, scores: &Tensor, labels: &[u32]) -> Result<Tensor> {
        let (batch, classes) = scores.dims2()?;
        if labels.len() != batch || labels.iter().any(|label| *label as usize >= classes) {
            bail!("{} labels do not fit scores of {batch} examples and {classes} classes", labels.len());
        }
        let mut shares = vec![0.0; batch * classes];
        for (row, label) in shares.chunks_exact_mut(classes).zip(labels) {
            row[*label as usize] = 1.0;
        }
        let total = match &self.weights {
            Some(weights) if weights.len() == classes => {
                labels.iter().map(|label| weights[*label as usize]).sum()
            }
            _ => batch as f32,
        };
        self.divided_by(total, scores, shares)
    }

    /// Loss of scores whose examples belong to several classes in part, as mixup makes them: `shares` has a
    /// row an example and sums up to 1 in each. The mean is over examples, whatever the class weights.
    ///
    /// # Errors
    ///
    /// As [`CrossEntropy::of_labels`].
    pub fn of_shares(&self, scores: &Tensor, shares: Vec<f32>) -> Result<Tensor> {
        self.divided_by(scores.dims2()?.0 as f32, scores, shares)
    }

    fn divided_by(&self, total: f32, scores: &Tensor, mut shares: Vec<f32>) -> Result<Tensor> {
        let (batch, classes) = scores.dims2()?;
        if shares.len() != batch * classes
            || self.weights.as_ref().is_some_and(|weights| weights.len() != classes)
        {
            bail!("targets or class weights do not fit scores of {batch} examples and {classes} classes");
        }
        for row in shares.chunks_exact_mut(classes) {
            for (class, share) in row.iter_mut().enumerate() {
                let weight = self.weights.as_ref().map_or(1.0, |weights| weights[class]);
                *share = (*share * (1.0 - self.smoothing) + self.smoothing / classes as f32) * weight / total;
            }
        }
        let scores = scores.contiguous()?;
        let (loss, gradient) = if kernels::run_on(scores.device()) {
            let shares = kernels::upload(shares, (batch, classes), scores.device())?;
            kernels::cross_entropy(&scores.detach(), &shares)?
        } else {
            on_processor(&scores, &shares)?
        };
        scores.apply_op2(&gradient, Loss(Taken::of(&loss)?))
    }
}

/// The loss and its gradient.
fn on_processor(scores: &Tensor, shares: &[f32]) -> Result<(Tensor, Tensor)> {
    let (_, classes) = scores.dims2()?;
    let mut gradient = values(scores)?.to_vec();
    let mut loss = 0.0;
    for (row, shares) in gradient.chunks_exact_mut(classes).zip(shares.chunks_exact(classes)) {
        // The largest score is taken away so that no exponential overflows. Not `max`, which passes over what is
        // no number.
        let largest = row.iter().fold(f32::NEG_INFINITY, |most, &x| if most > x { most } else { x });
        let sum: f32 = row.iter().map(|score| (score - largest).exp()).sum();
        let all: f32 = shares.iter().sum();
        for (score, share) in row.iter_mut().zip(shares) {
            let centred = *score - largest;
            loss += f64::from(share * (sum.ln() - centred));
            *score = centred.exp() / sum * all - share;
        }
    }
    let loss = Tensor::new(loss as f32, &Device::Cpu)?;
    Ok((loss, Tensor::from_vec(gradient, scores.shape(), &Device::Cpu)?))
}

/// The loss as candle sees it: made of the scores, and of their gradient.
struct Loss(Taken);

impl CustomOp2 for Loss {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.0.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.0.cuda()
    }

    fn bwd(
        &self,
        _scores: &Tensor,
        gradient: &Tensor,
        _loss: &Tensor,
        of_loss: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(gradient.broadcast_mul(&of_loss.to_dtype(gradient.dtype())?)?), None))
    }
}
