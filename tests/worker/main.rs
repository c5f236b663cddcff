//! The worker as a process: its protocol, its ends (good and bad), remote use behind a command prefix, and the service.
//!
//! Faults are made by wrapper scripts given as command prefixes; the product knows nothing of them.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod delivery;
mod ends;
mod exchange;
mod faults;
mod fixtures;
mod remote;
mod search;
mod service;
