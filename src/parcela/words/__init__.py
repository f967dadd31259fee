"""The languages of all that people read: sentences, money, dates and rates, written once for all doors."""
