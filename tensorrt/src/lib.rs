#![doc = include_str!("../README.md")]

pub mod api;
mod elf;
mod error;
pub mod find;
pub mod interfaces;
mod load;
pub mod plan;
mod probe;
pub mod sys;
mod version;

pub use elf::ElfError;
pub use error::{Error, Failure, LoadError, Result};
pub use load::Library;
pub use version::{Flavour, Version};
