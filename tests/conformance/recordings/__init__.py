"""Replay recordings of Azure traffic against Local Azure and compare the answers."""
