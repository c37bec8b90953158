"""The API of diagnoses."""
