//! The findings list: filter, groups by rule, a click jumps to the node.

use crate::check::{Evidence, Finding, Report, Severity};
use crate::format;
use crate::studio::canvas::Side;
use crate::studio::check::filter::{place_name, place_op};
use crate::studio::command::CommandId;
use crate::studio::state::{Action, Selection, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, card, empty, note};
use eframe::egui::{self, CollapsingHeader, RichText, ScrollArea, TextEdit, Ui};

/// Rows drawn at most in one group; the filter reaches the others.
const ROWS: usize = 500;

/// The drawer's tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(report) = state.doc.as_ref().and_then(|d| d.report()).cloned() else {
        empty(
            ui,
            "No findings",
            if state.doc.is_some() {
                "Check the model (F5) to see what its target cannot take."
            } else {
                "Open a model first."
            },
        );
        return;
    };
    if report.findings.is_empty() {
        let words = format!("{} can take this model as it is.", report.target);
        empty(ui, "✔ No findings", &words);
        return;
    }
    filter_bar(ui, state, "drawer");
    ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| rows(ui, state, &report));
}

/// Severity toggles and search.
pub fn filter_bar(ui: &mut Ui, state: &mut State, place: &str) {
    ui.push_id(place, |ui| {
        ui.horizontal(|ui| {
            let filter = &mut state.findings;
            for (on, severity) in [
                (&mut filter.errors, Severity::Error),
                (&mut filter.warnings, Severity::Warning),
                (&mut filter.infos, Severity::Info),
            ] {
                let text = RichText::new(widgets::icon(severity)).color(Tokens::of(ui).severity(severity));
                let response = ui.toggle_value(on, text);
                let label = format!("Show {}s", widgets::word(severity));
                let selected = *on;
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::accesskit::Role::CheckBox, true, selected, &label)
                });
                response.on_hover_text(label.clone());
            }
            let width = ui.available_width().min(320.0);
            crate::studio::widgets::field(
                ui,
                "Search findings",
                TextEdit::singleline(&mut filter.search).desired_width(width),
            );
        });
    });
    ui.add_space(HALF);
}

/// One line per finding, in groups; for wide panes.
fn rows(ui: &mut Ui, state: &mut State, report: &Report) {
    let t = Tokens::of(ui);
    let filter = state.findings.clone();
    let groups = filter.groups(report);
    if groups.is_empty() {
        note(ui, "No finding passes the filter.");
    }
    for group in groups {
        let title = format!(
            "{} {} ({})",
            widgets::icon(group.severity),
            group.rule,
            group.findings.len()
        );
        CollapsingHeader::new(RichText::new(title).color(t.severity(group.severity)))
            .id_salt(("finding rows", group.rule))
            .default_open(true)
            .show_unindented(ui, |ui| {
                for (i, finding) in group.findings.iter().take(ROWS) {
                    row(ui, state, *i, finding, &t);
                }
                more(ui, group.findings.len());
            });
    }
}

fn more(ui: &mut Ui, all: usize) {
    if all > ROWS {
        note(
            ui,
            format!(
                "and {} more; the search narrows them down",
                format::count((all - ROWS) as u64)
            ),
        );
    }
}

fn row(ui: &mut Ui, state: &mut State, index: usize, finding: &Finding, t: &Tokens) {
    let doc = state.doc.as_ref();
    let node = doc.and_then(|d| d.node_at(&finding.place));
    let selected = node.is_some_and(|n| state.selection == Selection::Node(n));
    let op = place_op(&finding.place);
    let place = place_name(&finding.place);
    let label = format!("{}: {place} {op}", widgets::word(finding.severity));
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 22.0), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, selected, &label));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter_at(rect);
        if selected || response.hovered() || response.has_focus() {
            painter.rect_filled(rect, 2.0, if selected { t.selected } else { t.hover });
        }
        let mono = egui::TextStyle::Monospace.resolve(ui.style());
        let body = egui::TextStyle::Body.resolve(ui.style());
        let y = rect.center().y;
        let x = rect.left() + SPACE;
        let left = egui::Align2::LEFT_CENTER;
        painter.text(
            egui::pos2(x, y),
            left,
            widgets::icon(finding.severity),
            body.clone(),
            t.severity(finding.severity),
        );
        let columns = [(24.0, 0.28), (0.0, 0.12)];
        let name_width = rect.width() * columns[0].1;
        let op_width = rect.width() * columns[1].1;
        painter.text(
            egui::pos2(x + 24.0, y),
            left,
            format::middle(&place, (name_width / 7.4) as usize),
            mono.clone(),
            t.text,
        );
        let op_x = x + 24.0 + name_width + SPACE;
        painter.text(
            egui::pos2(op_x, y),
            left,
            format::middle(op, (op_width / 7.4) as usize),
            mono,
            t.weak,
        );
        let reason_x = op_x + op_width + SPACE;
        let room = rect.right() - reason_x - SPACE;
        let job = egui::text::LayoutJob::simple_singleline(finding.reason.clone(), body, t.text);
        let mut job = job;
        job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(10.0));
        let galley = ui.ctx().fonts_mut(|f| f.layout_job(job));
        painter.galley(egui::pos2(reason_x, y - galley.size().y / 2.0), galley, t.text);
    }
    if response.clicked() {
        go(state, index);
    }
    response.on_hover_ui(|ui| details(ui, finding)).context_menu(|ui| {
        if ui.button("Copy finding").clicked() {
            state.act(Action::Copy(text(finding), "finding"));
            ui.close();
        }
        crate::studio::shell::menus::context(ui, state, &[CommandId::Check]);
    });
}

