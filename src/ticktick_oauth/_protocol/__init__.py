"""The values of the OAuth 2.0 flow, sans-IO: requests and answers as data, nothing is sent."""
