//! An ONNX file as read: memory-mapped, weights never copied to look at the graph.
pub mod onnx;
