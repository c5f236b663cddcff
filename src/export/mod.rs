//! Projections of a recipe: trtexec line, scripts, reports.
