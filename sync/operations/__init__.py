"""Operations: planning, applying, retrying, rate limits and scheduled work."""
