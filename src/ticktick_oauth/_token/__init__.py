"""The token and its JSON, sans-IO: the model, and what turns JSON into it and back."""
