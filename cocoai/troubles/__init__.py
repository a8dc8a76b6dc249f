"""What is wrong now and only an operator can mend: noted by whoever meets it, read by `status`, /healthz and others."""
