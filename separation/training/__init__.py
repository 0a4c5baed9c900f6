"""Training a separator: the loop and its step, what it is made of, what it keeps and when it stops."""
