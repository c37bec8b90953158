"""Tests of the project as a whole: health, metrics, logs."""
