"""What must not be seen: found in answers of any kind, and covered before anybody can hold it."""
