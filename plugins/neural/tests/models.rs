//! Every architecture on spectrograms that are easy to tell apart: the shapes fit together, it trains, and it keeps the
//! contract.
#![allow(clippy::unwrap_used)]

use genre_bench_api::{
    Cost, Device, Examples, Fitted, Inputs, Loading, Model, Numbers, Params, Reads, Run, Spectrograms, State,
    random_stream,
};
use ndarray::{Array2, Array3, Array4};
use rand::Rng;

/// Parameters that make a model small enough to be tried.
const SMALL: [(&str, &str); 7] = [
    ("epochs", "10"),
    ("batch", "8"),
    ("width", "0.25"),
    ("size", "32"),
    ("lr", "0.003"),
    ("patience", "12"),
    ("weights", "none"),
];

/// Changes of `SMALL` for networks with many layers.
fn deep(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        // Without normalization, nineteen layers do not train in larger steps.
        "vgg19" => &[("width", "0.1"), ("lr", "0.0005"), ("init", "he")],
        "resnet18" | "resnet50" => &[("width", "0.125"), ("norm-momentum", "0.1")],
        // By default they read colour pictures.
        "crnn-base" | "crnn-large" => &[("input", "mel-64")],
        "crnn-resnet18" | "crnn-resnet18-steps" => &[("input", "mel-64"), ("width", "0.125")],
        "choi-fcn5" | "choi-fcn5-dropout" => &[("input", "mel-128")],
        "mobilenetv2" | "efficientnet-b0" | "efficientnet-lite0" => {
            &[("input", "mel-128"), ("norm-momentum", "0.1"), ("dropout", "0"), ("drop-path", "0")]
        }
        // It is made for no smaller pictures.
        "inceptionv3" => &[("input", "mel-128"), ("norm-momentum", "0.1"), ("size", "75"), ("width", "0.1")],
        "resnet152v2" => &[("input", "mel-128"), ("norm-momentum", "0.1"), ("width", "0.06")],
        _ => &[],
    }
}

/// Spectrograms with a bright band whose height says the class, in noise, and a table that says it too.
fn examples(count: usize, (rows, columns): (usize, usize), seed: u64) -> Examples {
    let mut rng = random_stream(seed, "pictures");
    let labels: Vec<usize> = (0..count).map(|example| example % 3).collect();
    let pool = Array3::from_shape_fn((count, rows, columns), |(example, row, _)| {
        let inside = row * 3 / rows == labels[example];
        rng.r#gen::<f32>() - if inside { 0.0 } else { 1.0 }
    });
    let table = Array2::from_shape_fn((count, 6), |(example, column)| {
        rng.r#gen::<f32>() + if column % 3 == labels[example] { 1.0 } else { 0.0 }
    });
    let spectrograms = Spectrograms::new(pool);
    Examples {
        inputs: Inputs {
            table,
            spectrograms: spectrograms.standardised_on(&spectrograms),
            ..Inputs::default()
        },
        tracks: (0..count).collect(),
        groups: (0..count).collect(),
        classes: ["a", "b", "c"].into_iter().map(String::from).collect(),
        labels,
    }
}

fn run(model: &dyn Model, changes: &[(&str, &str)], seed: u64) -> Run<'static> {
    let card = model.card();
    let declared = changes.iter().copied().chain(deep(&card.name).iter().copied());
    let declared = declared.filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
    Run::with(card.resolve(declared).unwrap(), seed)
}

fn model(name: &str) -> Box<dyn Model> {
    genre_bench_neural::models().into_iter().find(|model| model.card().name == name).unwrap()
}

/// All that read spectrograms, and of each description with many variants those of the default models.
fn reading_spectrograms() -> Vec<Box<dyn Model>> {
    let variant = |name: &str| name.starts_with("mlfi-");
    let models = genre_bench_neural::models().into_iter().filter(|model| {
        let card = model.card();
        card.reads != Reads::Table && (card.is_default || !variant(&card.name))
    });
    models.collect()
}

