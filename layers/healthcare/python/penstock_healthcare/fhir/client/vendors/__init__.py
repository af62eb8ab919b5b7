"""One TOML file for each vendor; a file that is here is a vendor that connections can name."""
