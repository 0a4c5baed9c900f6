"""What a separation is judged by in training: a named dict of terms, weighted or balanced into one gradient."""
