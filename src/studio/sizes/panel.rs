//! The shapes of a recipe: the inputs, and for every open size min, opt and max in each optimization profile.

use crate::data::shapes::Known;
use crate::format;
use crate::recipe::Recipe;
use crate::rewrite::PatchSpec;
use crate::studio::recipe::panel::Looks;
use crate::studio::sizes::axes::{Axes, Axis, Input, range_words};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{name, note, whole_number};
use eframe::egui::{self, Grid, RichText, Ui};
use std::collections::BTreeMap;

/// Draws the part of the recipe panel.
pub fn shapes(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let Some(axes) = looks.axes else {
        note(ui, "Shown when the graph is built.");
        return;
    };
    if axes.axes.is_empty() {
        note(ui, "All inputs have fixed shapes.");
        open_batch(ui, recipe, axes);
        return;
    }
    let sizes = looks.sizes.known().map(|known| &**known);
    let profile = profiles(ui, recipe, sizes, axes);
    grid(ui, recipe, sizes, axes, profile);
    let troubles = axes.troubles(recipe, profile);
    let corners = looks.sizes.corners(profile).map(str::to_owned);
    // Of ranges that contradict themselves there are no corners.
    for trouble in troubles.iter().cloned().chain(corners.filter(|_| troubles.is_empty())) {
        let words = RichText::new(format!("⛔ {trouble}")).color(Tokens::of(ui).error);
        ui.add(egui::Label::new(words).wrap());
    }
    match (recipe.profiles.is_empty(), sizes) {
        (true, Some(known)) => note(
            ui,
            format!(
                "Proposed: {}. What you change becomes a profile; all else keeps its size.",
                known.source
            ),
        ),
        (true, None) => note(ui, "Not set: measured with 1 for every size."),
        (false, _) => note(ui, "Optimized for and measured at opt."),
    }
    fix(ui, recipe, sizes, axes, profile);
}

/// Offers the patch that makes the first size of the inputs open.
fn open_batch(ui: &mut Ui, recipe: &mut Recipe, axes: &Axes) {
    let first = |input: &Input| input.dims.as_ref()?.first().copied().flatten();
    let Some(size) = axes.inputs.iter().find_map(first) else {
        return;
    };
    let with = axes.inputs.iter().filter(|i| first(i) == Some(size));
    let places: Vec<String> = with.map(|i| format!("{}:0", i.name)).collect();
    let hover = format!(
        "Adds a patch: the {size} in front of {} becomes an open size",
        places.join(", ")
    );
    if ui.button("Open the batch").on_hover_text(hover).clicked() {
        let patch = PatchSpec::OpenSize {
            name: "batch".into(),
            axes: places,
        };
        recipe.patches.insert(recipe.before_lowering().len(), patch);
    }
}

/// Offers the patch that fixes the sizes at those shown as opt.
fn fix(ui: &mut Ui, recipe: &mut Recipe, sizes: Option<&Known>, axes: &Axes, profile: usize) {
    let size = |axis: &Axis| {
        let set = Axes::range(recipe, profile, axis).map(|range| range[1]);
        let size = set.or_else(|| axis.size(&sizes?.shapes))?;
        let (input, dim) = axis.places.first()?;
        Some((format!("{input}:{dim}"), size))
    };
    let all: Option<BTreeMap<String, u64>> = axes.axes.iter().map(size).collect();
    let words = all.iter().flatten().map(|(place, size)| format!("{place} = {size}"));
    let hover = format!("Adds a patch: {}", words.collect::<Vec<_>>().join(", "));
    let response = ui.add_enabled(all.is_some(), egui::Button::new("Fix sizes for good"));
    let response = response
        .on_hover_text(hover)
        .on_disabled_hover_text("Set opt of every size first");
    if let Some(sizes) = all.filter(|_| response.clicked()) {
        // What is fixed has no range any more.
        recipe.profiles.clear();
        recipe
            .patches
            .insert(recipe.before_lowering().len(), PatchSpec::FixSizes { sizes });
    }
}