fn loading(params: Params, spectrogram: (usize, usize)) -> Loading {
    Loading { params, columns: 6, spectrogram, classes: 3, threads: 1, device: Device::Cpu }
}

/// A model of `SMALL` again.
fn loaded(
    model: &dyn Model,
    state: &State,
    spectrogram: (usize, usize),
) -> genre_bench_api::Result<Box<dyn Fitted>> {
    model.load(state.clone(), &loading(run(model, &SMALL, 0).params, spectrogram))
}

#[test]
fn every_model_trains_on_what_can_be_told_apart() {
    let (train, test) = (examples(96, (64, 60), 0), examples(60, (64, 60), 1));
    for model in reading_spectrograms() {
        let name = model.card().name;
        let fitted = model.fit(&train, &Examples::default(), &run(model.as_ref(), &SMALL, 0)).unwrap();
        let scores = fitted.scores(&test.inputs).unwrap();
        let again = loaded(model.as_ref(), &fitted.save().unwrap(), (64, 60)).unwrap();
        assert_eq!(again.scores(&test.inputs).unwrap(), scores, "{name}: saved and loaded");
        let (what, parameters) = fitted.insights().numbers.swap_remove(0);
        let cost = model.cost(&run(model.as_ref(), &SMALL, 0).params, (64, 60), 6, 3).unwrap().unwrap();
        assert_eq!((what.as_str(), parameters as u64), ("parameters", cost.parameters), "{name}");
        let is_correct =
            |(row, &label): (ndarray::ArrayView1<f32>, &usize)| row.iter().all(|s| *s <= row[label]);
        let correct = scores.rows().into_iter().zip(&test.labels).filter(|pair| is_correct(*pair)).count();
        // Twenty by chance. What those with inverted residuals make of 96 examples is 31 to 60, by the seed; thirty epochs change nothing for this one.
        let least = if name.starts_with("mobilenet") || name.starts_with("efficientnet") { 30 } else { 50 };
        assert!(correct >= least, "{name}: {correct} of 60");
        let alone = fitted.scores(&test.inputs.select(&[17])).unwrap();
        assert_eq!(alone.row(0), scores.row(17), "{name}: an example alone");
        assert_eq!(fitted.insights().history.len(), fitted.insights().numbers[1].1 as usize, "{name}");
        assert!(
            fitted.scores(&examples(3, (64, 52), 0).inputs).is_err(),
            "{name}: spectrograms of another size"
        );
    }
}

#[test]
fn the_seed_decides_every_bit_and_the_threads_none() {
    let (train, test) = (examples(24, (64, 60), 0), examples(20, (64, 60), 1));
    let reduced = [&[("epochs", "2")][..], &SMALL[1..]].concat();
    for model in reading_spectrograms() {
        let fit = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let run = run(model.as_ref(), &reduced, seed);
            pool.install(|| {
                model.fit(&train, &Examples::default(), &run).unwrap().scores(&test.inputs).unwrap()
            })
        };
        let (name, once) = (model.card().name, fit(1, 1));
        assert_eq!(once, fit(1, 3), "{name}: three threads");
        assert_ne!(once, fit(2, 1), "{name}: another seed");
    }
}

/// Arrays of a state, changed in ways that a file can be wrong.
#[test]
fn a_state_that_does_not_fit_is_refused() {
    let (model, train) = (model("crnn-base"), examples(12, (64, 60), 0));
    let reduced = [&[("epochs", "1")][..], &SMALL[1..]].concat();
    let state =
        model.fit(&train, &Examples::default(), &run(model.as_ref(), &reduced, 0)).unwrap().save().unwrap();
    assert!(loaded(model.as_ref(), &state, (64, 60)).is_ok());
    let arrays: Vec<(String, Numbers)> =
        state.arrays().map(|(name, numbers)| (name.to_owned(), numbers.clone())).collect();
    for (place, (name, numbers)) in arrays.iter().enumerate() {
        let with = |other: Option<Numbers>| {
            let mut arrays = arrays.clone();
            match other {
                Some(other) => arrays[place].1 = other,
                None => drop(arrays.remove(place)),
            }
            arrays.into_iter().collect::<State>()
        };
        let mut wrong = vec![None, Some(Numbers::F32(ndarray::ArrayD::zeros(vec![2, 7, 3])))];
        match numbers {
            Numbers::F32(array) => {
                wrong.push(Some(Numbers::F64(array.mapv(f64::from))));
                wrong.push(Some(Numbers::F32(array.mapv(|_| f32::NAN))));
            }
            _ => wrong.push(Some(Numbers::U64(ndarray::arr0(u64::MAX).into_dyn()))),
        }
        for other in wrong {
            assert!(loaded(model.as_ref(), &with(other), (64, 60)).is_err(), "{name}");
        }
    }
    let more = state.with_nested("weights", State::default().with_number("more", 1.0_f32));
    assert!(loaded(model.as_ref(), &more, (64, 60)).is_err());
}

