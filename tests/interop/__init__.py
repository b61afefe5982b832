"""Other people's authorization servers, run as processes: what they say is not written by this package."""
