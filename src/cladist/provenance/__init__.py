"""What DNA is put to use for: reports, audits, watches and statements of where models come from."""
