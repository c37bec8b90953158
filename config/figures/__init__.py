"""The figures at /metrics: where they are counted, kept and shown.

Web servers and workers are many processes on any number of machines, and a scrape reaches one of
them. So what is counted in memory is added to rows every few seconds, and shown from there,
together with what the other rows say: whichever process answers, the figures are those of all.
"""
