//! Memory maps that survive the file being shortened by another program.
