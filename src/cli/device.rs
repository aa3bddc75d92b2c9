use genre_bench_api::Device;
use std::str::FromStr;

/// The value of `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceChoice(pub Device);

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" | "cpu" => Ok(Self(Device::Cpu)),
            _ if text == "cuda" || text.starts_with("cuda:") => {
                Err("this build has no CUDA: no model of it computes on a GPU; use --device cpu".to_owned())
            }
            _ => Err("expected auto or cpu".to_owned()),
        }
    }
}
