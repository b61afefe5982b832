"""The law of which documents are tokens, compared with pyticktick itself."""
