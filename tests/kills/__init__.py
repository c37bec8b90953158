"""Real workers that are killed at random moments of applies, as often as the options say.

python -m tests.kills --kills 1000 --results benchmarks/results/kills.json
"""

from __future__ import annotations
