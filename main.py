from workbench.__main__ import main

raise SystemExit(main())
