"""Connected clients: their pending data and groups."""
