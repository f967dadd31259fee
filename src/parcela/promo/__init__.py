"""What shops show of plans on their own pages: the promotion tag, its data, and the same without script."""
