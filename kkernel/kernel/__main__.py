"""Started by Jupyter: python -m kkernel.kernel -f CONNECTION_FILE."""

from .app import main

if __name__ == "__main__":
    main()
