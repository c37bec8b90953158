"""What every REST view shares: schema, problem details, conditional requests, limits, pages."""
