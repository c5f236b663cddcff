//! The model as nodes, tensors and scopes, with inferred types and shapes.