/// The choice of a profile, and what adds and removes one; gives the profile that is shown.
fn profiles(ui: &mut Ui, recipe: &mut Recipe, sizes: Option<&Known>, axes: &Axes) -> usize {
    let id = ui.make_persistent_id("profile");
    let count = recipe.profiles.len();
    let chosen = ui
        .data(|d| d.get_temp::<usize>(id))
        .unwrap_or(0)
        .min(count.saturating_sub(1));
    let mut next = chosen;
    if count > 0 {
        ui.horizontal_wrapped(|ui| {
            for at in 0..count {
                ui.selectable_value(&mut next, at, format!("Profile {}", at + 1));
            }
            if ui
                .small_button("Add profile")
                .on_hover_text(
                    "Another range that the engine is optimized for as well; it starts as a copy of this one",
                )
                .clicked()
                && let Some(copy) = recipe.profiles.get(chosen).cloned()
            {
                recipe.profiles.push(copy);
                next = count;
            }
            let words = if count == 1 {
                "Clear shape ranges"
            } else {
                "Remove profile"
            };
            if ui.small_button(words).clicked() {
                recipe.profiles.remove(chosen);
                next = chosen.saturating_sub(1);
            }
        });
    } else if let (Some(first), Some(known)) = (axes.axes.first(), sizes)
        && let Some(size) = first.size(&known.shapes)
        && ui
            .small_button("Use these sizes")
            .on_hover_text("Writes the proposed sizes into the recipe as a profile")
            .clicked()
    {
        axes.set(recipe, 0, first, [size; 3], sizes);
    }
    if next != chosen {
        ui.data_mut(|d| d.insert_temp(id, next));
    }
    next
}

fn grid(ui: &mut Ui, recipe: &mut Recipe, sizes: Option<&Known>, axes: &Axes, profile: usize) {
    let weak = Tokens::of(ui).weak;
    Grid::new(("shapes", profile))
        .num_columns(5)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            for title in ["Size", "Min", "Opt", "Max", ""] {
                ui.label(RichText::new(title).small().color(weak));
            }
            ui.end_row();
            for axis in &axes.axes {
                row(ui, recipe, sizes, axes, axis, profile);
                ui.end_row();
            }
        });
}

fn row(ui: &mut Ui, recipe: &mut Recipe, sizes: Option<&Known>, axes: &Axes, axis: &Axis, profile: usize) {
    let proposed = sizes.and_then(|s| axis.size(&s.shapes));
    let set = Axes::range(recipe, profile, axis);
    ui.scope(|ui| {
        ui.set_max_width(92.0);
        let places: Vec<String> = axis
            .places
            .iter()
            .map(|(input, dim)| format!("{input}, dimension {dim}"))
            .collect();
        let source = match (set, sizes) {
            (None, Some(known)) => format!("\nProposed: {}", known.source),
            _ => String::new(),
        };
        name(ui, &axis.label).on_hover_text(places.join("\n") + &source);
    });
    let mut next = set;
    for (at, what) in ["min", "opt", "max"].into_iter().enumerate() {
        let value = set.map(|range| range[at]).or(proposed);
        let label = format!("{} {what}", axis.label);
        if let Some(number) = whole_number(ui, &label, value, set.is_none()) {
            // Where nothing is set yet, the other two are what was shown, or the same.
            next.get_or_insert([proposed.unwrap_or(number); 3])[at] = number;
        }
    }
    let size = set.map(|range| range[1]).or(proposed).unwrap_or(1);
    let label = format!("Presets for {}", format::middle(&axis.label, 24));
    let menu = ui.menu_button("…", |ui| {
        for range in axis.presets(size) {
            if ui.button(range_words(range)).clicked() {
                next = Some(range);
                ui.close();
            }
        }
    });
    let response = menu.response.on_hover_text(&label);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
    if let Some(range) = next.filter(|_| next != set) {
        axes.set(recipe, profile, axis, range, sizes);
    }
}
