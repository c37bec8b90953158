"""From Azure to rows: importing, refreshing and storing what Azure answered."""
