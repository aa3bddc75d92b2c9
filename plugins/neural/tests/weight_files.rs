//! Files of weights against what PyTorch, safetensors and NumPy read of them (tests/fixtures/neural/make_weights.py), and
//! files that are not what they say.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use genre_bench_neural::weights::{Limits, WeightsFile, read, read_within};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/neural")
}

fn json<T: for<'d> Deserialize<'d>>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(fixtures().join(name)).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    bits: Vec<u32>,
}

#[derive(Deserialize)]
struct Expected {
    format: String,
    arrays: BTreeMap<String, Array>,
    passed_over: Vec<String>,
}

#[test]
fn every_number_is_as_in_python_to_the_bit() {
    let all: BTreeMap<String, Expected> = json("weights.json");
    assert_eq!(all.len(), 15);
    for (name, expected) in all {
        let path = fixtures().join("weights").join(&name);
        let file = read(&path).unwrap();
        assert_eq!(file.format.to_string(), expected.format, "{name}");
        let mut passed_over = file.passed_over.clone();
        passed_over.sort();
        assert_eq!(passed_over, expected.passed_over, "{name}");
        assert!(file.arrays.keys().eq(expected.arrays.keys()), "{name}: {:?}", file.arrays.keys());
        for (key, array) in &expected.arrays {
            let read = &file.arrays[key];
            assert_eq!(read.shape(), array.shape, "{name}: {key}");
            let bits: Vec<u32> = read.iter().map(|value| value.to_bits()).collect();
            assert_eq!(bits, array.bits, "{name}: {key}");
        }
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(file.bytes, bytes.len() as u64);
            assert_eq!(file.sha256, format!("{:x}", Sha256::digest(&bytes)));
        }
        let numbers: usize = expected.arrays.values().map(|array| array.bits.len()).sum();
        assert!(file.to_string().contains(&format!("{numbers} numbers")), "{file}");
    }
}

/// As `sha256sum *.npy | sha256sum` says.
#[test]
fn the_checksum_of_a_folder_is_of_the_checksums_of_its_files() {
    let folder = fixtures().join("weights/numpy");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let lines = names.iter().map(|path| {
        let sum = Sha256::digest(std::fs::read(path).unwrap());
        format!("{sum:x}  {}\n", path.file_name().unwrap().to_str().unwrap())
    });
    let sum = Sha256::digest(lines.collect::<String>());
    assert_eq!(read(&folder).unwrap().sha256, format!("{sum:x}"));
}

#[derive(Deserialize)]
struct Summary {
    arrays: usize,
    values: usize,
    sha256_of_values: String,
}

fn summary(file: &WeightsFile) -> (usize, usize, String) {
    let mut values = Sha256::new();
    for value in file.arrays.values().flatten() {
        values.update(value.to_le_bytes());
    }
    (file.arrays.len(), file.values(), format!("{:x}", values.finalize()))
}

/// Looks in `../shared/models` beside the repository, or in `$GENRE_BENCH_MODELS`.
#[test]
fn real_files_are_read_completely() {
    let all: BTreeMap<String, Summary> = json("weights_real.json");
    let folder = std::env::var_os("GENRE_BENCH_MODELS").map(PathBuf::from);
    let folder =
        folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models"));
    for (name, expected) in all {
        let path = folder.join(&name);
        if !path.exists() {
            // Not by a macro: what macros print is hidden when a test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED: no {} ($GENRE_BENCH_MODELS)", path.display());
            continue;
        }
        let file = read(&path).unwrap();
        assert_eq!(summary(&file), (expected.arrays, expected.values, expected.sha256_of_values), "{name}");
    }
}

/// What an error says, which names the file and is a line.
fn refused(path: &Path) -> String {
    refused_within(path, Limits { bytes: 1 << 24, values: 1 << 20, arrays: 100 })
}

fn refused_within(path: &Path, limits: Limits) -> String {
    let error = read_within(path, limits).unwrap_err().to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(error.contains(name) && error.lines().count() == 1 && error.len() < 1000, "{error}");
    error
}

