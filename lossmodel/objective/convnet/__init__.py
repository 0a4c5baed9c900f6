"""The convnet: another ear, taught by degradations of synthetic songs alone."""
