"""Long-running work: instance and fleet plans, applying, retrying, pacing, the schedule."""
