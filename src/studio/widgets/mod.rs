//! Small widgets that several panels share: names, severities, key-value rows, cards. They show what they are given and
//! hold no state of their own.

mod card;
mod name;
mod number;
pub mod rows;
mod segments;
mod severity;
mod status;
mod table;

pub use card::{card, heading, key_value, note, primary, section};
pub use name::{field, fitting, name, name_link, tensor_type};
pub use number::whole_number;
pub use segments::{Segment, segments};
pub use severity::{icon, severity, severity_text, word};
pub use status::{Failure, empty, empty_with, failure};
pub use table::{filter, table};
