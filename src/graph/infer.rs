//! Type and shape inference: declared types first, then rules; what stays unknown is shown as unknown.
