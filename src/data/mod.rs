//! Inputs for engines: files, images, generated tensors.
