//! Undo of recipe edits.

use crate::recipe::Recipe;

/// Steps kept.
const KEEP: usize = 200;

/// A recipe with what it was before each edit.
#[derive(Clone, Debug)]
pub struct History {
    now: Recipe,
    before: Vec<(&'static str, Recipe)>,
    after: Vec<(&'static str, Recipe)>,
    /// Edits with the same label go into one step until this is cleared (a drag is one step, not hundreds).
    open: Option<&'static str>,
}

impl History {
    /// Starts with `recipe`, nothing to undo.
    pub fn new(recipe: Recipe) -> Self {
        Self {
            now: recipe,
            before: Vec::new(),
            after: Vec::new(),
            open: None,
        }
    }

    /// The recipe.
    pub fn now(&self) -> &Recipe {
        &self.now
    }

    /// Replaces the recipe by `next` when it differs; `label` says what the edit was ("Change precision").
    pub fn set(&mut self, label: &'static str, next: Recipe) -> bool {
        if next == self.now {
            return false;
        }
        let last = std::mem::replace(&mut self.now, next);
        if self.open != Some(label) {
            self.before.push((label, last));
            if self.before.len() > KEEP {
                self.before.remove(0);
            }
        }
        self.open = Some(label);
        self.after.clear();
        true
    }

    /// Ends the current step: the next edit is one of its own.
    pub fn close_step(&mut self) {
        self.open = None;
    }

    /// What undo would take back.
    pub fn can_undo(&self) -> Option<&'static str> {
        self.before.last().map(|b| b.0)
    }

    /// What redo would do again.
    pub fn can_redo(&self) -> Option<&'static str> {
        self.after.last().map(|a| a.0)
    }

    /// Takes the last edit back.
    pub fn undo(&mut self) -> Option<&'static str> {
        let (label, recipe) = self.before.pop()?;
        self.after.push((label, std::mem::replace(&mut self.now, recipe)));
        self.open = None;
        Some(label)
    }

    /// Does the last undone edit again.
    pub fn redo(&mut self) -> Option<&'static str> {
        let (label, recipe) = self.after.pop()?;
        self.before.push((label, std::mem::replace(&mut self.now, recipe)));
        self.open = None;
        Some(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{BuildSpec, ModelSpec, Precision};

    fn recipe(precision: Precision) -> Recipe {
        Recipe {
            version: 1,
            model: ModelSpec::default(),
            target: Default::default(),
            build: BuildSpec {
                precision,
                ..Default::default()
            },
            profiles: vec![],
            patches: vec![],
            bench: Default::default(),
            sweep: None,
            data: Default::default(),
            accuracy: Default::default(),
            variants: vec![],
        }
    }

    #[test]
    fn a_drag_is_one_step() {
        let mut h = History::new(recipe(Precision::Fp32));
        assert!(!h.set("Change precision", recipe(Precision::Fp32)));
        h.set("Change precision", recipe(Precision::Fp16));
        h.set("Change precision", recipe(Precision::Bf16));
        h.close_step();
        h.set("Change precision", recipe(Precision::Int8));
        assert_eq!(h.undo(), Some("Change precision"));
        assert_eq!(h.now().build.precision, Precision::Bf16);
        h.undo();
        assert_eq!(h.now().build.precision, Precision::Fp32);
        assert_eq!(h.undo(), None);
        h.redo();
        assert_eq!(h.now().build.precision, Precision::Bf16);
        h.set("Change precision", recipe(Precision::Fp8));
        assert_eq!(h.can_redo(), None);
    }
}
