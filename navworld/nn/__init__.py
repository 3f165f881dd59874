"""Networks and the parts they share."""
