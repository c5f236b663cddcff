//! Finding the clean-up patches that do something for the open model, off the UI thread.

use crate::check::taken;
use crate::model::Model;
use crate::recipe::Recipe;
use crate::rewrite::{PatchSpec, apply_all, clean_up};
use crossbeam_channel::{Receiver, TryRecvError};
use std::sync::Arc;

/// What was found.
pub struct Cleaned {
    /// Patches of the recipe that these follow.
    pub after: Vec<PatchSpec>,
    /// The patches that change something, in order.
    pub patches: Vec<PatchSpec>,
    /// Patches that cannot be applied, or that the target does not take, with the reason.
    pub refused: Vec<(PatchSpec, String)>,
}

impl Cleaned {
    /// The recipe with the patches before those that lower precision; none when its own have changed meanwhile.
    pub fn into_recipe(&self, recipe: &Recipe) -> Option<Recipe> {
        let before = recipe.before_lowering();
        if before != self.after {
            return None;
        }
        let mut next = recipe.clone();
        next.patches
            .splice(before.len()..before.len(), self.patches.iter().cloned());
        Some(next)
    }
}

/// The search for clean-up patches, running.
pub struct Cleaning(Receiver<Result<Cleaned, String>>);

impl Cleaning {
    /// Starts it for a model with this recipe.
    ///
    /// # Errors
    /// An unknown target, or no thread to be had, as a sentence.
    pub fn start(model: Arc<Model>, recipe: &Recipe, wake: &Arc<dyn Fn() + Send + Sync>) -> Result<Self, String> {
        let target = &recipe.target;
        let (specs, lacking) = taken(&target.name, target.version.as_deref(), PatchSpec::clean_up())?;
        let after = recipe.before_lowering().to_vec();
        let (tell, result) = crossbeam_channel::bounded(1);
        let wake = Arc::clone(wake);
        // The stack is for deeply nested bodies.
        std::thread::Builder::new()
            .name("clean-up".into())
            .stack_size(64 << 20)
            .spawn(move || {
                let found = apply_all(&model, &after).map_err(|e| e.to_string()).map(|done| {
                    let cleaned = clean_up(done.last().map_or(&model, |step| &step.model), &specs);
                    Cleaned {
                        patches: cleaned.applied.into_iter().map(|step| step.spec).collect(),
                        refused: cleaned.refused.into_iter().chain(lacking).collect(),
                        after,
                    }
                });
                let _ = tell.send(found);
                drop(tell);
                wake();
            })
            .map_err(|e| format!("no thread could be had: {e}"))?;
        Ok(Self(result))
    }

    /// The answer, once there is one.
    pub fn poll(&self) -> Option<Result<Cleaned, String>> {
        match self.0.try_recv() {
            Ok(found) => Some(found),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("the thread stopped; this is a fault of Enginesmith".into())),
        }
    }
}
