//! External data: weights in files beside the model.
