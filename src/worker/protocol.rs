//! The worker protocol, version 1: one JSON object a line over stdin and stdout.
