"""The door of an issuer's processor: it takes plan notifications in and answers real-time offer searches."""
