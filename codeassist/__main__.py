"""`python -m codeassist`, for whoever has no `codeassist` on the PATH."""

from codeassist.cli import main

if __name__ == "__main__":
    main()
