"""Connected clients: what each of them has waiting, and who is in which group."""
