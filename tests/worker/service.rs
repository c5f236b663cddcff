//! Tasks as the window and the command line start them.