#[test]
fn a_validation_part_is_set_aside_where_the_recipe_needs_one() {
    let train = examples(60, (32, 32), 0);
    for (name, has) in [("ann", false), ("choi-fcn5", true), ("cnn-5block", true), ("lstm-64", true)] {
        let model = model(name);
        let fitted = model.fit(&train, &Examples::default(), &run(model.as_ref(), &SMALL, 0)).unwrap();
        assert!(fitted.insights().history.iter().all(|epoch| epoch.valid.is_some() == has), "{name}");
    }
}

#[test]
fn every_interaction_trains_on_spectrograms_of_any_size() {
    let models = genre_bench_neural::models();
    let names = models.iter().map(|model| model.card().name).filter(|name| name.starts_with("mlfi"));
    let names: Vec<String> = names.collect();
    assert_eq!(names.len(), 22);
    for (name, size) in names.iter().zip([(128, 130), (13, 20), (40, 5)].into_iter().cycle()) {
        let (model, train) = (model(name), examples(4, size, 0));
        let fitted = model.fit(&train, &train, &run(model.as_ref(), &[("epochs", "1")], 0)).unwrap();
        let scores = fitted.scores(&train.inputs).unwrap();
        assert_eq!(scores.dim(), (4, 3), "{name}");
        let params = run(model.as_ref(), &[("epochs", "1")], 0).params;
        let again = model.load(fitted.save().unwrap(), &loading(params, size)).unwrap();
        assert_eq!(again.scores(&train.inputs).unwrap(), scores, "{name}: saved and loaded");
    }
}

/// Those of the systems whose networks are all here.
#[test]
fn published_figures_are_of_models_and_inputs_that_there_are() {
    let figures = include_str!("../../../data/published.csv").lines();
    let mut found = 0;
    for figure in figures.map(|line| line.split(',').collect::<Vec<_>>()) {
        let [system, name, input, ..] = figure[..] else { panic!("{figure:?}") };
        if ["B", "D", "F"].contains(&system) {
            let card = model(name).card();
            let is_read = card.reads.to_string() == input || card.resolve([("input", input)]).is_ok();
            assert!(is_read, "{name} does not read {input}");
            found += 1;
        }
    }
    assert_eq!(found, 12 + 27 + 22);
}

/// The spectrograms of 30, 10, 3 and 1 s, fewer bands than pools would halve, and a single column.
#[test]
fn pools_and_states_fit_spectrograms_of_any_length() {
    let sizes = [(192, 2584), (192, 862), (192, 259), (192, 87), (13, 87), (13, 1)];
    for name in ["crnn-base", "crnn-large", "crnn-resnet18", "crnn-resnet18-steps", "lstm-64x2", "choi-fcn5"]
    {
        let model = model(name);
        for size in sizes {
            let (train, changes) = (examples(2, size, 0), [("epochs", "1"), ("width", "0.05")]);
            let fitted = model.fit(&train, &train, &run(model.as_ref(), &changes, 0));
            assert!(fitted.is_ok(), "{name}, {size:?}: {:?}", fitted.err());
        }
    }
}

