"""CAMARA (GSMA Open Gateway): what an operator's network tells, by the official specifications, one API a file."""
