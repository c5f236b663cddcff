//! Everything needed to reproduce a build, as a TOML file.
