"""Many endpoints watched as a service: schedule, budgets, log, metrics, notices."""
