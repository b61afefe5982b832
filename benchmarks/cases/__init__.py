"""The competitors: a file for each kind of work that one does, in which nothing but its own functions is measured."""
