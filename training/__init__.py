"""How we learn: an invented world, rows as of each request's moment, a calibrated model with thresholds, a report."""