/// By hand from the sizes that the sources give.
#[test]
fn parameters_are_as_many_as_the_sources_imply() {
    let dense = |from: usize, to: usize| from * to + to;
    let convolution = |kernel: usize, from: usize, to: usize| kernel * from * to + to;
    let norm = |channels: usize| 2 * channels;
    let fcn5 = norm(1)
        + convolution(9, 1, 32)
        + norm(32)
        + convolution(9, 32, 128)
        + norm(128)
        + convolution(9, 128, 128)
        + norm(128)
        + convolution(9, 128, 192)
        + norm(192)
        + convolution(9, 192, 256)
        + norm(256)
        + dense(256, 3);
    let cnn_7x7 = norm(1)
        + convolution(49, 1, 64) + norm(64)
        + convolution(49, 64, 128) + norm(128)
        + convolution(49, 128, 256) + norm(256)
        // 128 × 130, three times less 6 and halved.
        + dense(256 * 10 * 11, 32) + norm(32) + dense(32, 3);
    let hidden = dense(512, 256) + dense(256, 128) + dense(128, 64) + dense(64, 3);
    let blocks = |filters: &[usize]| -> usize {
        filters.windows(2).map(|pair| convolution(9, pair[0], pair[1]) + norm(pair[1])).sum()
    };
    // Gates of a layer by what it reads and its units, with one bias each, but the GRU's two.
    let recurrent = |gates: usize, from: usize, units: usize| {
        gates * units * (from + units + if gates == 3 { 2 } else { 1 })
    };
    // All rows are pooled into one, as in 192 bands. The second layer, which nothing reads, is not built.
    let gru = |from: usize| norm(1) + recurrent(3, from, 32) + dense(32, 3);
    // 224 × 224, five times halved.
    let five_blocks = blocks(&[1, 16, 32, 64, 128, 256]) + dense(256 * 7 * 7, 3);
    let crnn_base = blocks(&[1, 64, 128, 128, 128]) + gru(128);
    let crnn_large = blocks(&[1, 64, 128, 256, 512, 512]) + gru(512);
    let lstm = recurrent(4, 128, 64);
    let mlfi = blocks(&[1, 16, 32, 64, 128, 128])
        + recurrent(3, 16, 64)
        + recurrent(3, 64, 64)
        + [6, 1024, 512, 256, 128, 64].windows(2).map(|pair| dense(pair[0], pair[1])).sum::<usize>()
        + dense(64 + 64, 3);
    let resnet18 = 11_689_512 - 49 * 2 * 64 - dense(512, 1000);
    let expected = [
        ("ann-table", dense(6, 512) + hidden),
        ("ann", dense(128 * 130, 512) + hidden),
        ("cnn-7x7", cnn_7x7),
        ("choi-fcn5", fcn5),
        ("choi-fcn5-dropout", fcn5),
        ("cnn-5block", five_blocks),
        ("crnn-base", crnn_base),
        ("crnn-large", crnn_large),
        // As torchvision, and Keras without what is not trained, documents them for three channels and 1000 classes.
        ("vgg19", 143_667_240 - 9 * 2 * 64 - dense(4096, 1000) + dense(4096, 3)),
        ("resnet18", resnet18 + dense(512, 3)),
        ("crnn-resnet18", resnet18 + recurrent(3, 512, 32) + dense(32, 3)),
        ("crnn-resnet18-steps", resnet18 + recurrent(3, 512, 32) + dense(32, 3)),
        ("resnet50", 25_636_712 - 53_120 - 49 * 2 * 64 - dense(2048, 1000) + dense(2048, 3)),
        ("mobilenetv2", 3_504_872 - 9 * 2 * 32 - dense(1280, 1000) + dense(1280, 3)),
        ("efficientnet-b0", 5_288_548 - 9 * 2 * 32 - dense(1280, 1000) + dense(1280, 3)),
        ("efficientnet-lite0", 4_652_008 - 9 * 2 * 32 - dense(1280, 1000) + dense(1280, 3)),
        ("inceptionv3", 23_851_784 - 34_432 - 9 * 2 * 32 - dense(2048, 1000) + dense(2048, 3)),
        ("resnet152v2", 60_380_648 - 143_744 - 49 * 2 * 64 - dense(2048, 1000) + dense(2048, 3)),
        ("rnn-32", recurrent(1, 128, 32) + dense(32, 3)),
        ("rnn-128", recurrent(1, 128, 128) + dense(128, 3)),
        ("rnn-64x2", recurrent(1, 128, 64) + recurrent(1, 64, 64) + dense(64, 3)),
        ("lstm-64", lstm + dense(64, 3)),
        ("lstm-64x2", lstm + recurrent(4, 64, 64) + dense(64, 3)),
        ("bilstm-64", 2 * lstm + dense(128, 3)),
        ("lstm-64-fc2", lstm + dense(64, 64) + dense(64, 3)),
        ("mlfi", mlfi),
        // 128 numbers of the convolutions or 64 of the recurrent layers beside 1024, 512, 256 or 128.
        ("mlfi-a1", mlfi + 128 * 512),
        ("mlfi-a4", mlfi + 128 * 64),
        ("mlfi-b2", mlfi + 64 * 256),
        ("mlfi-b3", mlfi + 64 * 128),
        // More steps need no more parameters.
        ("mlfi-e", mlfi),
        ("mlfi-a", mlfi),
        ("mlfi-a3c", mlfi + 128 * 128),
        ("mlfi-b2d", mlfi + 64 * 256),
    ];
    // What PyTorch counts in the same with ten classes and the second layer, without the first normalization.
    let of_ten = |parameters: usize, units: usize| {
        parameters - norm(1) + recurrent(3, 32, 32) - dense(units, 3) + dense(units, 10)
    };
    assert_eq!((of_ten(crnn_base, 32), of_ten(crnn_large, 32)), (392_778, 3_971_658));
    for (name, expected) in expected {
        assert_eq!(cost(name).parameters as usize, expected, "{name}");
    }
}

