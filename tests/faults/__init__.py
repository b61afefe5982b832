"""What plays the rows of the fault matrix: scripted peers, canary secrets and the pages that real servers send."""
