"""The set-up door: a JSON API for issuer people and operators under `/admin/v1` (`docs/admin.md`)."""