#[test]
fn what_is_no_state_dict_is_refused_by_what_it_names() {
    for (name, why) in [
        ("zip_evil.pt", "names `posix.system`, which no state dict needs; nothing of it was executed"),
        ("legacy_evil.pt", "names `posix.system`"),
        ("zip_namespace.pt", "names `argparse.Namespace`"),
        ("legacy_namespace.pt", "names `argparse.Namespace`"),
        ("zip_module.pt", "names `torch.nn.modules.linear.Linear`"),
        ("objects.npy", "of the type `|O`"),
        ("records.npy", "with the header"),
    ] {
        let error = refused(&fixtures().join("weights").join(name));
        assert!(error.contains(why), "{name}: {error}");
    }
}

fn good_files() -> Vec<(String, Vec<u8>)> {
    let all: BTreeMap<String, Expected> = json("weights.json");
    let paths = all.into_keys().map(|name| (fixtures().join("weights").join(&name), name));
    paths
        .filter(|(path, _)| path.is_file())
        .map(|(path, name)| (name, std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in good_files() {
        let path = folder.path().join(&name);
        for length in (0..bytes.len()).step_by(5) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            refused(&path);
        }
    }
}

#[test]
fn a_damaged_file_is_read_or_refused_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for (name, good) in good_files() {
        let path = folder.path().join(&name);
        for _ in 0..500 {
            let mut bytes = good.clone();
            for _ in 0..rng.gen_range(1..4) {
                let at = rng.gen_range(0..bytes.len());
                bytes[at] = rng.r#gen();
            }
            std::fs::write(&path, &bytes).unwrap();
            if let Err(error) = read_within(&path, Limits { bytes: 1 << 24, values: 1 << 20, arrays: 100 }) {
                assert!(error.to_string().contains(&name), "{error}");
            }
        }
    }
}

/// A pickle of protocol 2 from its instructions.
fn pickle(instructions: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x02", &*instructions.concat(), b"."].concat()
}

fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

fn int(int: u64) -> Vec<u8> {
    match int >> 63 {
        0 => [b"\x8a\x08", &int.to_le_bytes()[..]].concat(),
        _ => [b"\x8a\x09", &int.to_le_bytes()[..], b"\0"].concat(),
    }
}

/// A tensor whose storage says to have so many f32.
fn tensor(key: &str, count: u64, offset: u64, shape: &[u64], strides: &[u64]) -> Vec<u8> {
    let tuple = |sizes: &[u64]| {
        let items: Vec<u8> = sizes.iter().flat_map(|&size| int(size)).collect();
        [b"(", &items[..], b"t"].concat()
    };
    let id =
        [b"(", &text("storage")[..], b"ctorch\nFloatStorage\n", &text(key), &text("cpu"), &int(count), b"tQ"];
    let arguments = [&id.concat()[..], &int(offset), &tuple(shape), &tuple(strides), b"\x89)"].concat();
    [b"ctorch._utils\n_rebuild_tensor_v2\n(", &arguments[..], b"tR"].concat()
}

fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> = items.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(", &items[..], b"u"].concat()
}

fn zip(entries: &[(&str, &[u8])], path: &Path) {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, content) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap();
}

const MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";

