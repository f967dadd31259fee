"""The gateway dialect: payments of merchants with payment plan offers, over REST and NVP."""
