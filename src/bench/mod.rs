//! What a measurement means: protocols, samples, statistics, comparison.