/// The pickle in both kinds of files, with one storage of six f32.
fn both(pickled: &[u8], folder: &Path) -> [PathBuf; 2] {
    let (new, old) = (folder.join("new.pt"), folder.join("old.pt"));
    let storage: Vec<u8> =
        [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    zip(&[("archive/data.pkl", pickled), ("archive/data/0", &storage)], &new);
    let system = pickle(&[&dict(&[("little_endian", b"\x88".to_vec())])]);
    let keys = pickle(&[b"](", &text("0"), b"e"]);
    std::fs::write(&old, [MAGIC, &system, pickled, &keys, &6_u64.to_le_bytes(), &storage].concat()).unwrap();
    [new, old]
}

#[test]
fn tensors_that_lie_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let of = |tensor: Vec<u8>| both(&pickle(&[&dict(&[("w", tensor)])]), folder.path());
    for path in of(tensor("0", 6, 1, &[2, 2], &[2, 1])) {
        let array = &read(&path).unwrap().arrays["w"];
        assert_eq!(array.iter().copied().collect::<Vec<f32>>(), [2.0, 3.0, 4.0, 5.0]);
    }
    let trillion = 1_000_000_000_000;
    for (what, lie, why) in [
        ("shape", tensor("0", 6, 0, &[trillion], &[1]), "is not whole, or lies"),
        ("expanded", tensor("0", 6, 0, &[trillion], &[0]), "more than 1048576 numbers"),
        ("product", tensor("0", 6, 0, &[1 << 40, 1 << 40], &[0, 0]), "says that an array has the shape"),
        ("offset", tensor("0", 6, 6, &[1], &[1]), "is not whole, or lies"),
        ("large offset", tensor("0", 6, u64::MAX >> 1, &[2], &[1]), "is not whole, or lies"),
        ("stride", tensor("0", 6, 0, &[2, 2], &[u64::MAX >> 1, 1]), "is not whole, or lies"),
        ("strides", tensor("0", 6, 0, &[2, 2], &[1]), "2 axes with 1 strides"),
        ("axes", tensor("0", 6, 0, &[1; 40], &[1; 40]), "which it does not take"),
        ("negative", tensor("0", 6, 0, &[u64::MAX], &[1]), ""),
        ("no storage", tensor("../0", 6, 0, &[2], &[1]), "storage"),
        ("long key", tensor(&"0".repeat(100), 6, 0, &[2], &[1]), "no storage of numbers"),
    ] {
        for path in of(lie) {
            let error = refused(&path);
            assert!(error.contains(why), "{what}: {error}");
        }
    }
    for count in [5, 7, trillion, u64::MAX >> 3] {
        let [new, _] = of(tensor("0", count, 0, &[2], &[1]));
        assert!(refused(&new).contains("24 bytes are there"));
    }
    let old = &of(tensor("0", 6, 0, &[2], &[1]))[1];
    let good = std::fs::read(old).unwrap();
    for count in [5_u64, 7, trillion, u64::MAX] {
        let mut bytes = good.clone();
        let at = bytes.len() - 32;
        bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
        std::fs::write(old, bytes).unwrap();
        refused(old);
    }
}

