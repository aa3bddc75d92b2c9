#![allow(missing_docs, clippy::unwrap_used)]
use candle_core::*;
use genre_bench_api::random_stream;
use genre_bench_neural::layers::*;
use std::time::Instant;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) * 10.0
}
fn bench(name: &str, shape: &[usize], make: impl Fn(&Builder) -> Box<dyn Layer>) {
    let b = Builder::new(0, &Device::Cpu, DType::F32);
    let l = make(&b);
    let x = Var::from_tensor(&Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap()).unwrap();
    let (mut f, mut w) = (f64::MAX, f64::MAX);
    let (mut cf, mut cw) = (0.0, 0.0);
    for _ in 0..5 {
        let p = Pass::training(random_stream(0, "x"));
        // an op node, so that the input is tracked but the engine's own work is seen too
        let c = cpu();
        let t = Instant::now();
        let y = l.forward(x.as_tensor(), &p).unwrap();
        f = f.min(t.elapsed().as_secs_f64());
        cf += cpu() - c;
        let g = y.ones_like().unwrap();
        let c = cpu();
        let t = Instant::now();
        let _g = p.backward(&y.apply_op2(&g, Seed).unwrap()).unwrap();
        w = w.min(t.elapsed().as_secs_f64());
        cw += cpu() - c;
    }
    println!(
        "{name:20} fwd {:8.1} ms  bwd {:8.1} ms cpu {:8.1} {:8.1}",
        f * 1e3,
        w * 1e3,
        cf / 5.0,
        cw / 5.0
    );
}
struct Seed;
impl CustomOp2 for Seed {
    fn name(&self) -> &'static str {
        "seed"
    }
    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), ().into()))
    }
    fn bwd(
        &self,
        _: &Tensor,
        g: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(g.clone()), None))
    }
}
fn main() {
    let want: Vec<String> = std::env::args().skip(1).collect();
    let conv = |name: &str, shape: [usize; 4], f: usize, k: usize, p: usize| {
        if want.is_empty() || want.iter().any(|w| name.contains(w.as_str())) {
            bench(name, &shape, |b| {
                Box::new(
                    Conv2d::new(
                        b,
                        shape[1],
                        f,
                        Window::new((k, k)).padding((p, p)),
                        Conv2dOptions::default(),
                    )
                    .unwrap(),
                )
            });
        }
    };
    conv("conv crnn1", [16, 1, 128, 130], 64, 3, 1);
    conv("conv crnn2", [16, 64, 64, 65], 128, 3, 1);
    conv("conv crnn3", [16, 128, 16, 32], 128, 3, 1);
    conv("conv 7x7-1", [32, 1, 128, 130], 64, 7, 0);
    conv("conv 7x7-2", [32, 64, 61, 62], 128, 7, 0);
    conv("conv 7x7-3", [32, 128, 27, 28], 256, 7, 0);
    conv("conv choi1", [32, 1, 128, 387], 32, 3, 1);
    conv("conv choi2", [32, 32, 64, 96], 128, 3, 1);
    conv("conv choi3", [32, 128, 32, 24], 128, 3, 1);
    let other = |name: &str, shape: &[usize], make: &dyn Fn(&Builder) -> Box<dyn Layer>| {
        if want.is_empty() || want.iter().any(|w| name.contains(w.as_str())) {
            bench(name, shape, make);
        }
    };
    let big = [16, 64, 128, 130];
    other("nothing", &big, &|_| Box::new(Sequential::new()));
    other("elu", &big, &|_| Box::new(Activation::Elu(1.0)));
    other("relu", &big, &|_| Box::new(Activation::Relu));
    other("bn", &big, &|b| Box::new(BatchNorm::new(b, 64).unwrap()));
    other("maxpool", &big, &|_| Box::new(MaxPool2d::side_by_side((2, 2))));
    other("dropout", &[16, 64, 64, 65], &|_| Box::new(Dropout::new(0.1).unwrap()));
    other("linear ann", &[32, 16384], &|b| Box::new(Linear::new(b, 16384, 512, InitScheme::Torch).unwrap()));
    other("linear big", &[512, 1024], &|b| Box::new(Linear::new(b, 1024, 1024, InitScheme::Torch).unwrap()));
}
