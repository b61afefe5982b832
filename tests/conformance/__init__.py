"""The law of which documents are tokens, held against pyticktick itself."""
