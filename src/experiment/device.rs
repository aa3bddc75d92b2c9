use crate::error::{Error, Result};
use crate::util::as_text;
use genre_bench_api::Device;
use std::fmt;
use std::str::FromStr;

/// How many CUDA devices the models find, or why they can use none; none if they were built without CUDA.
pub type CudaDevices = Option<std::result::Result<usize, String>>;

/// Where networks compute, as a user says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// This one.
    Named(Device),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => match text.parse() {
                Ok(device) => Ok(Self::Named(device)),
                Err(_) => Err("expected auto, cpu, cuda or cuda:N".to_owned()),
            },
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Named(device) => device.fmt(f),
        }
    }
}

as_text!(DeviceChoice: "cuda:0");

impl DeviceChoice {
    /// The device, where the program finds these CUDA devices.
    ///
    /// # Errors
    ///
    /// A CUDA device that is not there.
    pub fn resolve(self, cuda_devices: &CudaDevices) -> Result<Device> {
        let there = cuda_devices.as_ref().and_then(|found| found.as_ref().ok()).copied().unwrap_or(0);
        match self {
            Self::Auto if there > 0 => Ok(Device::Cuda(0)),
            Self::Auto => Ok(Device::Cpu),
            Self::Named(Device::Cuda(number)) if number >= there => {
                let (reason, hint) = match cuda_devices {
                    None => (
                        "this program was built without CUDA".to_owned(),
                        "cargo build --release --features cuda on a machine with the CUDA toolkit, or --device cpu",
                    ),
                    Some(Err(why)) => (
                        format!("CUDA cannot be used: {why}"),
                        "check that nvidia-smi shows a card and that the driver is new enough, or --device cpu",
                    ),
                    Some(Ok(0)) => (
                        "no CUDA device is found".to_owned(),
                        "check that nvidia-smi shows one and that the driver is new enough, or --device cpu",
                    ),
                    Some(Ok(there)) => (
                        format!("there are only the devices 0 to {}", there - 1),
                        "a lower number, or --device cpu",
                    ),
                };
                Err(Error::new(format!("--device cuda:{number}"), reason, hint))
            }
            Self::Named(device) => Ok(device),
        }
    }

    /// The device for another machine: a program that was built with CUDA takes the user's word for one that is named.
    ///
    /// # Errors
    ///
    /// A CUDA device, and the program was built without CUDA.
    pub fn resolve_elsewhere(self, cuda_devices: &CudaDevices) -> Result<Device> {
        match self {
            Self::Named(device) if cuda_devices.is_some() => Ok(device),
            _ => self.resolve(cuda_devices),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_device_that_is_not_there_is_refused_with_advice() {
        let found = |count: Option<usize>| -> CudaDevices { count.map(Ok) };
        let resolve = |text: &str, there| text.parse::<DeviceChoice>().unwrap().resolve(&found(there));
        assert_eq!(resolve("auto", None).unwrap(), Device::Cpu);
        assert_eq!(resolve("auto", Some(0)).unwrap(), Device::Cpu);
        assert_eq!(resolve("auto", Some(2)).unwrap(), Device::Cuda(0));
        assert_eq!(resolve("cuda:1", Some(2)).unwrap(), Device::Cuda(1));
        assert_eq!(resolve("cpu", Some(2)).unwrap(), Device::Cpu);
        let elsewhere =
            |text: &str, there| text.parse::<DeviceChoice>().unwrap().resolve_elsewhere(&found(there));
        assert_eq!(elsewhere("cuda:1", Some(0)).unwrap(), Device::Cuda(1));
        assert_eq!(elsewhere("auto", Some(0)).unwrap(), Device::Cpu);
        assert!(elsewhere("cuda", None).is_err());
        assert!(resolve("cuda", None).unwrap_err().to_string().contains("--features cuda"));
        assert!(resolve("cuda", Some(0)).unwrap_err().to_string().contains("nvidia-smi"));
        let unusable = Some(Err("libcuda.so.1: cannot open".to_owned()));
        assert_eq!(DeviceChoice::Auto.resolve(&unusable).unwrap(), Device::Cpu);
        let refused = DeviceChoice::Named(Device::Cuda(0)).resolve(&unusable).unwrap_err().to_string();
        assert!(
            refused.contains("libcuda.so.1: cannot open") && refused.contains("--device cpu"),
            "{refused}"
        );
        assert!(resolve("cuda:2", Some(2)).unwrap_err().to_string().contains("devices 0 to 1"));
        assert!("gpu".parse::<DeviceChoice>().is_err() && "cuda:x".parse::<DeviceChoice>().is_err());
    }
}