/// What a model takes for spectrograms of 128 × 130, tables of 6 columns and 3 classes.
fn cost(name: &str) -> Cost {
    let model = model(name);
    let card = model.card();
    // Of one channel, where the default is a colour picture.
    let changes = [("input", "mel-128"), ("weights", "none")];
    let known = |changes: &[(&'static str, &'static str)]| {
        let declared = |(name, _): &&(&str, &str)| card.params.iter().any(|param| param.name == *name);
        changes.iter().filter(declared).copied().collect::<Vec<_>>()
    };
    let params = card.resolve(known(&changes)).or_else(|_| card.resolve(known(&changes[1..]))).unwrap();
    model.cost(&params, (128, 130), 6, 3).unwrap().unwrap()
}

/// From the 288 rows of the published picture two are left, so that the recurrent layers read 256 or 1024 numbers a step.
#[test]
fn of_the_published_picture_two_rows_are_left() {
    for (name, step, filters) in [("crnn-base", 256, 64), ("crnn-large", 1024, 64)] {
        let model = model(name);
        let cost_of = |input: &str, size: (usize, usize)| {
            let params = model.card().resolve([("input", input)]).unwrap();
            model.cost(&params, size, 0, 10).unwrap().unwrap()
        };
        let card = model.card();
        assert_eq!(card.reads.to_string(), "colour-mel-192-hop-256-to-8000");
        let picture = cost_of("colour-mel-192-hop-256-to-8000", (288, 432));
        // One row of all is left where a step has half as many numbers; the first layers see one channel and not three.
        let grey = cost_of("mel-192-hop-256-to-8000", (144, 432));
        let gru = 3 * 32 * (step - step / 2);
        let first = 2 * 2 + 9 * 2 * filters;
        assert_eq!(picture.parameters, grey.parameters + gru + first, "{name}");
    }
}