/// Jumps to what the finding is about.
fn go(state: &mut State, index: usize) {
    let Some(doc) = &mut state.doc else { return };
    if !doc.findings_are_shown() && doc.patched.applied().is_some() {
        doc.turn(Side::After);
    }
    let Some(finding) = doc.report().and_then(|r| r.findings.get(index)) else {
        return;
    };
    let tensor = || match &finding.place {
        crate::check::Place::Tensor { name } => {
            let graph = &doc.shown()?.graph;
            let at = graph.tensors.iter().position(|t| t.name == name.as_str().into())?;
            u32::try_from(at).ok().map(crate::graph::TensorId)
        }
        _ => None,
    };
    let selection = match (doc.node_at(&finding.place), tensor()) {
        (Some(node), _) => Selection::Node(node),
        (None, Some(tensor)) => Selection::Tensor(tensor),
        _ => Selection::Model,
    };
    state.act(Action::Go(selection));
}

fn details(ui: &mut Ui, finding: &Finding) {
    ui.label(widgets::severity_text(&Tokens::of(ui), finding.severity));
    ui.label(&finding.reason);
    for fix in &finding.fixes {
        ui.label(format!("Possible fix: {}", fix.text));
    }
    let evidence = match finding.evidence {
        Evidence::Parser => "The target's parser says so.",
        Evidence::Static => "Known from the table of rules.",
        Evidence::Data => "Seen in the data.",
    };
    ui.weak(evidence);
    if let Some(detail) = &finding.detail {
        ui.weak(detail.chars().take(600).collect::<String>());
    }
}

fn text(finding: &Finding) -> String {
    let mut out = format!(
        "{} {} {}: {}",
        widgets::word(finding.severity),
        finding.rule,
        place_name(&finding.place),
        finding.reason
    );
    if let Some(detail) = &finding.detail {
        out = format!("{out}\n{detail}");
    }
    out
}

/// One card per rule with its reason, fixes and nodes; for narrow panes.
pub fn cards(ui: &mut Ui, state: &mut State, report: &Report) {
    let t = Tokens::of(ui);
    let filter = state.findings.clone();
    let groups = filter.groups(report);
    if groups.is_empty() {
        note(ui, "No finding passes the filter.");
    }
    for group in groups {
        let Some((_, first)) = group.findings.first() else {
            continue;
        };
        card(ui, Some(t.severity(group.severity)), |ui| {
            ui.horizontal(|ui| {
                widgets::severity(ui, group.severity);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.label(
                        RichText::new(format::plural(group.findings.len(), "place"))
                            .small()
                            .color(t.weak),
                    );
                    ui.add(egui::Label::new(RichText::new(group.rule).small().color(t.weak)).truncate());
                });
            });
            ui.add(egui::Label::new(&first.reason).wrap());
            for fix in &first.fixes {
                ui.add(egui::Label::new(RichText::new(format!("Fix: {}", fix.text)).color(t.weak)).wrap());
                if let Some(patch) = &fix.patch
                    && ui.button(format!("Add patch: {}", patch.label())).clicked()
                    && let Some(doc) = &mut state.doc
                {
                    let mut next = doc.recipe().clone();
                    next.patches.push(patch.clone());
                    doc.edit("Add patch", next);
                }
            }
            CollapsingHeader::new("Where")
                .id_salt(("finding card", group.rule))
                .default_open(group.findings.len() <= 5)
                .show_unindented(ui, |ui| {
                    for (i, finding) in group.findings.iter().take(ROWS) {
                        let name = place_name(&finding.place);
                        if widgets::name_link(ui, &name, "Show").clicked() {
                            go(state, *i);
                        }
                    }
                    more(ui, group.findings.len());
                });
        });
    }
}
