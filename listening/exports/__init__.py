"""What leaves the site: ratings, events and replies as tidy tables, means for pages, and how they are downloaded."""
