"""The command line, in this process, in its own, and at a terminal."""
