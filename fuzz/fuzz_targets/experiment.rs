//! `bench run FILE`, and whether what it read comes back from what it writes.
#![no_main]

use genre_bench_api::{Card, Examples, Family, Fitted, Model, Param, Run};
use genre_bench_fuzz::experiment::{Registry, read};
use genre_bench_fuzz::{check_error, file_of};
use libfuzzer_sys::fuzz_target;
use std::cell::LazyCell;

/// A card without anything behind it.
struct Nothing(&'static str);

impl Model for Nothing {
    fn card(&self) -> Card {
        Card::new(self.0, Family::Classical, "").param(Param::float("c", 1.0, "").above(0.0))
    }

    fn fit(&self, _: &Examples, _: &Examples, _: &Run) -> genre_bench_api::Result<Box<dyn Fitted>> {
        Err(genre_bench_api::Error::failed("it is only a card"))
    }
}

thread_local! {
    static REGISTRY: LazyCell<Registry> = LazyCell::new(|| {
        let models: Vec<Box<dyn Model>> = vec![Box::new(Nothing("svm")), Box::new(Nothing("forest"))];
        Registry::new(models, None).expect("two models")
    });
}

fuzz_target!(|data: &[u8]| {
    REGISTRY.with(|registry| match read(file_of(data).path(), registry) {
        Ok(file) => {
            assert!(!file.experiments.is_empty() && file.labels.len() == file.experiments.len());
            let first = &file.experiments[0];
            let text = first.to_toml().expect("an experiment can be written");
            let again =
                read(file_of(text.as_bytes()).path(), registry).expect("what was written can be read");
            assert_eq!(again.experiments.len(), 1, "{text}");
            assert_eq!(again.experiments[0], *first, "{text}");
        }
        Err(error) => check_error(&error),
    });
});
