"""One request over the network, within bounds."""
