"""Function Apps that receive upstream requests: what they are sent, and whether they accept it."""
