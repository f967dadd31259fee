"""How a refund changes a plan: the product's own strategies, and the models of other lenders."""
