"""What researchers bring: files in a grid of items and parts, measured, checked, and mended as they ask. Pure."""