#[test]
fn pickles_that_are_made_to_harm_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let of = |pickled: &[u8]| both(pickled, folder.path());
    let t = tensor("0", 6, 0, &[2], &[1]);
    let cycle = [&b"}q\0"[..], &text("a"), b"h\0s", &text("w"), &t, b"s"].concat();
    let deep = |open: &[u8], depth: usize, close: &[u8]| [open.repeat(depth), close.repeat(depth)].concat();
    // Each dict holds the one before it ten times.
    let mut laughs = [&b"}"[..], &text("w"), &t, b"sq\0"].concat();
    for level in 1..30_u8 {
        laughs.extend(b"}");
        for item in 0..10 {
            laughs.extend([&text(&item.to_string())[..], b"h", &[level - 1], b"s"].concat());
        }
        laughs.extend([b'q', level]);
    }
    for (what, instructions, why) in [
        ("cycle", cycle, "without an end"),
        ("laughs", laughs, "without an end"),
        ("deep lists", deep(b"](", 100_000, b"e"), "a pickle of a list"),
        ("deep tuples", deep(b"(", 100_000, b"t"), "a pickle of a tuple"),
        (
            "deep dicts",
            [&deep(b"}K\0", 100_000, b"")[..], b"}", &b"s".repeat(100_000)].concat(),
            "without an end",
        ),
        ("marks", b"(".repeat(1 << 20), "more objects"),
        ("objects", b"N".repeat(1 << 20), "more objects"),
        ("memo", [&b"N"[..], &b"\x94".repeat(1 << 20)].concat(), "more objects"),
        ("a long text", [b"X", &u32::MAX.to_le_bytes()[..]].concat(), "without an end"),
        ("recall", b"h\x07".to_vec(), "never made"),
        ("nothing", Vec::new(), "never made"),
        ("below a mark", b"}(s".to_vec(), "never made"),
        ("odd items", b"}(Nu".to_vec(), "an odd number"),
        ("INST", b"(iposix\nsystem\n".to_vec(), "(INST, which makes an object of any class)"),
        ("NEWOBJ", b"N)\x81".to_vec(), "(NEWOBJ"),
        ("protocol 0", b"I1\n".to_vec(), "0x49"),
        ("builtins", b"cbuiltins\neval\n".to_vec(), "names `builtins.eval`"),
        ("stack global", [&b"\x8c\x02os\x8c\x06system\x93"[..]].concat(), "names `os.system`"),
        (
            "load from bytes",
            b"ctorch.storage\n_load_from_bytes\n".to_vec(),
            "names `torch.storage._load_from_bytes`",
        ),
        ("escape", b"c\x1b[2Jos\nsystem\n".to_vec(), "\\u{1b}[2Jos.system"),
        ("a text called", b"X\0\0\0\0)R".to_vec(), "calls a str"),
        ("a class called", b"ctorch\nFloatStorage\n)R".to_vec(), "which it does not take"),
        ("a reference", [&b"("[..], &text("module"), b"tQ"].concat(), "is no storage"),
        ("attributes", b"N}b".to_vec(), "sets attributes of None"),
        (
            "two of a name",
            [&b"}("[..], &text("w"), &t, &text("w"), &t, b"u"].concat(),
            "two arrays called `w`",
        ),
        ("a tensor alone", t.clone(), "one tensor without a name"),
        ("a long name", [&b"}"[..], &text(&"n".repeat(5000)), &t, b"s"].concat(), "is a key"),
    ] {
        for path in of(&pickle(&[&instructions])) {
            let error = refused(&path);
            assert!(error.contains(why), "{what}: {error}");
        }
    }
    let [new, _] = of(&pickle(&[b"}(", &text("w"), &text("w"), b"u"]));
    assert!(refused(&new).contains("without any array"));
}

#[test]
fn python_2_wrote_other_texts_and_dicts() {
    let folder = tempfile::tempdir().unwrap();
    let old_text = |text: &str| [b"U", &[text.len() as u8][..], text.as_bytes()].concat();
    let pair = [&b"]("[..], &old_text("w"), &tensor("0", 6, 0, &[2], &[1]), b"e"].concat();
    let ordered = [&b"ccollections\nOrderedDict\n]"[..], &pair, b"a\x85R"].concat();
    for path in both(&pickle(&[&ordered]), folder.path()) {
        assert_eq!(read(&path).unwrap().arrays["w"].len(), 2);
    }
}

