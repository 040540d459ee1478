"""Questions of people, answered from beginning to end by the parts below."""
