"""A person signs in at this machine: the receiver on loopback, the browser, and the road from one to the other."""
