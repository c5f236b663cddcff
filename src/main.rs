//! The `enginesmith` program.

fn main() {
    if std::env::args().nth(1).as_deref() == Some("worker") {
        std::process::exit(enginesmith::worker::server::serve());
    }
}
