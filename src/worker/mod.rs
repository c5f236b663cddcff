//! The child process that loads runtimes, and the client that talks to it.
