#![allow(missing_docs, clippy::unwrap_used)]
use candle_core::*;
use genre_bench_api::random_stream;
use genre_bench_neural::layers::*;
use std::time::Instant;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
fn conv(b: &Builder, c: usize, f: usize, k: usize, p: usize) -> Conv2d {
    Conv2d::new(b, c, f, Window::new((k, k)).padding((p, p)), Conv2dOptions::default()).unwrap()
}
fn main() {
    let want: Vec<String> = std::env::args().skip(1).collect();
    for name in ["ann", "cnn-7x7", "choi-fcn5", "crnn-base"] {
        if !want.is_empty() && !want.iter().any(|w| w == name) {
            continue;
        }
        let b = Builder::new(0, &Device::Cpu, DType::F32);
        let lin = |n: &str, i, o| Linear::new(&b.at(n), i, o, InitScheme::Torch).unwrap();
        let (net, shape): (Sequential, Vec<usize>) = match name {
            "ann" => {
                let mut s = Sequential::new().then(Flatten);
                let d = [16384, 512, 256, 128, 64, 10];
                for i in 0..5 {
                    s = s.then(lin(&format!("l{i}"), d[i], d[i + 1]));
                    if i < 4 {
                        s = s.then(Activation::Relu);
                    }
                }
                (s, vec![32, 16384])
            }
            "cnn-7x7" => {
                let mut s = Sequential::new().then(BatchNorm::new(&b.at("bn"), 1).unwrap());
                let mut c = 1;
                for n in [64, 128, 256] {
                    s = s
                        .then(conv(&b.at(&format!("c{n}")), c, n, 7, 0))
                        .then(Activation::Relu)
                        .then(MaxPool2d::side_by_side((2, 2)))
                        .then(BatchNorm::new(&b.at(&format!("b{n}")), n).unwrap());
                    c = n;
                }
                (
                    s.then(Flatten)
                        .then(lin("a", 256 * 110, 32))
                        .then(Activation::Relu)
                        .then(BatchNorm::new(&b.at("bb"), 32).unwrap())
                        .then(Dropout::new(0.5).unwrap())
                        .then(lin("b", 32, 10)),
                    vec![32, 1, 128, 130],
                )
            }
            "choi-fcn5" => {
                let mut s = Sequential::new().then(BatchNorm::new(&b.at("bn"), 1).unwrap());
                let mut c = 1;
                for (i, (n, p)) in [(32, (2, 4)), (128, (2, 4)), (128, (2, 3)), (192, (4, 2)), (256, (4, 4))]
                    .into_iter()
                    .enumerate()
                {
                    s = s
                        .then(conv(&b.at(&format!("c{i}")), c, n, 3, 1))
                        .then(BatchNorm::new(&b.at(&format!("b{i}")), n).unwrap())
                        .then(Activation::Relu)
                        .then(MaxPool2d::side_by_side(p));
                    c = n;
                }
                (s.then(Flatten).then(lin("a", 256, 10)), vec![32, 1, 128, 387])
            }
            _ => {
                let mut s = Sequential::new();
                let mut c = 1;
                for (i, (n, p)) in
                    [(64, (2, 2)), (128, (4, 2)), (128, (4, 2)), (128, (4, 2))].into_iter().enumerate()
                {
                    s = s
                        .then(conv(&b.at(&format!("c{i}")), c, n, 3, 1))
                        .then(Activation::Elu(1.0))
                        .then(BatchNorm::new(&b.at(&format!("b{i}")), n).unwrap())
                        .then(MaxPool2d::side_by_side(p))
                        .then(Dropout::new(0.1).unwrap());
                    c = n;
                }
                (s.then(Flatten).then(lin("a", 128 * 8, 10)), vec![16, 1, 128, 130])
            }
        };
        let x = Tensor::randn(0f32, 1.0, shape.as_slice(), &Device::Cpu).unwrap();
        let labels = vec![1u32; shape[0]];
        let (mut f, mut w, mut u) = (f64::MAX, f64::MAX, f64::MAX);
        for _ in 0..5 {
            let c = cpu();
            let p = Pass::training(random_stream(0, "x"));
            let t = Instant::now();
            let loss = CrossEntropy::default().of_labels(&net.forward(&x, &p).unwrap(), &labels).unwrap();
            f = f.min(t.elapsed().as_secs_f64());
            let t = Instant::now();
            let _g = p.backward(&loss).unwrap();
            w = w.min(t.elapsed().as_secs_f64());
            drop(_g);
            u = u.min(cpu() - c);
        }
        let peak = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = peak.lines().find(|l| l.starts_with("VmHWM")).unwrap().to_string();
        println!("{name:10} fwd {:8.1} ms  bwd {:8.1} ms  cpu {:8.1} ms {peak}", f * 1e3, w * 1e3, u * 1e3);
    }
}
