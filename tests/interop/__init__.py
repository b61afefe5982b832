"""Other people's authorization servers and runtimes, run as processes: what they say is not written by this package."""
