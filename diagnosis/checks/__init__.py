"""The checks of a diagnosis, one module for each setting that has to agree."""
