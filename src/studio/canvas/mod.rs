//! The graph canvas: lays a graph out, draws it, and says what was done with it.
//!
//! A [`GraphView`] turns a model's graph into boxes and scopes; [`layout`] places plain boxes; a [`Scene`] is what is
//! shown of it; [`canvas_ui`] is the widget, [`CanvasState`] what it remembers. Colours come from a [`Style`] that the
//! theme fills, and from a [`PaintBy`] layer; findings and differences are [`GraphMarks`]. Only `studio` calls this.

mod build;
mod camera;
mod compose;
mod draw;
mod family;
mod index;
mod input;
pub mod layout;
mod marking;
mod metrics;
mod paint;
mod scene;
mod state;
mod style;
mod text;
mod widget;

pub use build::{Entry, GraphView};
pub use camera::Camera;
pub use compose::{Describe, Label, compose};
pub use family::Family;
pub use layout::hierarchy::Item;
pub use marking::{GraphMarks, Side};
pub use metrics::{node_size, scope_size};
pub use paint::{Legend, OperatorFamilies, PaintBy};
pub use scene::{
    DiffMark, Marks, NodeKind, Scene, SceneFrame, SceneNode, SceneParts, SceneSegment, SceneStub, SceneTensor,
};
pub use state::CanvasState;
pub use style::{FamilyColors, Pair, Style, contrast};
pub use widget::{CanvasEvents, canvas_ui, description};
