//! The real window, once: the program on an X server of its own draws a real model, answers a key, and takes its own
//! picture. Everything else about the studio is tested without a window (tests/ui).
#![cfg(target_os = "linux")]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An X server without a screen; its display's name.
fn display() -> (Running, String) {
    let mut server = Command::new("Xvfb")
        .args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "+extension",
            "GLX",
            "-nolisten",
            "tcp",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("Xvfb: {e}: run tests/setup.sh, which installs it"));
    let mut line = String::new();
    let mut answer = std::io::BufReader::new(server.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut answer, &mut line).expect("Xvfb names its display");
    (Running(server), format!(":{}", line.trim()))
}

fn studio(home: &Path, display: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enginesmith"));
    command
        .env("DISPLAY", display)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"));
    command
}

/// Number of different colours in a picture, and its size.
fn colours(path: &Path) -> (usize, (u32, u32)) {
    let picture = image::open(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .to_rgb8();
    let distinct: std::collections::HashSet<[u8; 3]> = picture.pixels().map(|p| p.0).collect();
    (distinct.len(), picture.dimensions())
}

#[test]
fn a_real_model_is_drawn_in_the_real_window() {
    let home = tempfile::tempdir().unwrap();
    let (_server, display) = display();
    let file = home.path().join("window.png");
    let output = studio(home.path(), &display)
        .arg(support::model("PP-OCRv6_det_small.onnx"))
        .args([
            "--size",
            "1280x800",
            "--theme",
            "dark",
            "--step",
            "check",
            "--screenshot",
        ])
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (count, size) = colours(&file);
    assert_eq!(size, (1280, 800));
    // An empty window has a handful of colours; text, families and marks have hundreds.
    assert!(count > 200, "{count} colours");
}

#[test]
fn the_window_stays_open_until_a_key_closes_it() {
    let home = tempfile::tempdir().unwrap();
    let (_server, display) = display();
    let recipe = support::digits().join("recipe.toml");
    let mut window = Running(
        studio(home.path(), &display)
            .arg(recipe)
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let xdotool = |arguments: &[&str]| {
        Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &display)
            .output()
            .unwrap_or_else(|e| panic!("xdotool: {e}: run tests/setup.sh, which installs it"))
    };
    let found = xdotool(&["search", "--sync", "--onlyvisible", "--name", "^Enginesmith"]);
    assert!(found.status.success(), "no window of this name appeared");
    std::thread::sleep(Duration::from_secs(2));
    assert!(window.0.try_wait().unwrap().is_none(), "the window closed by itself");
    let id = String::from_utf8_lossy(&found.stdout)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    // Without a window manager nobody gives it the focus.
    assert!(xdotool(&["windowfocus", "--sync", &id]).status.success());
    assert!(xdotool(&["key", "ctrl+q"]).status.success());
    let start = Instant::now();
    while window.0.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(30), "the window does not close");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_a_display_the_headless_form_is_named() {
    let home = tempfile::tempdir().unwrap();
    let recipe = support::digits().join("recipe.toml");
    let output = studio(home.path(), "")
        .env_remove("DISPLAY")
        .arg(&recipe)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("no display") && text.contains("enginesmith run"),
        "{text}"
    );
}
