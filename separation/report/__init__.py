"""Pages on separated vocals, each one file that is read and heard without a server."""
