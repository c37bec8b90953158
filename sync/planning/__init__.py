"""The difference between two states as an ordered plan. Pure: no Django, no database."""
