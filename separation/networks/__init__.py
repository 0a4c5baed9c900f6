"""The networks; each one's configuration and shape arithmetic live in `config`, free of torch."""