#[test]
fn archives_that_are_made_to_harm_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb");
    let good = pickle(&[&dict(&[("w", tensor("0", 6, 0, &[2], &[1]))])]);
    // 64 MiB of nothing.
    let zeros = vec![0; 64 << 20];
    for (entries, why) in [
        (vec![("archive/data.pkl", &zeros[..])], "where at most 16777216 belong"),
        (
            vec![("archive/data.pkl", &good), ("archive/data/0", &zeros)],
            "unpacks to more than 16777216 bytes",
        ),
        (vec![("w.npy", &zeros)], "unpacks to more than 16777216 bytes"),
        (
            vec![("archive/data.pkl", &good), ("../archive/data/0", &[0; 24])],
            "it has no storage `archive/data/0`",
        ),
        (vec![("data.pkl", &good), ("archive/byteorder", b"big")], "it has no storage `data/0`"),
        (
            vec![("a/data.pkl", &good), ("a/data/0", &[0; 24]), ("a/byteorder", b"big")],
            "the highest byte first",
        ),
        (vec![("model.weights.h5", b"")], "scripts/keras_to_safetensors.py"),
        (vec![("config\x1b.json", b"")], "it has `config\\u{1b}.json`"),
        (vec![], "without any array"),
    ] {
        zip(&entries, &path);
        let error = refused(&path);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lie");
    let safetensors = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    };
    let npy = |header: &str, data: usize| {
        [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &vec![0; data]]
            .concat()
    };
    let of = |dtype, shape, end| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
    };
    let numpy = |descr, shape| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    for (bytes, why) in [
        (safetensors(&of("F32", "[1000000,1000000]", 8), 8), "damaged safetensors"),
        (safetensors(&of("F32", "[1000000,1000000]", 4_000_000_000_000_u64), 8), "damaged safetensors"),
        (safetensors(&of("F32", "[18446744073709551615,2]", 8), 8), "damaged safetensors"),
        (safetensors(&of("F32", "[2]", 8), 9), "damaged safetensors"),
        (safetensors(&of("F8_E4M3", "[8]", 8), 8), "F8_E4M3"),
        (safetensors(&of("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", 8), 8), "17 axes"),
        (safetensors("{}", 0), "without any array"),
        (safetensors("{\"w\":", 0), "damaged safetensors"),
        ([&u64::MAX.to_le_bytes()[..], b"{}"].concat(), "a header of 18446744073709551615 bytes"),
        ([&(90_u64 << 20).to_le_bytes()[..], b"{}"].concat(), "a header of 94371840 bytes"),
        (npy(&numpy("<f4", "(1000000, 1000000)"), 8), "but has 8 bytes"),
        (npy(&numpy("<f4", "(99999999999999999999,)"), 8), "with the header"),
        (npy(&numpy("<f4", "(4294967296, 4294967296, 4294967296)"), 8), "more numbers than can be counted"),
        (npy(&numpy("<f4", "(2)"), 9), "but has 9 bytes"),
        (npy(&numpy("<c8", "(1,)"), 8), "of the type `<c8`"),
        (npy("{'descr': '<f4'}", 0), "with the header"),
        (npy("{", 0), "with the header"),
        (npy("", 0), "with the header"),
        (b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec(), "a header of 4294967295 bytes"),
        (b"\x93NUMPY\x09\0\0\0\0\0".to_vec(), "of the version 9.0"),
        (b"\x89HDF\r\n\x1a\n".to_vec(), "scripts/keras_to_safetensors.py"),
        (b"\x1c\0\0\0TFL3".to_vec(), "scripts/tflite_to_safetensors.py"),
        (b"hello".to_vec(), "by its first bytes"),
        (Vec::new(), "by its first bytes"),
        (pickle(&[b"N"]), "none that torch.save wrote"),
        ([&MAGIC[..15], &pickle(&[b"K\x01"])].concat(), "unknown version"),
        ([MAGIC, &pickle(&[b"}"])].concat(), "highest byte first"),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        let error = refused(&path);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn the_door_opens_to_files_of_a_size_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(refused(&path("missing")).contains("cannot be read"));
    std::fs::create_dir(path("empty")).unwrap();
    assert!(refused(&path("empty")).contains("a folder without any .npy"));
    std::fs::write(path("empty/a.npy"), "PK\x03\x04").unwrap();
    assert!(refused(&path("empty")).contains("has `a.npy`, which is a damaged zip"));
    let good = fixtures().join("weights/one.npy");
    let within = |bytes| refused_within(&good, Limits { bytes, ..Limits::default() });
    assert!(within(100).contains("is larger than 100 bytes"));
    let few = Limits { values: 23, ..Limits::default() };
    assert!(refused_within(&good, few).contains("more than 23 numbers"));
    let numpy = fixtures().join("weights/numpy");
    assert!(refused_within(&numpy, Limits { arrays: 7, ..Limits::default() }).contains("more than 7 arrays"));
    assert!(refused_within(&numpy, Limits { bytes: 500, ..Limits::default() }).contains("is larger than"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", path("zero")).unwrap();
        assert!(refused(&path("zero")).contains("neither a regular file nor a folder"));
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        assert!(refused(&path("pipe")).contains("neither a regular file nor a folder"));
    }
}
