"""Help: the operator's guide, inside the product."""
