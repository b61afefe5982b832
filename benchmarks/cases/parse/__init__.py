"""The competitors that turn a JSON document into a token, under the contract `ParseCase`."""
