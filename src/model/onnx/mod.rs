//! The ONNX protobuf messages, generated from `onnx.proto` of onnx 1.23 (IR version 14).
//!
//! Do not edit the generated files. To make them again: take `onnx/onnx.proto` out of the PyPI wheel `onnx==1.23.2`,
//! compile it with the crate `protox` to a descriptor set, and run `buffa_build::Config` with
//! `.descriptor_set(..)`, `.bytes_type(BytesRepr::Bytes)`, `.generate_views(false)` and `.box_type(PointerRepr::Box)`; `onnx.mod.rs` becomes
//! `generated.rs`. Unknown fields are kept, which is why models survive a round trip byte for byte.
#![allow(missing_docs, clippy::all)]

include!("generated.rs");
