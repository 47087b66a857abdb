from workbench.__main__ import main

# A process that decodes images imports this file again.
if __name__ == "__main__":
    raise SystemExit(main())
