"""Metrics, health, logs, traces and request ids, shared by every app.

Web servers and workers are many processes, on any number of machines, and a scrape reaches one of
them. Counts kept in memory are therefore added to database rows every few seconds, and `/metrics`
is rendered from rows: whichever process answers, the metrics are those of all processes.

Apps contribute by registration, in `AppConfig.ready`: `metrics.register` for metric families and
`health.register` for readiness checks.
"""
