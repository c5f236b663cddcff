//! TensorRT and TensorRT-RTX through the crate enginesmith-tensorrt.
