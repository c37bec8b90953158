"""Tests of the project as a whole: health, figures, logs."""
