"""The competitors that trade a code for a token, under the contract `ExchangeCase`."""
