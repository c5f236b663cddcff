//! `--screenshot FILE`: draws until nothing is in flight any more, writes the window as PNG, closes.

use eframe::egui;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Frames drawn at least, so that sizes measured in one frame hold in the next.
const FRAMES: u32 = 3;
/// Time after which the picture is taken though something still runs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A screenshot to come.
pub struct Screenshot {
    path: PathBuf,
    /// Wait however long it takes.
    patient: bool,
    started: Instant,
    calm: u32,
    asked: bool,
    tell: Sender<Arc<egui::ColorImage>>,
    image: Receiver<Arc<egui::ColorImage>>,
}

impl Screenshot {
    /// A picture to be written to `path`; a patient one waits until nothing is in flight however long that takes.
    pub fn new(path: PathBuf, patient: bool) -> Self {
        let (tell, image) = channel();
        Self {
            path,
            patient,
            started: Instant::now(),
            calm: 0,
            asked: false,
            tell,
            image,
        }
    }

    /// Called at the end of every frame; `settled` says that nothing is in flight.
    pub fn step(&mut self, ctx: &egui::Context, settled: bool) {
        if let Ok(image) = self.image.try_recv() {
            if let Err(why) = write(&self.path, &image) {
                eprintln!("enginesmith: {}: {why}", self.path.display());
                crate::studio::FAILED.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            return;
        }
        if self.asked {
            ctx.request_repaint_after(Duration::from_millis(10));
            return;
        }
        self.calm = if settled { self.calm + 1 } else { 0 };
        if self.calm >= FRAMES || (!self.patient && self.started.elapsed() > PATIENCE) {
            self.asked = true;
            let (tell, ctx2) = (self.tell.clone(), ctx.clone());
            ctx.request_screenshot(move |image| {
                // The receiver lives as long as the window.
                let _ = tell.send(image);
                ctx2.request_repaint();
            });
        }
        // While something runs its own events draw frames; more of them would be work that no user causes.
        ctx.request_repaint_after(Duration::from_millis(if settled { 16 } else { 250 }));
    }
}

fn write(path: &Path, image: &egui::ColorImage) -> Result<(), image::ImageError> {
    let [width, height] = image.size;
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|p| p.to_array()).collect();
    image::save_buffer_with_format(
        path,
        &bytes,
        width as u32,
        height as u32,
        image::ExtendedColorType::Rgba8,
        image::ImageFormat::Png,
    )
}
