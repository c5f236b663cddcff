//! The worker's side: reads requests, runs jobs one after another, sends a heartbeat every second.

/// Runs the worker until its standard input ends or it is told to stop; returns the process's exit code.
pub fn serve() -> i32 {
    todo!("owner: worker")
}
