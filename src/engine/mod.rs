//! Engines: what builds a model for a target and runs it. Used only inside the worker process.