/// Colour pictures of noise in which one channel is bright where the class says.
#[test]
fn networks_tell_colours_apart() {
    let pictures = |count: usize, seed: u64| {
        let mut rng = random_stream(seed, "pictures");
        let mut examples = examples(count, (1, 1), seed);
        let levels = Array4::from_shape_fn((count, 3, 48, 50), |(example, channel, ..)| {
            let bright = if channel == example % 3 { 120 } else { 0 };
            bright + (100.0 * rng.r#gen::<f32>()) as u8
        });
        examples.inputs.spectrograms = Spectrograms::colour(levels);
        examples
    };
    let (train, test) = (pictures(60, 0), pictures(30, 1));
    // SGD has its own learning rate.
    for (name, input, lr) in [
        ("crnn-base", "colour-mel-192-hop-256-to-8000", "0.003"),
        ("choi-fcn5", "colour-mel-128", "0.003"),
        ("cnn-7x7", "stft-colour", "0.01"),
        ("ann", "stft-colour", "0.003"),
    ] {
        let model = model(name);
        let card = model.card();
        let changes = SMALL.iter().copied().chain([
            ("input", input),
            ("lr", lr),
            ("augment", "true"),
            ("spec-augment", "true"),
            ("norm-momentum", "0.1"),
        ]);
        let declared = changes.filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
        let run = Run::with(card.resolve(declared).unwrap(), 0);
        let fitted = model.fit(&train, &Examples::default(), &run).unwrap();
        let scores = fitted.scores(&test.inputs).unwrap();
        let is_correct =
            |(row, &label): (ndarray::ArrayView1<f32>, &usize)| row.iter().all(|s| *s <= row[label]);
        let correct = scores.rows().into_iter().zip(&test.labels).filter(|pair| is_correct(*pair)).count();
        assert!(correct >= 25, "{name}: {correct} of 30");
        let grey = fitted.scores(&examples(3, (48, 50), 0).inputs);
        assert!(grey.is_err_and(|e| e.to_string().contains("1 channels")), "{name}: grey spectrograms");
    }
}

#[test]
fn multiply_adds_are_those_of_products() {
    let network = |name| cost(name).macs as usize;
    let dense = [512, 256, 128, 64, 3].windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>();
    assert_eq!(network("ann"), 128 * 130 * 512 + dense);
    assert_eq!(network("ann-table"), 6 * 512 + dense);
    let lstm = |from: usize| 130 * 4 * 64 * (from + 64);
    assert_eq!(network("lstm-64x2"), lstm(128) + lstm(64) + 64 * 3);
    assert_eq!(network("bilstm-64"), 2 * lstm(128) + 128 * 3);
    // Pools of 2 × 2 and then 4 × 2 leave 64 × 65, 16 × 32, 4 × 16 and 1 × 8.
    let convolutions = [(1, 64, 128 * 130), (64, 128, 64 * 65), (128, 128, 16 * 32), (128, 128, 4 * 16)];
    let convolutions = convolutions.map(|(from, to, pixels)| 9 * from * to * pixels).iter().sum::<usize>();
    let gru = 8 * 3 * 32 * (128 + 32);
    assert_eq!(network("crnn-base"), convolutions + gru + 32 * 3);
    // As torchvision documents them, in millions, for three channels and 1000 classes.
    let photographs = |name, of_channel: usize, features: usize| {
        (network(name) + 2 * of_channel + 997 * features) as f64 / 1e6
    };
    assert_eq!(photographs("vgg19", 9 * 64 * 224 * 224, 4096).round(), 19632.0);
    assert_eq!(photographs("resnet18", 49 * 64 * 112 * 112, 512).round(), 1814.0);
    // Where the stride is in the first convolution of a bottleneck, that one is smaller in three stages.
    let smaller = 3.0 * (56 * 56 - 28 * 28) as f64 * (256 * 128) as f64 / 1e6;
    assert_eq!(photographs("resnet50", 49 * 64 * 112 * 112, 2048).round(), (4089.2 - smaller).round());
}

/// The recurrent layers read (8, 16) alone and (72, 16), (40, 16), (24, 16), (16, 16) and (12, 16) with 1024, 512, 256,
/// 128 and 64 numbers of a dense layer.
#[test]
fn interactions_lengthen_what_the_recurrent_layers_read() {
    let step = 3 * 64 * (16 + 64) + 3 * 64 * (64 + 64);
    let alone = cost("mlfi").macs;
    for (name, steps) in [("e", 72), ("d", 40), ("c", 24), ("b", 16), ("a", 12)] {
        assert_eq!(cost(&format!("mlfi-{name}")).macs, alone + (steps - 8) * step, "{name}");
    }
    let joined = [("a2d", 128 * 256, 40), ("b1e", 64 * 512, 72), ("b4b", 64 * 64, 16)];
    for (name, product, steps) in joined {
        let expected = alone + product + (steps - 8) * step;
        assert_eq!(cost(&format!("mlfi-{name}")).macs, expected, "{name}");
    }
}

/// A file of a sixteenth of ResNet-18 by torchvision's names, all numbers random.
fn resnet18_file(folder: &std::path::Path, seed: u64) -> String {
    let names: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/neural/weight_names.json")).unwrap();
    let mut rng = random_stream(seed, "file");
    let arrays = names["resnet18"]["torchvision"].as_object().unwrap().iter().map(|(name, shape)| {
        let axes = shape.as_array().unwrap().iter().map(|axis| axis.as_u64().unwrap() as usize);
        let axes: Vec<usize> =
            axes.map(|axis| if axis >= 64 && axis != 1000 { axis / 16 } else { axis }).collect();
        let start = if name.ends_with("running_var") { 0.5 } else { -0.25 };
        let values: Vec<f32> = (0..axes.iter().product()).map(|_| start + 0.5 * rng.r#gen::<f32>()).collect();
        (name.clone(), candle_core::Tensor::from_vec(values, axes, &candle_core::Device::Cpu).unwrap())
    });
    let path = folder.join(format!("resnet18-{seed}.safetensors"));
    candle_core::safetensors::save(&arrays.collect(), &path).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn networks_start_from_the_weights_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = [1, 2].map(|seed| resnet18_file(folder.path(), seed));
    let (train, test) = (examples(24, (64, 60), 0), examples(6, (64, 60), 1));
    for (name, head) in
        [("resnet18", 32 * 3 + 3), ("crnn-resnet18-steps", 3 * 32 * (32 + 32 + 2) + 32 * 3 + 3)]
    {
        let model = model(name);
        let fit = |file: &str, trainable: &str| {
            let changes = [
                ("epochs", "1"),
                ("lr", "0.0001"),
                ("size", "32"),
                ("width", "0.0625"),
                ("trainable", trainable),
                ("weights", file),
                ("input", "mel-128"),
            ];
            let changes =
                changes.into_iter().filter(|(name, _)| model.card().params.iter().any(|p| p.name == *name));
            let params = model.card().resolve(changes).unwrap();
            let fitted = model.fit(&train, &train, &Run::with(params, 0)).unwrap();
            (fitted.scores(&test.inputs).unwrap(), fitted.insights().numbers)
        };
        let (first, numbers) = fit(&files[0], "head");
        assert_eq!(numbers[0], ("parameters".to_owned(), f64::from(head)), "{name}");
        assert!(
            numbers.iter().any(|(what, count)| what == "pretrained numbers" && *count > 10_000.0),
            "{numbers:?}"
        );
        assert_eq!(first, fit(&files[0], "head").0, "{name}: again");
        for (file, trainable) in
            [(&*files[1], "head"), ("none", "head"), (&files[0], "all"), (&files[0], "last-stages")]
        {
            assert_ne!(first, fit(file, trainable).0, "{name}: {file}, {trainable}");
        }
    }
    // Another width than the file's, and a file that is replaced between plan and fit.
    let model = model("resnet18");
    let resolved =
        |width| model.card().resolve([("width", width), ("size", "32"), ("weights", &*files[0])]).unwrap();
    let error = |params| model.fit(&train, &train, &Run::with(params, 0)).err().unwrap().to_string();
    let narrow = error(resolved("0.125"));
    assert!(narrow.contains("has the shape"), "{narrow}");
    let params = resolved("0.0625");
    std::fs::copy(&files[1], &files[0]).unwrap();
    let changed = error(params);
    assert!(changed.contains("changed after the run had begun"), "{changed}");
}
