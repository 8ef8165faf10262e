"""What a front end asks about source text: candidates, tooltips, whether an input is whole."""
