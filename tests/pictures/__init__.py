"""The pictures of the documentation, taken anew from a demonstration that is made for them."""
