//! ONNX Runtime through the crate ort, library found at run time.
