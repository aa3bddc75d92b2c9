//! A network's checkpoint. Only with `--features networks`, because candle takes minutes to build.
#![no_main]

use genre_bench_fuzz::file_of;
use libfuzzer_sys::fuzz_target;

// The folder of this file, for the paths inside.
#[path = "."]
mod layers {
    #[path = "../../plugins/neural/src/layers/regular_file.rs"]
    mod regular_file;

    pub(crate) use regular_file::regular_file;
}

#[path = "."]
mod train {
    #![allow(dead_code, unused_imports, reason = "a part is used")]
    #[path = "../../plugins/neural/src/train/checkpoint_file.rs"]
    mod checkpoint_file;

    use candle_core::{DType, Device, Var};
    use checkpoint_file::CheckpointFile;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Reads what a fit reads: its format, its checksum, who it is of, and weights of known shapes.
    pub fn read(path: &Path) -> candle_core::Result<()> {
        let mut file = CheckpointFile::read(path, 1 << 16)?;
        file.format()?;
        // Whatever comes of it: a wrong one would keep all else from being read.
        let _ = file.check();
        file.bytes("identity")?;
        file.take("history", DType::F64, &Device::Cpu)?.to_vec2::<f64>()?;
        let weight = Var::zeros((2, 3), DType::F32, &Device::Cpu)?;
        let weights = BTreeMap::from([("w".to_owned(), weight)]);
        let read = file.like("weight", weights.iter())?;
        assert_eq!(read["w"].dims(), [2, 3]);
        Ok(())
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = train::read(file_of(data).path());
});
