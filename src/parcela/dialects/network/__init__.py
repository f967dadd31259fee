"""The network dialect: compatible with Mastercard Installments Services (`spec/network.md`)."""
